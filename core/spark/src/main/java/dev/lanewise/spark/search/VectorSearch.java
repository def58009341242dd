package dev.lanewise.spark.search;

import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Exact search over a column of vectors: the rows that are nearest to a query, and the pairs of rows that are similar. Immutable: the
 * {@code with…} methods return changed copies.
 *
 * <pre>{@code
 * VectorSearch search = VectorSearch.of(embedded, "vector"); // a column of the type array<float>
 * Dataset<Row> nearest = search.nearest(encoder.embed("perfect justice"), 10); // queryIndex, rank, similarity, and the columns of embedded
 * Dataset<Row> alike = search.join(VectorSearch.of(others, "vector"), 0.9f); // similarity, left, right
 * }</pre>
 *
 * <p>The similarity is the dot product, which is the cosine of vectors of length 1, or with {@link #withCosine} the cosine. A row whose
 * vector is null is left out. A vector of another length, or with an element that is null, NaN or infinite, fails the job with a message
 * that names the row.
 *
 * <ul>
 *   <li><b>Bits.</b> The similarity of a pair depends on its two vectors only: one sum in the order of the elements. Results are the same
 *       for any partitions, executors and order of tasks. Executors must all have SIMD or all have none.
 *   <li><b>Threads.</b> A task uses one thread.
 * </ul>
 */
public final class VectorSearch {
  private static final String QUERY_INDEX = "queryIndex";
  private static final String RANK = "rank";
  private static final String SIMILARITY = "similarity";

  private final Dataset<Row> rows;
  private final VectorColumn column;
  private final boolean cosine;

  private VectorSearch(Dataset<Row> rows, VectorColumn column, boolean cosine) {
    this.rows = rows;
    this.column = column;
    this.cosine = cosine;
  }

  /**
   * Search over the rows of a data set, which should be cached if it is searched several times.
   *
   * @param vectorColumn name of a column of the type {@code array<float>}
   * @throws IllegalArgumentException if there is no such column, or it has another type
   */
  public static VectorSearch of(Dataset<Row> rows, String vectorColumn) {
    Objects.requireNonNull(rows, "rows");
    Objects.requireNonNull(vectorColumn, "vectorColumn");
    return new VectorSearch(rows, VectorColumn.of(rows.schema(), vectorColumn), false);
  }

  /** Returns a copy that divides dot products by the lengths of the vectors; the cosine of a vector of zeros is 0. */
  public VectorSearch withCosine() {
    return new VectorSearch(rows, column, true);
  }

  /** The rows that are nearest to one query, see {@link #nearest(float[][], int)}. */
  public Dataset<Row> nearest(float[] query, int k) {
    return nearest(new float[][] {Objects.requireNonNull(query, "query")}, k);
  }

  /**
   * The rows that are nearest to each query, those of the largest similarity first. Rows of equal similarity are ordered by their columns
   * from left to right, each ascending, null first.
   *
   * <p>The result has the columns {@code queryIndex} and {@code rank} (both from 0 on), {@code similarity}, and all columns of the rows. It
   * is ordered by query and rank. A query has fewer than k rows only if there are fewer rows with a vector.
   *
   * <p>A task keeps k rows for each query, and 1024 rows with their similarities to up to 1024 queries. Every partition sends k rows a
   * query.
   *
   * @param queries each as long as the vectors of the column
   * @throws IllegalArgumentException if there is no query, queries have different lengths or an element that is not finite, k is below 1, a
   *     column has a name that the result uses, or has no order (a map)
   */
  public Dataset<Row> nearest(float[][] queries, int k) {
    Objects.requireNonNull(queries, "queries");
    Checks.atLeast("queries.length", queries.length, 1);
    Checks.atLeast("k", k, 1);
    float[] dense = dense(queries);
    for (String name : List.of(QUERY_INDEX, RANK, SIMILARITY)) {
      if (Arrays.asList(column.schema().fieldNames()).contains(name)) {
        throw new IllegalArgumentException("column " + name + " has the name of a column of the result: rename it");
      }
    }
    ColumnOrder.check(column.schema());
    NearestTask task = new NearestTask(column, dense, queries[0].length, k, cosine);
    StructType schema =
        new StructType()
            .add(QUERY_INDEX, DataTypes.IntegerType, false)
            .add(RANK, DataTypes.IntegerType, false)
            .add(SIMILARITY, DataTypes.FloatType, false);
    for (StructField field : column.schema().fields()) {
      schema = schema.add(field);
    }
    return rows.sparkSession().createDataFrame(task.run(stored()), schema);
  }

  private static float[] dense(float[][] queries) {
    int width = Objects.requireNonNull(queries[0], "queries[0]").length;
    Checks.atLeast("queries[0].length", width, 1);
    float[] dense = new float[Checks.product("queries.length", queries.length, "queries[0].length", width)];
    for (int query = 0; query < queries.length; query++) {
      Checks.same("queries[" + query + "].length", queries[query].length, "queries[0].length", width);
      for (int i = 0; i < width; i++) {
        if (!Float.isFinite(queries[query][i])) {
          throw new IllegalArgumentException("queries[" + query + "][" + i + "] is " + queries[query][i] + ", must be finite");
        }
        dense[query * width + i] = queries[query][i];
      }
    }
    return dense;
  }

  private JavaRDD<InternalRow> stored() {
    return rows.queryExecution().toRdd().toJavaRDD();
  }

  /**
   * All pairs of a row of this data set and a row of the other whose similarity is at least the threshold, also if the two data sets are
   * the same. The result has the columns {@code similarity}, {@code left} (a struct of the columns of this data set) and {@code right}. Its
   * rows have no order.
   *
   * <p>This call reads the data set that Spark estimates to be smaller, and sends it to every executor. The driver and each executor
   * therefore need memory for all of its rows with a vector: 4 bytes an element and the row as an object, in which an element of the vector
   * takes another 20 bytes. A task keeps 1024 rows of the larger data set and their similarities to 1024 others.
   *
   * @param other searches another column; whether it uses the cosine does not matter
   * @throws IllegalArgumentException if the threshold is NaN
   */
  public Dataset<Row> join(VectorSearch other, float threshold) {
    Objects.requireNonNull(other, "other");
    if (Float.isNaN(threshold)) {
      throw new IllegalArgumentException("threshold is NaN, must be a number");
    }
    boolean leftIsSent = bytes().compareTo(other.bytes()) < 0;
    VectorSearch sent = leftIsSent ? this : other;
    VectorSearch read = leftIsSent ? other : this;
    List<VectorBlock> blocks = sent.blocks();
    int width = blocks.isEmpty() ? -1 : blocks.getFirst().width();
    for (VectorBlock block : blocks) {
      Checks.same("the length of a vector in column " + sent.column.name(), block.width(), "that of another", width);
    }
    Broadcast<List<VectorBlock>> everywhere = JavaSparkContext.fromSparkContext(rows.sparkSession().sparkContext()).broadcast(blocks);
    VectorColumn readColumn = read.column;
    String widthName = "that in column " + sent.column.name() + " of the other side";
    boolean cosines = cosine;
    JavaRDD<Row> pairs =
        read.stored()
            .mapPartitions(
                part ->
                    new SimilarPairs(
                        new BlockReader(part, readColumn, width, widthName), everywhere.value(), leftIsSent, threshold, cosines));
    StructField[] fields = {
      new StructField(SIMILARITY, DataTypes.FloatType, false, Metadata.empty()),
      new StructField("left", column.schema(), false, Metadata.empty()),
      new StructField("right", other.column.schema(), false, Metadata.empty())
    };
    return rows.sparkSession().createDataFrame(pairs, new StructType(fields));
  }

  /** The number of bytes that Spark estimates. */
  private scala.math.BigInt bytes() {
    return rows.queryExecution().optimizedPlan().stats().sizeInBytes();
  }

  /** All vectors with their rows. */
  private List<VectorBlock> blocks() {
    VectorColumn own = column;
    return stored()
        .mapPartitions(
            part -> {
              BlockReader reader = new BlockReader(part, own, -1, "");
              Iterable<VectorBlock> all = () -> reader;
              return java.util.stream.StreamSupport.stream(all.spliterator(), false).map(VectorBlock::converted).iterator();
            })
        .collect();
  }
}
