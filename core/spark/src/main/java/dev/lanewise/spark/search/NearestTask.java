package dev.lanewise.spark.search;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.catalyst.InternalRow;
import scala.Tuple2;

/**
 * Finds the rows of a partition that are nearest to each query.
 *
 * @param queries queries × width, dense
 * @param most rows that are found for each query
 */
record NearestTask(VectorColumn column, float[] queries, int width, int most, boolean cosine) implements Serializable {
  /** Queries that are compared at once. */
  private static final int TOGETHER = VectorBlock.ROWS;

  /** The rows of the result, ordered by query and rank. */
  JavaRDD<Row> run(JavaRDD<InternalRow> rows) {
    JavaPairRDD<Integer, List<Hit>> found = rows.mapPartitionsToPair(this::find);
    int parts = Math.clamp(rows.getNumPartitions(), 1, count());
    int best = most;
    return found
        .reduceByKey(new QueryRanges(count(), parts), (one, other) -> Hits.merge(one, other, best))
        .mapPartitions(NearestTask::ranked);
  }

  private int count() {
    return queries.length / width;
  }

  private Iterator<Tuple2<Integer, List<Hit>>> find(Iterator<InternalRow> rows) {
    List<Hits> best = IntStream.range(0, count()).mapToObj(query -> new Hits(most)).toList();
    List<VectorBlock> wanted = new ArrayList<>();
    for (int from = 0; from < count(); from += TOGETHER) {
      int size = Math.min(TOGETHER, count() - from);
      float[] vectors = new float[size * width];
      System.arraycopy(queries, from * width, vectors, 0, vectors.length);
      wanted.add(new VectorBlock(vectors, width, List.of()));
    }
    float[] similarities = new float[VectorBlock.ROWS * Math.min(TOGETHER, count())];
    BlockReader blocks = new BlockReader(rows, column, width, "that of the queries");
    while (blocks.hasNext()) {
      VectorBlock block = blocks.next();
      for (int w = 0; w < wanted.size(); w++) {
        block.compare(wanted.get(w), cosine, similarities);
        offer(block, similarities, best.subList(w * TOGETHER, w * TOGETHER + wanted.get(w).size()));
      }
    }
    return IntStream.range(0, count()).mapToObj(query -> new Tuple2<>(query, best.get(query).sorted())).iterator();
  }

  private static void offer(VectorBlock block, float[] similarities, List<Hits> best) {
    for (int row = 0; row < block.size(); row++) {
      for (int query = 0; query < best.size(); query++) {
        best.get(query).offer(similarities[row * best.size() + query], block.row(row));
      }
    }
  }

  /** The rows of a partition of the result. */
  private static Iterator<Row> ranked(Iterator<Tuple2<Integer, List<Hit>>> found) {
    List<Tuple2<Integer, List<Hit>>> ofQueries = new ArrayList<>();
    found.forEachRemaining(ofQueries::add);
    ofQueries.sort((one, other) -> Integer.compare(one._1(), other._1()));
    return ofQueries.stream()
        .flatMap(hits -> IntStream.range(0, hits._2().size()).mapToObj(rank -> result(hits._1(), rank, hits._2().get(rank))))
        .iterator();
  }

  private static Row result(int query, int rank, Hit hit) {
    Row row = hit.row().row();
    Object[] values = new Object[3 + row.size()];
    values[0] = query;
    values[1] = rank;
    values[2] = hit.similarity();
    for (int i = 0; i < row.size(); i++) {
      values[3 + i] = row.get(i);
    }
    return RowFactory.create(values);
  }

  /** Puts consecutive queries in one partition, so that the partitions follow each other in the order of the queries. */
  private static final class QueryRanges extends Partitioner {
    private static final long serialVersionUID = 1;
    private final int queries;
    private final int parts;

    private QueryRanges(int queries, int parts) {
      this.queries = queries;
      this.parts = parts;
    }

    @Override
    public int numPartitions() {
      return parts;
    }

    @Override
    public int getPartition(Object query) {
      return (int) ((long) (Integer) query * parts / queries);
    }
  }
}
