package dev.lanewise.spark.attention;

import dev.lanewise.core.Attention;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.runtime.Checks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.storage.StorageLevel;
import org.jspecify.annotations.Nullable;

/**
 * Attention to a context whose keys and values are divided between the executors of Spark, where they stay. A call sends the queries to
 * every shard; a shard answers with the output and log-sum-exp over its own keys; the answers are merged exactly. Immutable: the {@code
 * with…} methods return changed copies, which share the shards.
 *
 * <pre>{@code
 * try (ShardedAttention attention = ShardedAttention.of(spark, 16, source).withCausalMask()) { // source makes shard i of 16, on an executor
 *   Heads output = attention.attend(query).output(); // the last query has the position of the last key
 * }
 * }</pre>
 *
 * <p>While a sequence is decoded, its new keys and values are in a {@link KeyValueCache} of the driver, the tail, whose positions follow
 * those of the shards:
 *
 * <pre>{@code
 * tail.append(newKey, newValue);
 * Heads output = attention.attend(query, tail).output();
 * }</pre>
 *
 * <ul>
 *   <li><b>Bits.</b> Merges follow a fixed binary tree over the numbers of the partitions, then the tail, then the sinks. A result has the
 *       same bits for the same partitions, with any executors, threads and order of tasks. Executors must have vectors of the same length:
 *       SIMD of another length, and plain Java, may round differently.
 *   <li><b>Failures.</b> Spark computes a lost shard again, by its source or the lineage of its RDD, and gets the same bits if these do.
 *   <li><b>Memory.</b> An executor keeps its shards, 4 · heads · (headDim + valueDim) bytes a key. Queries are sent to every executor once.
 *       An answer has 4 · queryHeads · (valueDim + 1) bytes a query. If all answers together have more than 64 MB, executors merge up to 16
 *       neighbours each before the driver merges the rest.
 *   <li><b>Threads.</b> A task uses as many threads as it has cores ({@code spark.task.cpus}).
 * </ul>
 *
 * <p>Query heads may be a multiple of the heads of the keys (grouped heads). Keys must have their positions in them already if positions
 * are rotary.
 */
public final class ShardedAttention implements AutoCloseable {
  /** Bytes of answers that the driver collects at once. */
  private static final long COLLECTED_BYTES = 64L << 20;

  private final JavaRDD<KeyValueShard> shards;
  private final boolean owner;
  private final ContextLayout layout;
  private final ShardSettings settings;

  private ShardedAttention(JavaRDD<KeyValueShard> shards, boolean owner, ContextLayout layout, ShardSettings settings) {
    this.shards = shards;
    this.owner = owner;
    this.layout = layout;
    this.settings = settings;
  }

  /**
   * Makes shards on the executors, which keep them in memory, or on disk where memory is short, until {@link #close}.
   *
   * <pre>{@code
   * ShardSource source = (shard, shards) -> {
   *   int first = ShardSource.first(shard, shards, positions);
   *   int end = ShardSource.first(shard + 1, shards, positions);
   *   return KeyValueShard.of(first, store.keys(first, end), store.values(first, end));
   * };
   * }</pre>
   *
   * @param count number of shards, each a partition
   * @throws IllegalArgumentException if {@code count} is below 1, shards have different shapes, or a position is in two shards
   */
  public static ShardedAttention of(JavaSparkContext context, int count, ShardSource source) {
    Objects.requireNonNull(context, "context");
    Objects.requireNonNull(source, "source");
    Checks.atLeast("count", count, 1);
    JavaRDD<Integer> numbers = context.parallelize(IntStream.range(0, count).boxed().toList(), count);
    JavaRDD<KeyValueShard> shards = numbers.map(shard -> source.shard(shard, count)).persist(StorageLevel.MEMORY_AND_DISK());
    boolean usable = false;
    try {
      ShardedAttention attention = new ShardedAttention(shards, true, ContextLayout.of(shards), ShardSettings.STANDARD);
      usable = true;
      return attention;
    } finally {
      if (!usable) { // Spark's exceptions are checked ones that its methods do not declare
        shards.unpersist();
      }
    }
  }

