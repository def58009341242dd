package dev.lanewise.kernels.simd.lanes;

import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.data.WeightFormat;
import java.util.Arrays;

/**
 * Two panels of integer codes, with the scales and zero points of their blocks. Instances are reused, so that the loops allocate nothing.
 */
public final class CodeOperand {
  private static final int NR = Tiles.NR;

  /** The zero points of the symmetric formats, a panel for codes of 4 bits and one for codes of 8. */
  private static final float[] BIASES = biases();

  private static final int[] NO_CODES = new int[0];
  private static final float[] NONE = new float[0];

  public int[] codes = NO_CODES;
  public int codes0;
  public int nextCodes;
  public float[] scales = NONE;
  public int scales0;
  public int nextScales;
  public int scaleStep;
  public float[] zeros = NONE;
  public int zeros0;
  public int nextZeros;
  public int zeroStep;

  private static float[] biases() {
    float[] biases = new float[2 * NR];
    Arrays.fill(biases, 0, NR, WeightFormat.INT4.bias());
    Arrays.fill(biases, NR, 2 * NR, WeightFormat.INT8.bias());
    return biases;
  }

  /** Sets the panel that begins with {@code column}; the next panels follow {@code next…} elements later. */
  public void set(PackedMatrix weight, int column) {
    int panel = column / NR;
    codes = weight.codes();
    codes0 = weight.panel(panel);
    nextCodes = weight.groups() * NR;
    scales = weight.scales();
    scales0 = weight.scales(panel);
    nextScales = weight.format().scales(weight.inputs()) * NR;
    scaleStep = weight.format() == WeightFormat.INT8 ? 0 : NR;
    boolean stored = weight.format().hasZeroPoints();
    zeros = stored ? weight.zeros() : BIASES;
    zeros0 = stored ? scales0 : weight.format().bits() == 4 ? 0 : NR;
    nextZeros = stored ? nextScales : 0;
    zeroStep = stored ? NR : 0;
  }

  /** Drops the references to the weight. */
  void release() {
    codes = NO_CODES;
    scales = NONE;
    zeros = NONE;
  }
}
