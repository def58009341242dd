package dev.lanewise.bench.throughput.data;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.kernels.data.Heads;
import java.util.List;

/**
 * Self-attention with its projections and every sum in double: what the float paths are measured against. {@link ReferenceAttention} reads
 * floats, so the projected rows, which are double here, become pairs high + low = value, exact to 48 bits.
 *
 * @param heads how many heads the rows are split into
 * @param projections of query, key, value and output
 */
public record LayerReference(int heads, List<Projection> projections) {
  private static final boolean HIGH = false;
  private static final boolean LOW = true;

  /**
   * A matrix and its bias.
   *
   * @param weight outputs × inputs, as PyTorch's {@code nn.Linear} has it
   * @param bias outputs elements
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Projection(float[] weight, float[] bias) {}

  /** Computes the layer's output, rows × embedDim, from the one sequence of {@code x}. */
  public double[] compute(SequenceBatch x) {
    int length = x.rows();
    double[] input = new double[length * x.width()];
    for (int i = 0; i < input.length; i++) {
      input[i] = x.get(0, i / x.width(), i % x.width());
    }
    // (high + low) · (high + low) has four products, and the dot product of these rows has them all.
    Heads query = split(project(input, 0), length, HIGH, LOW, HIGH, LOW);
    Heads key = split(project(input, 1), length, HIGH, HIGH, LOW, LOW);
    Heads value = split(project(input, 2), length, HIGH, LOW);
    double[] pairs = ReferenceAttention.of(query, key, value).scale(1 / Math.sqrt(headDim())).output();
    return project(joined(pairs, length), 3);
  }

  private int embedDim() {
    return projections.getFirst().bias.length;
  }

  private int headDim() {
    return embedDim() / heads;
  }

  /** rows × embedDim, times Wᵀ, plus the bias. */
  private double[] project(double[] rows, int which) {
    Projection projection = projections.get(which);
    int embedDim = embedDim();
    double[] result = new double[rows.length];
    for (int i = 0; i < result.length; i++) {
      int row = i / embedDim * embedDim;
      int output = i % embedDim;
      double sum = projection.bias[output];
      for (int d = 0; d < embedDim; d++) {
        sum += rows[row + d] * projection.weight[output * embedDim + d];
      }
      result[i] = sum;
    }
    return result;
  }

  /** 1 × heads × rows × parts·headDim: the named parts of each head's row one after the other. */
  private Heads split(double[] rows, int length, boolean... parts) {
    int headDim = headDim();
    Heads result = Heads.zeros(1, heads, length, parts.length * headDim);
    int to = 0;
    for (int head = 0; head < heads; head++) {
      for (int row = 0; row < length; row++) {
        for (boolean part : parts) {
          for (int d = 0; d < headDim; d++) {
            double element = rows[row * embedDim() + head * headDim + d];
            float high = (float) element;
            result.data()[to++] = part == LOW ? (float) (element - high) : high;
          }
        }
      }
    }
    return result;
  }

  /** heads × rows × 2·headDim back to rows × embedDim. */
  private double[] joined(double[] pairs, int length) {
    int headDim = headDim();
    double[] rows = new double[length * embedDim()];
    for (int i = 0; i < rows.length; i++) {
      int row = i / embedDim();
      int head = i % embedDim() / headDim;
      int from = (head * length + row) * 2 * headDim + i % headDim;
      rows[i] = pairs[from] + pairs[from + headDim];
    }
    return rows;
  }
}
