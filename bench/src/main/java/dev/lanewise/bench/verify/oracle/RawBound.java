package dev.lanewise.bench.verify.oracle;

import dev.lanewise.kernels.data.Similarity;
import org.jspecify.annotations.Nullable;

/** The possible rounding error of a similarity times scale, which is a chain of as many multiply-adds as the row is wide. */
public final class RawBound {
  private static final double UNIT = 0x1p-24;

  /** The largest integer of a cache times the largest factor of a channel in these calls. */
  private static final double MOST_INTEGER = 127 * 60;

  private static final double LEAST = 0x1p-149;

  private final Model model;
  private final double scale;
  private final float[] query;
  private final float[] key;
  private final float @Nullable [] keyError;
  private final int from;
  private final int to;

  public RawBound(PlainRow row, int j) {
    model = row.model;
    scale = Math.abs(model.scale);
    query = model.query[row.b];
    key = model.key[row.b];
    keyError = model.keyError[row.b];
    from = model.queryAt(row.b, row.head, row.i);
    to = model.keyAt(row.b, row.head, j);
  }

  public double get() {
    return model.similarity == Similarity.Kind.ADDITIVE ? additive() : product();
  }

  private double off(int d) {
    // the product of an integer with its scale and with its channel's is rounded
    return keyError == null ? 0 : keyError[to + d] + 4 * UNIT * Math.abs((double) key[to + d]);
  }

  private double additive() {
    double size = 0;
    double stored = 0;
    for (int d = 0; d < model.headDim; d++) {
      size += Math.abs(model.vector[d]);
      stored += Math.abs(model.vector[d]) * off(d);
    }
    double off = stored + rotationError(model.vector.length == 0 ? 0 : size);
    return scale * (off + UNIT * (model.headDim + 12) * size) + LEAST * model.headDim;
  }

  /** The possible error of the rotation, at worst all in one element. */
  private double rotationError(double size) {
    double lengths = 0;
    for (int d = 0; d < model.headDim && model.rotationError > 0; d++) {
      lengths += Math.abs(query[from + d]) + Math.abs(key[to + d]);
    }
    return model.rotationError * lengths * size;
  }

  private double product() {
    double size = 0;
    double stored = 0;
    double keys = 0;
    double queries = 0;
    double keySquares = 0;
    double offs = 0;
    double querySquares = 0;
    boolean overflows = false;
    for (int d = 0; d < model.headDim; d++) {
      double x = query[from + d];
      double y = key[to + d];
      overflows |= Double.isFinite(x) && Math.abs(x) * scale >= Float.MAX_VALUE; // queries are scaled first
      if (Double.isFinite(x) && Double.isFinite(y)) {
        size += Math.abs(x * y);
        stored += Math.abs(x) * off(d);
        offs += off(d);
        keys += Math.abs(y) + off(d);
        queries += Math.abs(x);
      } else {
        // the product with the scale may become 0 before it meets the infinity
        overflows |= x != 0 && Math.abs(x) * scale < 1e-37;
      }
      keySquares += y * y;
      querySquares += x * x;
    }
    double vanished = LEAST * (2 * keys + (1 + scale) * model.headDim + queries);
    double off = stored + model.rotationError * Math.sqrt(querySquares) * Math.sqrt(keySquares);
    double bound = scale * (off + UNIT * (model.headDim + 12) * size) + vanished;
    // integers are multiplied with their scale only after the product
    boolean integers = keyError != null && scale * queries * MOST_INTEGER >= Float.MAX_VALUE;
    if (overflows || integers || Math.max(1, scale) * size >= Float.MAX_VALUE) {
      return Bounds.ANY;
    }
    if (model.similarity == Similarity.Kind.COSINE) {
      boolean nothing = querySquares == 0 || keySquares == 0; // 0 by the definition, NaN by the product with NaN
      boolean undefined = nothing && !Double.isFinite(querySquares + keySquares);
      return undefined ? Bounds.ANY : cosine(bound, offs / Math.sqrt(keySquares), Math.sqrt(querySquares) * Math.sqrt(keySquares));
    }
    return bound;
  }

  private double cosine(double bound, double keyError, double lengths) {
    if (!(lengths > 0 && lengths < Double.POSITIVE_INFINITY)) {
      return 0;
    }
    return bound / lengths + scale * (keyError + 8 * UNIT) + 2 * LEAST;
  }
}
