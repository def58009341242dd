package dev.lanewise.spark.search;

import dev.lanewise.kernels.runtime.Checks;
import java.io.Serializable;
import java.util.Arrays;
import java.util.function.Function;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.CatalystTypeConverters;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import scala.Function1;

/**
 * A column of vectors, and the schema of its rows.
 *
 * @param index of the column
 */
record VectorColumn(StructType schema, int index) implements Serializable {

  /**
   * Finds a column.
   *
   * @throws IllegalArgumentException if there is no such column, or it does not have the type {@code array<float>}
   */
  static VectorColumn of(StructType schema, String name) {
    int index = Arrays.asList(schema.fieldNames()).indexOf(name);
    if (index < 0) {
      throw new IllegalArgumentException("column " + name + " is not among the columns " + String.join(", ", schema.fieldNames()));
    }
    if (!(schema.fields()[index].dataType() instanceof ArrayType array && array.elementType().equals(DataTypes.FloatType))) {
      String type = schema.fields()[index].dataType().catalogString();
      throw new IllegalArgumentException("column " + name + " is " + type + ", must be array<float>: cast it");
    }
    return new VectorColumn(schema, index);
  }

  String name() {
    return schema.fieldNames()[index];
  }

  /** Converts rows of a task. */
  Function<InternalRow, Row> converter() {
    Function1<Object, Object> converter = CatalystTypeConverters.createToScalaConverter(schema);
    return row -> (Row) converter.apply(row);
  }

  /**
   * The vector of a row that has one.
   *
   * @param number number of the row in the partition of the calling task
   * @param width expected number of elements; −1 for any
   * @param other whose number of elements it is
   * @throws IllegalArgumentException if the vector has another number of elements, or an element that is null, NaN or infinite
   */
  float[] vector(InternalRow row, long number, int width, String other) {
    ArrayData array = row.getArray(index);
    if (width >= 0 && array.numElements() != width) {
      Checks.same("the length of " + place(number), array.numElements(), other, width);
    }
    Checks.atLeast("the length of " + place(number), array.numElements(), 1);
    float[] vector = array.toFloatArray();
    for (int i = 0; i < vector.length; i++) {
      if (array.isNullAt(i) || !Float.isFinite(vector[i])) {
        String element = array.isNullAt(i) ? "null" : Float.toString(vector[i]);
        throw new IllegalArgumentException("element " + i + " of " + place(number) + " is " + element + ", must be finite");
      }
    }
    return vector;
  }

  private String place(long number) {
    return "the vector in column " + name() + " of row " + number + " of partition " + TaskContext.getPartitionId();
  }
}
