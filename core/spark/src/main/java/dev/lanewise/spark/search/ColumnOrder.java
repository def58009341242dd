package dev.lanewise.spark.search;

import java.time.Period;
import java.util.Arrays;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.DayTimeIntervalType;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.TimestampNTZType;
import org.apache.spark.sql.types.TimestampType;
import org.apache.spark.sql.types.YearMonthIntervalType;
import org.jspecify.annotations.Nullable;
import scala.collection.Seq;

/**
 * The order of rows with the same similarity: by their columns from left to right, each ascending, null first. Two rows are equal only if
 * all columns are, so it does not matter which of them is taken.
 */
final class ColumnOrder {
  private ColumnOrder() {}

  /**
   * Checks that the columns of rows have an order.
   *
   * @throws IllegalArgumentException if one has not, for instance a map
   */
  static void check(StructType schema) {
    for (StructField field : schema.fields()) {
      if (!hasOrder(field.dataType())) {
        throw new IllegalArgumentException(
            "column "
                + field.name()
                + " is "
                + field.dataType().catalogString()
                + ", which has no order for rows of equal similarity: drop it");
      }
    }
  }

  private static boolean hasOrder(DataType type) {
    return switch (type) {
      case ArrayType array -> hasOrder(array.elementType());
      case StructType struct -> Arrays.stream(struct.fields()).allMatch(field -> hasOrder(field.dataType()));
      case NumericType number -> true;
      case StringType string -> true;
      case BinaryType bytes -> true;
      case BooleanType truth -> true;
      case DateType date -> true;
      case TimestampType time -> true;
      case TimestampNTZType time -> true;
      case DayTimeIntervalType duration -> true;
      case YearMonthIntervalType period -> true;
      case NullType nothing -> true;
      default -> false; // types of Spark, which are no enum of ours
    };
  }

  /** Compares two rows of one schema. */
  static int compare(Row one, Row other) {
    int order = 0;
    for (int i = 0; i < one.size() && order == 0; i++) {
      order = compareValues(one.get(i), other.get(i));
    }
    return order;
  }

  private static int compareValues(@Nullable Object one, @Nullable Object other) {
    if (one == null || other == null) {
      return Boolean.compare(one != null, other != null);
    }
    return switch (one) {
      case Row row -> compare(row, (Row) other);
      case Seq<?> elements -> compareElements(elements, (Seq<?>) other);
      case byte[] bytes -> Arrays.compareUnsigned(bytes, (byte[]) other);
      case Period period -> Long.compare(period.toTotalMonths(), ((Period) other).toTotalMonths());
      default -> compareNaturally(one, other);
    };
  }

  private static int compareElements(Seq<?> one, Seq<?> other) {
    int order = 0;
    for (int i = 0; i < Math.min(one.size(), other.size()) && order == 0; i++) {
      order = compareValues(one.apply(i), other.apply(i));
    }
    return order != 0 ? order : Integer.compare(one.size(), other.size());
  }

  @SuppressWarnings("unchecked") // both are values of one column
  private static int compareNaturally(Object one, Object other) {
    return ((Comparable<Object>) one).compareTo(other);
  }
}
