package dev.lanewise.kernels.call;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.kernels.runtime.Checks;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The description of one attention call: geometry, formula, mask and results, checked when it is made. The work is divided into units, one
 * for each batch entry and key/value head. The rows of a unit are the query rows of the group of query heads that share the key/value head,
 * ordered by query and then by head. All rows of a unit read the same keys and values, and neighbouring rows see nearly the same keys.
 */
public final class AttentionProblem {
  public final CallShape shape;
  public final ScoreFormula formula;
  public final CallResults results;
  public final Visibility visibility;

  /** The factor of the similarity. */
  public final float scale;

  /** The output; null for none. */
  public final @Nullable Heads output;

  /** The vector of an additive similarity; null for the others. */
  public final float @Nullable [] additiveVector;

  /** Depths of the last queries and keys, if they are the nodes of a tree. */
  private final int @Nullable [] depths;

  private final boolean watchesScores;
  private final boolean watchesWeights;

  /**
   * Describes a call.
   *
   * @param visibility the mask; null if every query sees every key of its batch entry
   * @param treeDepths depths of the last queries and keys, which are the nodes of a tree, for changes that depend on positions; null for
   *     none
   * @throws IllegalArgumentException naming what does not fit, with both numbers
   */
  public AttentionProblem(
      CallShape shape, ScoreFormula formula, @Nullable Visibility visibility, int @Nullable [] treeDepths, CallResults results) {
    formula.check(shape);
    results.check(shape, formula);
    if (treeDepths != null) {
      checkTree(shape, formula, treeDepths);
    }
    Visibility mask = visibility == null ? new AllKeys(shape) : visibility;
    this.shape = shape;
    this.formula = formula;
    this.results = results;
    this.visibility = DroppedKeys.any(shape.caches()) ? new DroppedKeys(mask, shape.caches()) : mask;
    this.output = results.output();
    this.scale = (float) formula.scale(shape.query().width());
    this.additiveVector = formula.similarity().vector();
    this.depths = treeDepths;
    this.watchesScores = results.observes(Stage.RAW, Stage.MASKED);
    this.watchesWeights = formula.weightFunction() != null || results.observes(Stage.WEIGHTS, Stage.WEIGHTS);
  }

  /** The mask that lets every query see every key of its batch entry. */
  private record AllKeys(CallShape shape) implements Visibility {
    @Override
    public boolean showsAll(int batchEntry) {
      return true;
    }

    @Override
    public int firstKey(int batchEntry, int queryHead, int query) {
      return 0;
    }

    @Override
    public int endKey(int batchEntry, int queryHead, int query) {
      return shape.keys(batchEntry);
    }
  }

  private static void checkTree(CallShape shape, ScoreFormula formula, int[] depths) {
    for (ScoreChange change : formula.changes()) {
      if (change instanceof ScoreChange.Alibi alibi && alibi.offsets() != null) {
        throw new IllegalArgumentException("offsets of ALiBi cannot be combined with a tree, whose depths are positions");
      }
    }
    for (int node = 0; node < depths.length; node++) {
      Checks.atLeast("treeDepths[" + node + "]", depths[node], 0);
    }
    for (int b = 0; b < shape.batch(); b++) {
      Checks.atMost("treeDepths.length", depths.length, "the number of keys of batch entry " + b, shape.keys(b));
    }
  }

  /** An estimate of the number of floating-point operations. */
  public long work() {
    int queries = results.queries() == null ? shape.query().rows() : results.queries().length;
    return (long) shape.query().batch() * shape.queryHeads() * queries * shape.columnKeys() * (2L * shape.query().width());
  }

  /** Number of queries of a batch entry that are computed: all queries or the chosen ones. */
  public int computedQueries(int batchEntry) {
    int[] chosen = results.queries();
    return chosen == null ? shape.queries(batchEntry) : chosen.length;
  }

  /** Position of a computed query in its batch entry. */
  public int position(int computed) {
    int[] chosen = results.queries();
    return chosen == null ? computed : chosen[computed];
  }

