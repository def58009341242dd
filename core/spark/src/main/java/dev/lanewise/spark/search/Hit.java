package dev.lanewise.spark.search;

import java.io.Serializable;
import java.util.Comparator;

/** A row and its similarity to a query. */
final class Hit implements Serializable {
  private static final long serialVersionUID = 1;

  /** Larger similarities first, then rows in the order of {@link ColumnOrder}. */
  static final Comparator<Hit> BEST_FIRST =
      (one, other) -> {
        int order = Float.compare(other.similarity, one.similarity);
        return order != 0 || one.row == other.row ? order : ColumnOrder.compare(one.row.row(), other.row.row());
      };

  private final float similarity;
  private final HeldRow row;

  Hit(float similarity, HeldRow row) {
    this.similarity = similarity;
    this.row = row;
  }

  float similarity() {
    return similarity;
  }

  HeldRow row() {
    return row;
  }
}
