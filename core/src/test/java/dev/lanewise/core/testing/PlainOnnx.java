package dev.lanewise.core.testing;

import dev.lanewise.core.Attention;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Stage;
import org.jspecify.annotations.Nullable;

/**
 * The ONNX operator {@code Attention}: its mask as its text states it, its arithmetic by the reference. Key and value hold past and new
 * rows.
 */
public final class PlainOnnx {
  public final Heads query;
  public final Heads key;
  public final Heads value;

  /** Number of keys before the first query of each batch entry. */
  public final int[] offsets;

  public boolean causal;
  public int left = -1;
  public int right = -1;
  public int @Nullable [] nonpad;
  public double softcap;
  public boolean softcapAfterMask;

  /** The addend of the mask; −∞ masks. */
  public Addend mask = (b, head, i, j) -> 0;

  /** qk_matmul_output in its four modes, and Y. */
  public final double[][] modes = new double[4][];

  public double[] output = {};

  public interface Addend {
    double at(int b, int head, int i, int j);
  }

  public PlainOnnx(Heads query, Heads key, Heads value, int... offsets) {
    this.query = query;
    this.key = key;
    this.value = value;
    this.offsets = offsets;
  }

  public PlainOnnx compute() {
    int queries = query.rows();
    int keys = key.rows();
    int head = queries * keys;
    Bias bias = new Bias(new float[query.batch() * query.heads() * head], 0, query.heads() * head, head, keys, 1);
    for (int n = 0; n < bias.data().length; n++) {
      int row = n / keys;
      bias.data()[n] = (float) mask.at(row / queries / query.heads(), row / queries % query.heads(), row % queries, n % keys);
    }
    Mask seen = Mask.evaluate((b, h, i, j) -> visible(b, i, j), query.batch(), 1, queries, keys);
    Attention attention = Attention.standard().withBias(bias).withMask(seen);
    if (softcapAfterMask) {
      attention =
          attention.withScoreFunction(
              (row, offset, length, b, h, i, firstKey) -> {
                for (int j = offset; j < offset + length; j++) {
                  row[j] = (float) (softcap * Math.tanh(row[j] / softcap));
                }
              });
    } else {
      attention = attention.withSoftcap((float) softcap);
    }
    ReferenceAttention call = ReferenceAttention.of(attention, query, key, value);
    Stage[] stages = {Stage.RAW, Stage.CAPPED, Stage.MASKED, Stage.WEIGHTS};
    for (int mode = 0; mode < modes.length; mode++) {
      modes[mode] = call.scores(stages[mode]);
    }
    output = call.output();
    return this;
  }

  private boolean visible(int b, int i, int j) {
    int position = i + offsets[b];
    return (!causal || j <= position)
        && (left < 0 || j >= position - left)
        && (right < 0 || j <= position + right)
        && (nonpad == null || j < nonpad[b]);
  }
}