  /** Number of units: batch × keyValueHeads. */
  public int units() {
    return shape.batch() * shape.key().heads();
  }

  /** Number of query rows of a unit: computed queries × group. */
  public int rows(int unit) {
    return shape.group() * computedQueries(batchEntry(unit));
  }

  public int batchEntry(int unit) {
    return unit / shape.key().heads();
  }

  public int keyValueHead(int unit) {
    return unit % shape.key().heads();
  }

  /** The query head that a unit's row belongs to. */
  public int queryHead(int unit, int row) {
    return keyValueHead(unit) * shape.group() + row % shape.group();
  }

  /** Position, in its batch entry, of the query of a unit's row. */
  public int queryRow(int row) {
    return position(row / shape.group());
  }

  /**
   * The position of a query for ALiBi. Without offsets, the last query has the position of the last key. The position of a tree node
   * follows from its depth.
   */
  public long queryPosition(ScoreChange.Alibi alibi, int batchEntry, int query) {
    int keys = shape.keys(batchEntry);
    int[] offsets = alibi.offsets();
    if (offsets != null) {
      return query + (long) offsets[batchEntry];
    }
    int row = query + (keys - shape.queries(batchEntry));
    return depths == null ? row : nodePosition(depths, row, keys);
  }

  /** The position of a key: its row, or for a tree node the number of rows before the tree plus its depth. */
  public int keyPosition(int batchEntry, int key) {
    return depths == null ? key : nodePosition(depths, key, shape.keys(batchEntry));
  }

  private static int nodePosition(int[] depths, int row, int keys) {
    int before = keys - depths.length;
    return row < before ? row : before + depths[row - before];
  }

  /** The first key of a batch entry whose position is not its row. */
  public int endOfRows(int batchEntry) {
    int keys = shape.keys(batchEntry);
    return depths == null ? keys : keys - depths.length;
  }

  /** The cached rows of a batch entry. */
  public CachedSequence cached(int batchEntry) {
    return shape.caches()[batchEntry];
  }

  /** The values of a call that computes an output and has no caches. */
  public Heads value() {
    return Objects.requireNonNull(results.value());
  }

  /** Whether scores are changed or observed between similarity and mask. */
  public boolean changesScores() {
    return !formula.changes().isEmpty() || !results.observers().isEmpty();
  }

  /** Whether the call runs a function, which must receive the keys of a row once. */
  public boolean callsFunctions() {
    return !results.observers().isEmpty() || formula.changesByFunction() || formula.weightFunction() != null;
  }

  /** The same call without its observers, which have received their rows. */
  public AttentionProblem withoutObservers() {
    CallResults unobserved = new CallResults(results.value(), results.output(), results.logSumExp(), results.queries(), List.of());
    return new AttentionProblem(shape, formula, visibility, depths, unobserved);
  }

  /** Whether a kernel that computes weights in a second pass over the keys would call a function twice for the same score. */
  public boolean callsTwice() {
    return formula.changesByFunction() && watchesWeights;
  }

  /** Whether a function observes scores, which includes the scores of masked keys. */
  public boolean watchesScores() {
    return watchesScores;
  }

  /** Whether a function observes or changes weights. */
  public boolean watchesWeights() {
    return watchesWeights;
  }

  /** Calls the observers of a stage for {@code count} keys of a row from {@code key} on; their elements begin at {@code row[at]}. */
  public void observe(Stage stage, float[] row, int at, int count, int batchEntry, int head, int query, int key) {
    for (int i = 0; count > 0 && i < results.observers().size(); i++) { // without an iterator, because this runs for each row
      CallResults.Observer observer = results.observers().get(i);
      if (observer.stage() == stage) {
        observer.function().apply(row, at, count, batchEntry, head, query, key);
      }
    }
  }

  /** Lets a function change {@code count} keys of a row from {@code key} on, as far as the query sees them. */
  public void change(RowFunction function, float[] row, int at, int count, int batchEntry, int head, int query, int key) {
    if (count > 0) {
      VisibleSegments.apply(function, visibility, row, at, key, count, batchEntry, head, query);
    }
  }
}
