package dev.lanewise.bench.cli.demo;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.kernels.data.Heads;

/**
 * The first layer's self-attention with every sum in double, projections included: what the float paths are measured against. {@link
 * ReferenceAttention} reads floats, so that the projected rows, which are double here, go in as pairs high + low = value, good for 48 bits.
 */
final class LayerReference {
  private static final boolean HIGH = false;
  private static final boolean LOW = true;

  private LayerReference() {}

  /** 1 × tokens × {@link FirstLayer#EMBED_DIM} in, the same out, dense. */
  static double[] compute(FirstLayer model, SequenceBatch x) {
    int length = x.rows();
    double[] input = new double[length * FirstLayer.EMBED_DIM];
    for (int i = 0; i < input.length; i++) {
      input[i] = x.get(0, i / FirstLayer.EMBED_DIM, i % FirstLayer.EMBED_DIM);
    }
    // (high + low) · (high + low) has four products, and the dot product of these rows has them all.
    Heads query = heads(project(input, model.query()), length, HIGH, LOW, HIGH, LOW);
    Heads key = heads(project(input, model.key()), length, HIGH, HIGH, LOW, LOW);
    Heads value = heads(project(input, model.value()), length, HIGH, LOW);
    double[] pairs = ReferenceAttention.of(query, key, value).scale(1 / Math.sqrt(FirstLayer.HEAD_DIM)).output();
    return project(joined(pairs, length), model.output());
  }

  /** rows × {@link FirstLayer#EMBED_DIM}, times Wᵀ, plus the bias. */
  private static double[] project(double[] rows, FirstLayer.Projection projection) {
    double[] result = new double[rows.length];
    for (int i = 0; i < result.length; i++) {
      int row = i / FirstLayer.EMBED_DIM * FirstLayer.EMBED_DIM;
      int output = i % FirstLayer.EMBED_DIM;
      double sum = projection.bias()[output];
      for (int d = 0; d < FirstLayer.EMBED_DIM; d++) {
        sum += rows[row + d] * projection.weight()[output * FirstLayer.EMBED_DIM + d];
      }
      result[i] = sum;
    }
    return result;
  }

  /** 1 × heads × tokens × parts·headDim: the asked parts of each head's row one after the other. */
  private static Heads heads(double[] rows, int length, boolean... parts) {
    Heads result = Heads.zeros(1, FirstLayer.NUM_HEADS, length, parts.length * FirstLayer.HEAD_DIM);
    int to = 0;
    for (int head = 0; head < FirstLayer.NUM_HEADS; head++) {
      for (int row = 0; row < length; row++) {
        for (boolean part : parts) {
          for (int d = 0; d < FirstLayer.HEAD_DIM; d++) {
            double element = rows[row * FirstLayer.EMBED_DIM + head * FirstLayer.HEAD_DIM + d];
            float high = (float) element;
            result.data()[to++] = part == LOW ? (float) (element - high) : high;
          }
        }
      }
    }
    return result;
  }

  /** heads × tokens × 2·headDim back to tokens × {@link FirstLayer#EMBED_DIM}. */
  private static double[] joined(double[] pairs, int length) {
    double[] rows = new double[length * FirstLayer.EMBED_DIM];
    for (int i = 0; i < rows.length; i++) {
      int row = i / FirstLayer.EMBED_DIM;
      int head = i % FirstLayer.EMBED_DIM / FirstLayer.HEAD_DIM;
      int from = (head * length + row) * 2 * FirstLayer.HEAD_DIM + i % FirstLayer.HEAD_DIM;
      rows[i] = pairs[from] + pairs[from + FirstLayer.HEAD_DIM];
    }
    return rows;
  }
}
