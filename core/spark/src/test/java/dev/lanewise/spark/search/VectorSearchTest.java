package dev.lanewise.spark.search;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.spark.testing.LocalSpark;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;

/** Results are those of comparing every pair, whatever the partitions. */
class VectorSearchTest {
  private static final int WIDTH = 24;
  private static final StructType SCHEMA =
      new StructType()
          .add("name", DataTypes.StringType)
          .add("vector", DataTypes.createArrayType(DataTypes.FloatType))
          .add("id", DataTypes.IntegerType, false);

  /** A row of the data. */
  private record Item(String name, float[] vector, int id) {
    Row row() {
      return RowFactory.create(name, vector, id);
    }
  }

  /** Vectors of which many are alike, so that many similarities are equal; every seventh is missing. */
  private static List<Item> items(long seed, int count) {
    Random random = new Random(seed);
    List<float[]> vectors = new ArrayList<>();
    for (int i = 0; i < Math.max(1, count / 4); i++) {
      vectors.add(vector(random));
    }
    List<Item> items = new ArrayList<>();
    for (int id = 0; id < count; id++) {
      float[] vector = id % 7 == 6 ? null : vectors.get(random.nextInt(vectors.size()));
      items.add(new Item(random.nextInt(5) == 0 ? null : "name " + random.nextInt(3), vector, id));
    }
    return items;
  }

  private static float[] vector(Random random) {
    float[] vector = new float[WIDTH];
    for (int i = 0; i < WIDTH; i++) {
      vector[i] = (float) random.nextGaussian();
    }
    return vector;
  }

  private static Dataset<Row> rows(List<Item> items, int partitions) {
    return LocalSpark.session()
        .createDataFrame(LocalSpark.context().parallelize(items.stream().map(Item::row).toList(), partitions), SCHEMA);
  }

