package dev.lanewise.spark.attention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Results;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.spark.testing.LocalSpark;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.storage.StorageLevel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention over shards is attention over all keys at once, and has the same bits however Spark runs it. */
class ShardedAttentionTest {
  private static final double TOLERANCE = 1e-6;
  private static final int POSITIONS = 700;
  private static final HashedContext CONTEXT = new HashedContext(11, POSITIONS, 1, 2, 16, 8);
  private static final int QUERY_HEADS = 4;
  private static final float[] SLOPES = Attention.standardSlopes(QUERY_HEADS);
  private static final float[] SINKS = {0.5f, -1, 3, Float.NEGATIVE_INFINITY};

  /** A setting of the sharded attention, and the same in one call for queries from a position on. */
  private record Case(String name, UnaryOperator<ShardedAttention> sharded, PositionedAttention whole) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** An attention whose first query has a position. */
  private interface PositionedAttention {
    Attention at(int position);
  }

  private static Mask.Alignment from(int position) {
    return Mask.Alignment.offsets(position);
  }

  static Stream<Case> cases() {
    Attention standard = Attention.standard();
    return Stream.of(
        new Case("no mask", attention -> attention, position -> standard),
        new Case("causal", ShardedAttention::withCausalMask, position -> standard.withMask(Mask.causal(from(position)))),
        new Case(
            "window",
            attention -> attention.withWindow(40, 3),
            position -> standard.withMask(Mask.window(40, 3).withAlignment(from(position)))),
        new Case(
            "window with first keys",
            attention -> attention.withWindow(9, 0, 50),
            position -> standard.withMask(Mask.window(9, 0).withSinks(50).withAlignment(from(position)))),
        new Case(
            "sinks",
            attention -> attention.withCausalMask().withSinks(SINKS),
            position -> standard.withNormaliser(Normaliser.softmaxWithSinks(SINKS)).withMask(Mask.causal(from(position)))),
        new Case(
            "everything",
            attention -> attention.withScale(0.7f).withSoftcap(5).withAlibi(SLOPES).withSinks(SINKS).withWindow(300, 0, 4),
            position ->
                standard
                    .withScale(0.7f)
                    .withSoftcap(5)
                    .withAlibi(SLOPES, position)
                    .withNormaliser(Normaliser.softmaxWithSinks(SINKS))
                    .withMask(Mask.window(300, 0).withSinks(4).withAlignment(from(position)))));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void shardsAreOneCall(Case tested) {
    Random random = new Random(5);
    for (int shards : new int[] {1, 3, 16}) {
      try (ShardedAttention attention = ShardedAttention.of(LocalSpark.context(), shards, CONTEXT)) {
        int border = ShardSource.first(1, shards, POSITIONS);
        int[] borders = {0, border - 1, border % POSITIONS, random.nextInt(POSITIONS)};
        for (int position : borders) {
          int rows = 1 + random.nextInt(Math.min(20, POSITIONS - position));
          Heads query = CONTEXT.queries(position, rows, QUERY_HEADS);
          PartialAttention result = tested.sharded.apply(attention).attend(query, position);
          compare(tested.name + ", " + shards + " shards, " + rows + " queries from " + position, tested.whole.at(position), query, result);
        }
      }
    }
  }

  private static void compare(String name, Attention whole, Heads query, PartialAttention result) {
    KeyValueShard all = CONTEXT.rows(0, POSITIONS);
    compare(name, whole, query, all.key(), all.value(), result);
  }

  /** Compares with one call and with the reference in double. */
  private static void compare(String name, Attention whole, Heads query, Heads key, Heads value, PartialAttention result) {
    Heads output = Heads.zeros(query.batch(), query.heads(), query.rows(), value.width());
    float[] sums = new float[query.batch() * query.heads() * query.rows()];
    whole.compute(query, key, value, Results.of().withOutput(output).withLogSumExp(sums));
    ReferenceAttention reference = ReferenceAttention.of(whole, query, key, value);
    near(name + ": one call", result.output().data(), doubles(output.data()));
    near(name + ": log-sum-exp of one call", result.logSumExp(), doubles(sums));
    near(name + ": reference", result.output().data(), reference.output());
    near(name + ": log-sum-exp of the reference", result.logSumExp(), reference.logSumExp());
  }

  private static double[] doubles(float[] numbers) {
    return IntStream.range(0, numbers.length).mapToDouble(i -> numbers[i]).toArray();
  }

  private static void near(String name, float[] actual, double[] expected) {
    assertThat(actual).as(name).hasSameSizeAs(expected);
    for (int i = 0; i < actual.length; i++) {
      if (Double.isInfinite(expected[i])) {
        assertThat((double) actual[i]).as(name + "[" + i + "]").isEqualTo(expected[i]);
      } else {
        assertThat(Math.abs(actual[i] - expected[i]))
            .as(name + "[" + i + "]")
            .isLessThanOrEqualTo(TOLERANCE * Math.max(1, Math.abs(expected[i])));
      }
    }
  }

  /** The queries at a border see all keys of one shard and none of the next. */
  @Test
  void aShardThatNobodySeesChangesNothing() {
    ShardSource cut = (shard, shards) -> CONTEXT.rows(shard * 100, shard * 100 + 100);
    for (int position : new int[] {99, 100, 101}) {
      Heads query = CONTEXT.queries(position, 1, QUERY_HEADS);
      List<PartialAttention> results = new ArrayList<>();
      for (int shards : new int[] {2, 7}) {
        try (ShardedAttention attention = ShardedAttention.of(LocalSpark.context(), shards, cut)) {
          results.add(attention.withCausalMask().attend(query, position));
        }
      }
      assertThat(results.get(1)).isEqualTo(results.get(0));
    }
  }

  @Test
  void queriesThatSeeNoKeyHaveOutputZero() {
    ShardSource late = (shard, shards) -> CONTEXT.rows(100 + shard * 10, 110 + shard * 10);
    try (ShardedAttention attention = ShardedAttention.of(LocalSpark.context(), 3, late)) {
      PartialAttention result = attention.withCausalMask().attend(CONTEXT.queries(98, 3, QUERY_HEADS), 98);
      Heads output = result.output();
      for (int head = 0; head < QUERY_HEADS; head++) {
        for (int row = 0; row < 3; row++) {
          boolean sees = row == 2;
          assertThat(result.logSumExp()[head * 3 + row] > Float.NEGATIVE_INFINITY).isEqualTo(sees);
          assertThat(output.get(0, head, row, 0) != 0).isEqualTo(sees);
        }
      }
      PartialAttention withSinks = attention.withCausalMask().withSinks(SINKS).attend(CONTEXT.queries(98, 1, QUERY_HEADS), 98);
      assertThat(withSinks.logSumExp()).containsExactly(SINKS);
      assertThat(withSinks.output().data()).containsOnly(0);
    }
  }

  /** Shards without keys, partitions without shards and with several, and shards in any order of positions. */
  @Test
  void anyDivisionIsOneCall() {
    List<KeyValueShard> parts = new ArrayList<>();
    int[] borders = {0, 0, 1, 130, 130, 131, 500, POSITIONS, POSITIONS};
    for (int i = 1; i < borders.length; i++) {
      parts.add(CONTEXT.rows(borders[i - 1], borders[i]));
    }
    java.util.Collections.shuffle(parts, new Random(3));
    Heads query = CONTEXT.queries(POSITIONS - 5, 5, QUERY_HEADS);
    for (int partitions : new int[] {1, 3, 8, 20}) {
      JavaRDD<KeyValueShard> shards = LocalSpark.context().parallelize(parts, partitions);
      ShardedAttention attention = ShardedAttention.of(shards).withCausalMask();
      compare(partitions + " partitions", Attention.standard().withMask(Mask.causal()), query, attention.attend(query));
    }
  }

  @Test
  void batchesHavePositionsOfTheirOwn() {
    HashedContext context = new HashedContext(3, 200, 3, 1, 8, 12);
    KeyValueShard all = context.rows(0, 200);
    int[] positions = {0, 57, 197};
    Heads query = context.queries(1000, 3, 2);
    try (ShardedAttention attention = ShardedAttention.of(LocalSpark.context(), 5, context)) {
      Attention whole = Attention.standard().withMask(Mask.window(60, 0).withAlignment(Mask.Alignment.offsets(positions)));
      compare("batch", whole, query, all.key(), all.value(), attention.withWindow(60, 0).attend(query, positions));
    }
  }

  /** Decoding: new keys are in a cache of the driver. */
  @Test
  void aTailContinuesTheShards() {
    Attention causal = Attention.standard().withMask(Mask.window(250, 0).withSinks(2));
    KeyValueShard all = CONTEXT.rows(0, POSITIONS);
    try (ShardedAttention attention =
            ShardedAttention.of(LocalSpark.context(), 3, (shard, shards) -> CONTEXT.rows(shard * 200, shard * 200 + 200));
        KeyValueCache tail = KeyValueCache.builder(2, 16).valueDim(8).capacity(100).build()) {
      assertThat(attention.end()).isEqualTo(600);
      for (int rows : new int[] {0, 1, 1, 17, 60}) {
        int from = 600 + tail.rows();
        if (rows > 0) {
          tail.append(all.key().rows(from, from + rows), all.value().rows(from, from + rows));
        }
        int end = from + rows;
        int queries = Math.max(rows, 1);
        Heads query = CONTEXT.queries(end - queries, queries, QUERY_HEADS);
        PartialAttention result = attention.withWindow(250, 0, 2).attend(query, tail);
        compare("tail to " + end, causal, query, all.key().rows(0, end), all.value().rows(0, end), result);
      }
    }
  }

  @Test
  void tailsOfABatchMayHaveDifferentLengths() {
    HashedContext context = new HashedContext(4, 100, 2, 1, 8, 8);
    KeyValueShard all = context.rows(0, 100);
    Heads query = context.queries(0, 1, 1);
    try (ShardedAttention attention =
            ShardedAttention.of(LocalSpark.context(), 2, (shard, shards) -> context.rows(shard * 40, shard * 40 + 40));
        KeyValueCache one = KeyValueCache.builder(1, 8).capacity(20).build();
        KeyValueCache other = KeyValueCache.builder(1, 8).capacity(20).build()) {
      one.append(all.key().batch(0, 1).rows(80, 83), all.value().batch(0, 1).rows(80, 83));
      other.append(all.key().batch(1, 2).rows(80, 95), all.value().batch(1, 2).rows(80, 95));
      PartialAttention result = attention.withCausalMask().attend(query, List.of(one, other));
      Attention whole = Attention.standard().withMask(Mask.causal(Mask.Alignment.offsets(82, 94)));
      compare("tails", whole, query, all.key(), all.value(), result);
    }
  }

  /** The same bits with threads, orders of tasks, and with merges on executors. */
  @Test
  void bitsDependOnPartitionsOnly() {
    HashedContext context = new HashedContext(8, 600, 1, 1, 8, 8);
    Heads query = context.queries(0, 2, 2);
    for (int shards : new int[] {1, 2, 15, 16, 17, 37}) {
      try (ShardedAttention attention = ShardedAttention.of(LocalSpark.context(), shards, context)) {
        PartialAttention[] nodes = new PartialAttention[shards];
        ShardCall call = ShardCall.of(ShardSettings.STANDARD, new int[] {598}, query, 8);
        for (int i = 0; i < shards; i++) {
          nodes[i] = call.partial(context.shard(i, shards), 3);
        }
        PartialAttention expected = PartialAttention.mergeAll(Arrays.asList(nodes));
        assertThat(attention.attend(query)).as(shards + " shards").isEqualTo(expected);
        assertThat(attention.attend(query, List.of(), new int[] {598}, 0)).as(shards + " shards, merged by executors").isEqualTo(expected);
      }
    }
  }

  @Test
  void aShardIsMadeAgainWithTheSameBits() {
    JavaRDD<KeyValueShard> shards = LocalSpark.context().parallelize(List.of(0, 1, 2), 3).map(i -> CONTEXT.shard(i, 3));
    shards.persist(StorageLevel.MEMORY_ONLY());
    ShardedAttention attention = ShardedAttention.of(shards).withCausalMask();
    Heads query = CONTEXT.queries(POSITIONS - 2, 2, QUERY_HEADS);
    PartialAttention before = attention.attend(query);
    shards.unpersist(true); // as if the executors were lost
    assertThat(attention.attend(query)).isEqualTo(before);
  }

  @Test
  void shardsAreMadeOnceAndFreedByClose() {
    org.apache.spark.util.LongAccumulator made = LocalSpark.session().sparkContext().longAccumulator();
    ShardSource counting =
        (shard, shards) -> {
          made.add(1);
          return CONTEXT.shard(shard, shards);
        };
    Heads query = CONTEXT.queries(0, 1, QUERY_HEADS);
    try (ShardedAttention attention = ShardedAttention.of(LocalSpark.context(), 4, counting)) {
      attention.attend(query);
      attention.withCausalMask().attend(query);
      assertThat(made.value()).isEqualTo(4);
    }
    assertThat(LocalSpark.context().getPersistentRDDs()).isEmpty();
  }
}
