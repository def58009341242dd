package dev.lanewise.spark.search;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Exact search over a column of vectors. */
public final class VectorSearch {
  private final Dataset<Row> rows;
  private final String column;

  private VectorSearch(Dataset<Row> rows, String column) {
    this.rows = rows;
    this.column = column;
  }

  public static VectorSearch of(Dataset<Row> rows, String vectorColumn) {
    return new VectorSearch(rows, vectorColumn);
  }

  /** queryIndex, rank, similarity, and the columns of the rows. */
  public Dataset<Row> nearest(float[][] queries, int k) {
    throw new UnsupportedOperationException(rows + column);
  }

  public Dataset<Row> nearest(float[] query, int k) {
    return nearest(new float[][] {query}, k);
  }

  /** similarity, left: struct of the columns of this, right: struct of the columns of the other. */
  public Dataset<Row> join(VectorSearch other, float threshold) {
    throw new UnsupportedOperationException(other.column + threshold);
  }
}
