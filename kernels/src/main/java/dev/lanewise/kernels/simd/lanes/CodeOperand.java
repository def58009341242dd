package dev.lanewise.kernels.simd.lanes;

import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.data.WeightFormat;
import java.util.Arrays;

/**
 * Two panels of integer codes, with the scales and zero points of their blocks. Instances are reused, so that the loops allocate nothing.
 */
public final class CodeOperand {
  private static final int NR = Tiles.NR;

  /** The zero points of the symmetric formats: a panel for codes of 4 bits, which have no sign, and one for codes of 8 bits, which have. */
  private static final float[] BIASES = biases();

  private static final int[] NO_CODES = new int[0];
  private static final float[] NONE = new float[0];

  public int[] codes = NO_CODES;
  public int codes0;
  public int codes1;
  public float[] scales = NONE;
  public int scales0;
  public int scales1;
  public int scaleStep;
  public float[] zeros = NONE;
  public int zeros0;
  public int zeros1;
  public int zeroStep;

  private static float[] biases() {
    float[] biases = new float[2 * NR];
    Arrays.fill(biases, 0, NR, WeightFormat.INT4.bias());
    return biases;
  }

  /** Sets the panel that begins with {@code column}, and the next one; past the last panel, the last panel again. */
  public void set(PackedMatrix weight, int column) {
    int first = column / NR;
    int second = Math.min(first + 1, Math.ceilDiv(weight.outputs(), NR) - 1);
    codes = weight.codes();
    codes0 = weight.panel(first);
    codes1 = weight.panel(second);
    scales = weight.scales();
    scales0 = weight.scales(first);
    scales1 = weight.scales(second);
    scaleStep = weight.format() == WeightFormat.INT8 ? 0 : NR;
    boolean stored = weight.format().hasZeroPoints();
    zeros = stored ? weight.zeros() : BIASES;
    int bias = weight.format().bits() == 4 ? 0 : NR;
    zeros0 = stored ? scales0 : bias;
    zeros1 = stored ? scales1 : bias;
    zeroStep = stored ? NR : 0;
  }

  /** Drops the references to the weight. */
  void release() {
    codes = NO_CODES;
    scales = NONE;
    zeros = NONE;
  }
}