  /**
   * Attention to shards that the caller has made and persisted. A partition may have any number of shards. This call asks each shard for
   * its shape.
   *
   * @throws IllegalArgumentException if there is no shard, shards have different shapes, or a position is in two shards
   */
  public static ShardedAttention of(JavaRDD<KeyValueShard> shards) {
    Objects.requireNonNull(shards, "shards");
    return new ShardedAttention(shards, false, ContextLayout.of(shards), ShardSettings.STANDARD);
  }

  private ShardedAttention with(ShardSettings newSettings) {
    return new ShardedAttention(shards, owner, layout, newSettings);
  }

  /** Returns a copy with this factor on every similarity in place of 1/√headDim, see {@link Attention#withScale}. */
  public ShardedAttention withScale(float scale) {
    Attention.standard().withScale(scale);
    return with(settings.withScale(scale));
  }

  /** Returns a copy with scores limited to ±softcap, see {@link Attention#withSoftcap}. */
  public ShardedAttention withSoftcap(float softcap) {
    Attention.standard().withSoftcap(softcap);
    return with(settings.withSoftcap(softcap));
  }

  /**
   * Returns a copy with slope · distance subtracted from the scores, see {@link Attention#withAlibi}.
   *
   * @param slopes one slope for each query head
   */
  public ShardedAttention withAlibi(float... slopes) {
    Attention.standard().withAlibi(slopes);
    return with(settings.withSlopes(slopes));
  }

  /**
   * Returns a copy with one learned logit for each query head, which is part of the sum but has no value, see {@link
   * dev.lanewise.kernels.data.Normaliser#softmaxWithSinks}. They are counted once, whatever the number of shards.
   */
  public ShardedAttention withSinks(float... sinks) {
    dev.lanewise.kernels.data.Normaliser.softmaxWithSinks(sinks);
    return with(settings.withSinks(sinks));
  }

  /** Returns a copy in which a query sees the keys up to its own position. */
  public ShardedAttention withCausalMask() {
    return with(settings.withWindow(new ShardSettings.Window(ShardSettings.Window.OPEN, 0, 0)));
  }

  /**
   * Returns a copy in which a query at position p sees positions p − left to p + right, in place of an earlier mask.
   *
   * @param left number of visible keys before the position
   * @param right number of visible keys after the position
   */
  public ShardedAttention withWindow(int left, int right) {
    return withWindow(left, right, 0);
  }

  /**
   * As {@link #withWindow(int, int)}, and also shows the first positions of the context, if they are not behind p + right.
   *
   * @param sinkKeys number of first positions that stay visible
   */
  public ShardedAttention withWindow(int left, int right, int sinkKeys) {
    Checks.atLeast("left", left, 0);
    Checks.atLeast("right", right, 0);
    Checks.atLeast("sinkKeys", sinkKeys, 0);
    return with(settings.withWindow(new ShardSettings.Window(left, right, sinkKeys)));
  }

  /** One past the last position of the shards: the position of the first row of a tail. */
  public int end() {
    return layout.end();
  }

  /**
   * Attention of queries to all shards. The last query has the position of the last key.
   *
   * @param query batch × queryHeads × queries × headDim
   * @return batch × queryHeads × queries × valueDim, with the log-sum-exps; a query that sees no key has output 0
   * @throws IllegalArgumentException if shapes differ, or there are more queries than positions
   */
  public PartialAttention attend(Heads query) {
    return attend(query, List.of(), lastPositions(query, new int[layout.batch()]));
  }

  /**
   * Attention of queries at these positions to all shards.
   *
   * @param positions position of the first query of each batch entry
   */
  public PartialAttention attend(Heads query, int... positions) {
    return attend(query, List.of(), positions);
  }

  /** Attention of the queries of one sequence to all shards and a tail. The last query has the position of the last row of the tail. */
  public PartialAttention attend(Heads query, KeyValueCache tail) {
    return attend(query, List.of(Objects.requireNonNull(tail, "tail")));
  }

