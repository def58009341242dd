package dev.lanewise.kernels.call;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.data.Stage;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The description of one attention call, checked when it is built. The work is divided into units, one for each batch entry and key/value
 * head. The rows of a unit are the query rows of the group of query heads that share the key/value head, ordered by query and then by head.
 * All rows of a unit read the same keys and values, and neighbouring rows see nearly the same keys.
 */
public final class AttentionProblem {
  public final Heads query;
  public final Heads key;
  final @Nullable Heads value;
  public final @Nullable Heads output;
  private final CachedSequence @Nullable [] cached;
  public final float scale;
  public final Similarity similarity;

  /** The vector of an additive similarity; null for the others. */
  public final float @Nullable [] additiveVector;

  public final Visibility visibility;
  public final float softcap;

  /** The biases that are added to the scores, in this order. */
  public final List<Bias> biases;

  public final float @Nullable [] slopes;

  /** Depths of the last queries and keys, if they are the nodes of a tree. */
  private final int @Nullable [] depths;

  public final Normaliser normaliser;
  public final float @Nullable [] logSumExp;
  final @Nullable PackedSequences sequences;
  private final int @Nullable [] chosen;
  public final List<Hook> hooks;
  private final boolean watchesScores;
  private final boolean watchesWeights;
  private final boolean changesByFunction;

  /** A function of the caller and the stage that it observes or changes. */
  public record Hook(Stage stage, RowFunction function, boolean changes) {}

  AttentionProblem(AttentionProblemBuilder builder) {
    this.query = builder.query;
    this.key = builder.key;
    this.value = builder.value;
    this.output = builder.output;
    this.cached = builder.cached;
    this.scale = builder.scale;
    this.similarity = builder.similarity;
    this.additiveVector = builder.similarity.vector();
    Visibility mask = builder.visibility == null ? new AllKeys(this) : builder.visibility;
    this.visibility = cached != null && DroppedKeys.any(cached) ? new DroppedKeys(mask, cached) : mask;
    this.softcap = builder.softcap;
    this.biases = builder.biases();
    this.slopes = builder.slopes;
    this.depths = builder.depths;
    this.normaliser = builder.normaliser;
    this.logSumExp = builder.logSumExp;
    this.sequences = builder.sequences;
    this.chosen = builder.rows;
    this.hooks = List.copyOf(builder.hooks);
    this.watchesScores = hasHook(false, Stage.RAW, Stage.MASKED);
    this.changesByFunction = hasHook(true, Stage.CHANGED, Stage.CHANGED);
    this.watchesWeights = hasHook(true, Stage.WEIGHTS, Stage.WEIGHTS) || hasHook(false, Stage.WEIGHTS, Stage.WEIGHTS);
  }

  /** The mask that lets every query see every key of its batch entry. */
  private record AllKeys(AttentionProblem problem) implements Visibility {
    @Override
    public int firstKey(int batchEntry, int queryHead, int query) {
      return 0;
    }

    @Override
    public int endKey(int batchEntry, int queryHead, int query) {
      return problem.keys(batchEntry);
    }
  }

  /**
   * Starts the description of a call.
   *
   * @param query batch × queryHeads × queries × headDim
   * @param key batch × keyValueHeads × keys × headDim, keyValueHeads a divisor of queryHeads
   */
  public static AttentionProblemBuilder of(Heads query, Heads key) {
    return new AttentionProblemBuilder(query, key);
  }

  /**
   * Starts the description of a call whose keys and values are cached.
   *
   * @param query batch × queryHeads × queries × headDim, or of batch 1, with {@link AttentionProblemBuilder#sequences} for the queries
   * @param caches the cached rows of each batch entry, all of one layout; at least one
   * @throws IllegalArgumentException if there are none
   */
  public static AttentionProblemBuilder of(Heads query, CachedSequence[] caches) {
    return new AttentionProblemBuilder(query, caches);
  }

  private boolean hasHook(boolean changes, Stage from, Stage to) {
    for (Hook hook : hooks) {
      if (hook.changes == changes && hook.stage.compareTo(from) >= 0 && hook.stage.compareTo(to) <= 0) {
        return true;
      }
    }
    return false;
  }

  /** Whether batch entries may have different numbers of queries or keys, because sequences are packed or keys are cached. */
  boolean isUneven() {
    return sequences != null || cached != null;
  }

  /** Number of batch entries, or of packed sequences. */
  public int batch() {
    return sequences == null ? query.batch() : sequences.count();
  }

  /** Number of queries of a batch entry. */
  int queries(int batchEntry) {
    return sequences == null ? query.rows() : sequences.queries(batchEntry);
  }

  /** Number of queries of a batch entry that are computed: all queries or the chosen ones. */
  public int computedQueries(int batchEntry) {
    return chosen == null ? queries(batchEntry) : chosen.length;
  }

