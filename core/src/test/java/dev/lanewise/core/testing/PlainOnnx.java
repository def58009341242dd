package dev.lanewise.core.testing;

import dev.lanewise.kernels.data.Heads;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The ONNX operator {@code Attention} as its text has it, in double; key and value hold past and new rows. */
public final class PlainOnnx {
  public final Heads query;
  public final Heads key;
  public final Heads value;

  /** Keys before the first query of each batch entry. */
  public final int[] offsets;

  public boolean causal;
  public int left = -1;
  public int right = -1;
  public int @Nullable [] nonpad;
  public double softcap;
  public boolean softcapAfterMask;

  /** What the mask adds; −∞ masks. */
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
    int rows = query.batch() * query.heads() * query.rows();
    for (int mode = 0; mode < 4; mode++) {
      modes[mode] = new double[rows * key.rows()];
    }
    output = new double[rows * value.width()];
    for (int n = 0; n < rows; n++) {
      row(n, n / query.rows() / query.heads(), n / query.rows() % query.heads(), n % query.rows());
    }
    return this;
  }

  private void row(int n, int b, int head, int i) {
    int keys = key.rows();
    int keyHead = head / (query.heads() / key.heads());
    double[] masked = new double[keys];
    for (int j = 0; j < keys; j++) {
      double score = 0;
      for (int d = 0; d < query.width(); d++) {
        score += (double) query.get(b, head, i, d) * key.get(b, keyHead, j, d) / Math.sqrt(query.width());
      }
      double addend = mask.at(b, head, i, j) + (visible(b, i, j) ? 0 : Double.NEGATIVE_INFINITY);
      modes[0][n * keys + j] = score;
      modes[1][n * keys + j] = softcapAfterMask ? score + addend : cap(score);
      masked[j] = softcapAfterMask ? cap(score + addend) : cap(score) + addend;
      modes[2][n * keys + j] = masked[j];
    }
    double max = Arrays.stream(masked).max().orElseThrow();
    if (max == Double.NEGATIVE_INFINITY) {
      return;
    }
    double sum = Arrays.stream(masked).map(score -> Math.exp(score - max)).sum();
    for (int j = 0; j < keys; j++) {
      double weight = Math.exp(masked[j] - max) / sum;
      modes[3][n * keys + j] = weight;
      for (int d = 0; d < value.width(); d++) {
        output[n * value.width() + d] += weight * value.get(b, keyHead, j, d);
      }
    }
  }

  private boolean visible(int b, int i, int j) {
    int position = i + offsets[b];
    return (!causal || j <= position)
        && (left < 0 || j >= position - left)
        && (right < 0 || j <= position + right)
        && (nonpad == null || j < nonpad[b]);
  }

  private double cap(double score) {
    return softcap == 0 ? score : softcap * Math.tanh(score / softcap);
  }
}
