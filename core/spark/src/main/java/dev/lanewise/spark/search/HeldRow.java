package dev.lanewise.spark.search;

import java.io.Serializable;
import java.util.Objects;
import java.util.function.Function;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.jspecify.annotations.Nullable;

/** A row of a data set, which becomes a {@link Row} when somebody asks for it: most rows are compared and never asked for. */
final class HeldRow implements Serializable {
  private static final long serialVersionUID = 1;

  private final transient @Nullable InternalRow stored;
  private final transient @Nullable Function<InternalRow, Row> converter;
  private @Nullable Row row;

  /**
   * A row of the calling task.
   *
   * @param stored not changed afterwards
   */
  HeldRow(InternalRow stored, Function<InternalRow, Row> converter) {
    this.stored = stored;
    this.converter = converter;
  }

  /** The row. A row that is sent to another JVM must have been asked for. */
  Row row() {
    Row known = row;
    if (known == null) {
      known = Objects.requireNonNull(converter, "converter").apply(Objects.requireNonNull(stored, "stored"));
      row = known;
    }
    return known;
  }

  /** This row, ready to be sent. */
  HeldRow converted() {
    row();
    return this;
  }
}