  /** Position of a computed query in its batch entry. */
  public int position(int computed) {
    return chosen == null ? computed : chosen[computed];
  }

  /** Number of keys of a batch entry. */
  public int keys(int batchEntry) {
    if (cached != null) {
      return cached[batchEntry].rows();
    }
    return sequences == null ? key.rows() : sequences.keys(batchEntry);
  }

  /** Number of units: batch × keyValueHeads. */
  int units() {
    return batch() * key.heads();
  }

  /** Number of query rows of a unit: computed queries × {@link #group}. */
  int rows(int unit) {
    return group() * computedQueries(batchEntry(unit));
  }

  /** Number of query heads that share a key/value head. */
  public int group() {
    return query.heads() / key.heads();
  }

  public int batchEntry(int unit) {
    return unit / key.heads();
  }

  public int keyValueHead(int unit) {
    return unit % key.heads();
  }

  /** The query head that a unit's row belongs to. */
  public int queryHead(int unit, int row) {
    return keyValueHead(unit) * group() + row % group();
  }

  /** Position, in its batch entry, of the query of a unit's row. */
  public int queryRow(int row) {
    return position(row / group());
  }

  /** Index of a query's row in the array of {@code heads}, which is query or output. */
  public int queryIndex(Heads heads, int batchEntry, int queryHead, int position) {
    return sequences == null
        ? heads.index(batchEntry, queryHead, position)
        : heads.index(0, queryHead, sequences.queryStart(batchEntry) + position);
  }

  /** Index of a key's row of a unit in the array of {@code heads}, which is key or value. */
  public int keyIndex(Heads heads, int unit, int row) {
    int b = batchEntry(unit);
    int head = keyValueHead(unit);
    return sequences == null ? heads.index(b, head, row) : heads.index(0, head, sequences.keyStart(b) + row);
  }

  /**
   * Index of a query's log-sum-exp in {@link #logSumExp}: batch × queryHeads × queries, or queryHeads × query rows of all packed sequences.
   */
  public int logSumExpIndex(int batchEntry, int queryHead, int position) {
    return sequences == null
        ? (batchEntry * query.heads() + queryHead) * query.rows() + position
        : queryHead * query.rows() + sequences.queryStart(batchEntry) + position;
  }

  /** The position of a query. The last query has the position of the last key; the position of a tree node follows from its depth. */
  public int queryPosition(int batchEntry, int query) {
    int keys = keys(batchEntry);
    int row = query + keys - queries(batchEntry);
    return depths == null ? row : nodePosition(depths, row, keys);
  }

  /** The position of a key: its row, or for a tree node the number of rows before the tree plus its depth. */
  public int keyPosition(int batchEntry, int key) {
    return depths == null ? key : nodePosition(depths, key, keys(batchEntry));
  }

  private static int nodePosition(int[] depths, int row, int keys) {
    int before = keys - depths.length;
    return row < before ? row : before + depths[row - before];
  }

  /** The first key of a batch entry whose position is not its row. */
  public int endOfRows(int batchEntry) {
    int keys = keys(batchEntry);
    return depths == null ? keys : keys - depths.length;
  }

  /** Whether keys and values are cached; {@link #key} then has no rows, and there is no {@link #value}. */
  public boolean isCached() {
    return cached != null;
  }

  /** The cache of a batch entry. */
  public CachedSequence cached(int batchEntry) {
    return Objects.requireNonNull(cached)[batchEntry];
  }

  /** The channel scales by which the columns of a cached K were divided, heads × headDim; null for none. */
  public float @Nullable [] keyChannels(int batchEntry) {
    CachedSequence rows = cached(batchEntry);
    int last = (rows.rows() - 1) / KeyValueLayout.BLOCK_ROWS; // never dropped
    return rows.rows() == 0 ? null : rows.memory(last).keyChannels();
  }

  /** The values of a call that computes an output. */
  public Heads value() {
    return Objects.requireNonNull(value);
  }

  /** Whether scores are changed or observed between similarity and mask. */
  public boolean changesScores() {
    return softcap > 0 || !biases.isEmpty() || slopes != null || !hooks.isEmpty();
  }

  /** Whether a function of the caller changes scores. It must receive the keys of a row in order, on one thread. */
  public boolean changesByFunction() {
    return changesByFunction;
  }

  /** Whether a kernel that computes weights in a second pass over the keys would call a function twice for the same score. */
  public boolean callsTwice() {
    return changesByFunction && watchesWeights;
  }

  /** Whether a function observes scores, which includes the scores of masked keys. */
  public boolean watchesScores() {
    return watchesScores;
  }

  /** Whether a function observes or changes weights. */
  public boolean watchesWeights() {
    return watchesWeights;
  }
}