  /**
   * Attention of queries to all shards and the tails of a batch. The last query of a batch entry has the position of the last row of its
   * tail.
   *
   * @param tails a cache for each batch entry
   */
  public PartialAttention attend(Heads query, List<KeyValueCache> tails) {
    checkTails(tails);
    return attend(query, tails, lastPositions(query, tails.stream().mapToInt(KeyValueCache::rows).toArray()));
  }

  /**
   * Attention of queries at these positions to all shards and the tails of a batch.
   *
   * @param tails a cache for each batch entry, whose first row has position {@link #end}; an empty list for no tails
   * @param positions position of the first query of each batch entry
   */
  public PartialAttention attend(Heads query, List<KeyValueCache> tails, int... positions) {
    return attend(query, List.copyOf(tails), positions.clone(), COLLECTED_BYTES);
  }

  PartialAttention attend(Heads query, List<KeyValueCache> tails, int[] positions, long collectedBytes) {
    layout.check(query);
    Checks.same("positions.length", positions.length, "query.batch", query.batch());
    for (int b = 0; b < positions.length; b++) {
      Checks.atLeast("positions[" + b + "]", positions[b], 0);
    }
    checkHeads("slopes", settings.slopes(), query);
    checkHeads("sinks", settings.sinks(), query);
    if (!tails.isEmpty()) {
      checkTails(tails);
    }
    ShardCall call = ShardCall.of(settings, positions, query, layout.valueDim());
    // The tail comes first: a cache that does not fit is found before the job starts.
    PartialAttention tail = tails.isEmpty() ? null : call.partial(tails, layout.end(), 1);
    int mostAnswers = (int) Math.min(Integer.MAX_VALUE, collectedBytes / call.answerBytes());
    List<PartialAttention> parts = new ArrayList<>();
    add(parts, PartialTree.merge(shards.mapPartitions(call::answer), mostAnswers));
    add(parts, tail);
    float[] sinks = settings.sinks();
    add(parts, sinks == null ? null : call.partial(sinks));
    if (parts.isEmpty()) {
      return call.partial(filled(query.heads(), Float.NEGATIVE_INFINITY));
    }
    PartialAttention merged = parts.getFirst();
    for (PartialAttention part : parts.subList(1, parts.size())) {
      merged = merged.merge(part);
    }
    return merged;
  }

  private static void add(List<PartialAttention> parts, @Nullable PartialAttention part) {
    if (part != null) {
      parts.add(part);
    }
  }

  private static float[] filled(int length, float value) {
    float[] filled = new float[length];
    Arrays.fill(filled, value);
    return filled;
  }

  private static void checkHeads(String name, float @Nullable [] ofHeads, Heads query) {
    if (ofHeads != null) {
      Checks.same(name + ".length", ofHeads.length, "query.heads", query.heads());
    }
  }

  private void checkTails(List<KeyValueCache> tails) {
    Checks.same("tails.size()", tails.size(), "the batch of the shards", layout.batch());
    for (int b = 0; b < tails.size(); b++) {
      long end = (long) layout.end() + tails.get(b).rows();
      Checks.atMost("the last position of tails[" + b + "]", end, "the largest number of keys", Integer.MAX_VALUE);
    }
  }

  /** The positions of the first queries, if the last query has the position of the last key. */
  private int[] lastPositions(Heads query, int[] tailRows) {
    int[] positions = new int[tailRows.length];
    for (int b = 0; b < positions.length; b++) {
      int keys = layout.end() + tailRows[b];
      Checks.atMost("query.rows", query.rows(), "the number of positions", keys);
      positions[b] = keys - query.rows();
    }
    return positions;
  }

  /** Frees the shards that {@link #of(JavaSparkContext, int, ShardSource)} has made, also for copies. Shards of the caller stay. */
  @Override
  public void close() {
    if (owner) {
      shards.unpersist();
    }
  }
}