  /** One sum in the order of the elements, with one rounding for each. */
  private static float similarity(float[] one, float[] other) {
    float sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum = Math.fma(one[i], other[i], sum);
    }
    return sum;
  }

  private static List<String> expected(List<Item> items, float[][] queries, int k) {
    List<String> lines = new ArrayList<>();
    for (int query = 0; query < queries.length; query++) {
      float[] wanted = queries[query];
      Comparator<Item> order =
          Comparator.comparingDouble((Item item) -> -similarity(wanted, item.vector))
              .thenComparing(Item::name, Comparator.nullsFirst(Comparator.naturalOrder()))
              .thenComparing(Item::vector, Arrays::compare)
              .thenComparingInt(Item::id);
      List<Item> best = items.stream().filter(item -> item.vector != null).sorted(order).limit(k).toList();
      for (int rank = 0; rank < best.size(); rank++) {
        Item item = best.get(rank);
        lines.add(
            query
                + " "
                + rank
                + " "
                + similarity(wanted, item.vector)
                + " "
                + item.name
                + " "
                + item.id
                + " "
                + Arrays.toString(item.vector));
      }
    }
    return lines;
  }

  private static List<String> found(Dataset<Row> result) {
    assertThat(result.columns()).containsExactly("queryIndex", "rank", "similarity", "name", "vector", "id");
    List<String> lines = new ArrayList<>();
    for (Row row : result.collectAsList()) {
      String vector = row.getList(4).toString();
      lines.add(row.getInt(0) + " " + row.getInt(1) + " " + row.getFloat(2) + " " + row.getString(3) + " " + row.getInt(5) + " " + vector);
    }
    return lines;
  }

  @Test
  void theNearestRowsAreThoseOfAllPairs() {
    Random random = new Random(2);
    List<Item> items = items(1, 300);
    float[][] queries = {vector(random), vector(random), items.get(0).vector, new float[WIDTH]};
    for (int k : new int[] {1, 5, 1000}) {
      List<String> expected = expected(items, queries, k);
      for (int partitions : new int[] {1, 3, 16}) {
        Collections.shuffle(items, random);
        VectorSearch search = VectorSearch.of(rows(items, partitions), "vector");
        assertThat(found(search.nearest(queries, k))).as("k " + k + ", " + partitions + " partitions").isEqualTo(expected);
      }
    }
  }

  @Test
  void oneQueryAndNoRows() {
    Random random = new Random(3);
    List<Item> items = items(4, 40);
    float[] query = vector(random);
    VectorSearch search = VectorSearch.of(rows(items, 3), "vector");
    assertThat(found(search.nearest(query, 4))).isEqualTo(expected(items, new float[][] {query}, 4));
    assertThat(found(VectorSearch.of(rows(List.of(), 2), "vector").nearest(query, 4))).isEmpty();
    assertThat(found(VectorSearch.of(rows(items.subList(6, 7), 1), "vector").nearest(query, 4))).as("only a null vector").isEmpty();
  }

  /** More rows and queries than are compared at once. */
  @Test
  void manyBlocks() {
    Random random = new Random(5);
    List<Item> items = items(6, 1100);
    float[][] queries = new float[1030][];
    Arrays.setAll(queries, i -> vector(random));
    assertThat(found(VectorSearch.of(rows(items, 1), "vector").nearest(queries, 2))).isEqualTo(expected(items, queries, 2));
  }

  @Test
  void theCosineIgnoresLengths() {
    List<Item> items = List.of(new Item("long", filled(9), 0), new Item("zero", filled(0), 1), new Item("short", first(0.1f), 2));
    List<Row> found = VectorSearch.of(rows(items, 2), "vector").withCosine().nearest(first(5), 3).collectAsList();
    assertThat(found).extracting(row -> row.getString(3)).containsExactly("short", "long", "zero");
    assertThat(found).extracting(row -> row.getFloat(2)).containsExactly(1f, (float) (1 / Math.sqrt(WIDTH)), 0f);
  }

  private static float[] filled(float number) {
    float[] vector = new float[WIDTH];
    Arrays.fill(vector, number);
    return vector;
  }

  private static float[] first(float number) {
    float[] vector = new float[WIDTH];
    vector[0] = number;
    return vector;
  }

  private static List<String> expectedPairs(List<Item> left, List<Item> right, float threshold) {
    List<String> pairs = new ArrayList<>();
    for (Item one : left) {
      for (Item other : right) {
        if (one.vector != null && other.vector != null && similarity(one.vector, other.vector) >= threshold) {
          pairs.add(similarity(one.vector, other.vector) + " " + one.name + " " + one.id + " " + other.name + " " + other.id);
        }
      }
    }
    Collections.sort(pairs);
    return pairs;
  }

  private static List<String> foundPairs(Dataset<Row> result) {
    assertThat(result.columns()).containsExactly("similarity", "left", "right");
    List<String> pairs = new ArrayList<>();
    for (Row row : result.select("similarity", "left.name", "left.id", "right.name", "right.id").collectAsList()) {
      pairs.add(row.getFloat(0) + " " + row.getString(1) + " " + row.getInt(2) + " " + row.getString(3) + " " + row.getInt(4));
    }
    Collections.sort(pairs);
    return pairs;
  }

  @Test
  void theJoinIsThatOfAllPairs() {
    List<Item> many = items(7, 1100);
    List<Item> few = items(8, 90);
    few.addAll(many.subList(0, 10));
    List<String> expected = expectedPairs(many, few, 14);
    List<String> turned = expectedPairs(few, many, 14);
    for (int partitions : new int[] {1, 8}) {
      VectorSearch manyRows = VectorSearch.of(rows(many, partitions), "vector");
      VectorSearch fewRows = VectorSearch.of(rows(few, 5), "vector");
      assertThat(foundPairs(manyRows.join(fewRows, 14))).isEqualTo(expected).isNotEmpty();
      assertThat(foundPairs(fewRows.join(manyRows, 14))).isEqualTo(turned);
    }
  }

  @Test
  void aPairAtTheThresholdIsFound() {
    List<Item> items = items(11, 30);
    float threshold = similarity(items.get(0).vector, items.get(1).vector);
    VectorSearch search = VectorSearch.of(rows(items, 3), "vector");
    List<String> found = foundPairs(search.join(search, threshold));
    assertThat(found).isEqualTo(expectedPairs(items, items, threshold)).anyMatch(pair -> pair.startsWith(threshold + " "));
  }

  /** The smaller data set is sent to executors, whichever side it is. */
  @Test
  void eitherSideMayBeSent() {
    List<Item> many = items(9, 60);
    List<Item> few = items(10, 20);
    Dataset<Row> large = LocalSpark.session().createDataFrame(many.stream().map(Item::row).toList(), SCHEMA);
    Dataset<Row> small = LocalSpark.session().createDataFrame(few.stream().map(Item::row).toList(), SCHEMA);
    VectorSearch left = VectorSearch.of(large, "vector");
    VectorSearch right = VectorSearch.of(small, "vector");
    assertThat(foundPairs(left.join(right, 3))).isEqualTo(expectedPairs(many, few, 3)).isNotEmpty();
    assertThat(foundPairs(right.join(left, 3))).isEqualTo(expectedPairs(few, many, 3)).isNotEmpty();
    VectorSearch nothing = VectorSearch.of(small.limit(0), "vector");
    assertThat(foundPairs(left.join(nothing, 0))).isEmpty();
    assertThat(foundPairs(nothing.join(left, 0))).isEmpty();
  }

  @Test
  void theJoinWithCosine() {
    List<Item> items = List.of(new Item("long", filled(9), 0), new Item("zero", filled(0), 1), new Item("short", filled(0.1f), 2));
    VectorSearch search = VectorSearch.of(rows(items, 2), "vector").withCosine();
    assertThat(foundPairs(search.join(search, 0.999f)))
        .extracting(pair -> pair.split(" ", 2)[1])
        .containsExactlyInAnyOrder("long 0 long 0", "long 0 short 2", "short 2 long 0", "short 2 short 2");
  }
}
