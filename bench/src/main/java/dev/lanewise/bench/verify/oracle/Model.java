package dev.lanewise.bench.verify.oracle;

import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.Similarity;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A call as plain data. Each batch entry or sequence has dense arrays of its own, independent of the layout of the operands and of caches.
 */
public final class Model {
  /** The number of terms above which a sum is judged by the library's promise for long sums, {@link #LONG_ERROR} of their size. */
  public static final int LONG = 4096;

  private static final double LONG_ERROR = 1e-6;

  public final Extent extent;
  public final int keyValueHeads;
  public final int headDim;
  public final int valueDim;

  /** The queries of each entry: heads × queries × headDim. */
  public final float[][] query;

  /** The keys of each entry as a cache stores them: keyValueHeads × keys × headDim. */
  public final float[][] key;

  /** The values of each entry: keyValueHeads × keys × valueDim. */
  public final float[][] value;

  /**
   * The possible error of each element of {@link #key}, which was rounded next to a tie; null for an entry that was not rounded to
   * integers.
   */
  public final float[] @Nullable [] keyError;

  /** The same for {@link #value}. */
  public final float[] @Nullable [] valueError;

  /** The first query row of each entry, if sequences are packed; null if not. */
  public int @Nullable [] queryStarts;

  /** The first key row of each entry, if sequences are packed; null if not. */
  public int @Nullable [] keyStarts;

  public Rule rule = (b, head, i, j, queries, keys) -> true;

  public double scale = 1;

  /** The changes of the scores, by rising rank. */
  public final List<ScoreChange> changes = new ArrayList<>();

  /** The parents of a tree's nodes, which are the last queries and keys; empty without a tree. A node has the position of its depth. */
  public int[] tree = {};

  /** The possible error of rotated queries and keys, relative to their lengths. */
  public double rotationError;

  public ScoreChange.@Nullable Function weightFunction;
  public Normaliser normaliser = Normaliser.softmax();
  public Similarity.Kind similarity = Similarity.Kind.DOT;
  public float[] vector = {};

  public Model(Extent extent, int keyValueHeads, int headDim, int valueDim) {
    int entries = extent.entries();
    this.extent = extent;
    this.keyValueHeads = keyValueHeads;
    this.headDim = headDim;
    this.valueDim = valueDim;
    this.query = new float[entries][];
    this.key = new float[entries][];
    this.value = new float[entries][];
    this.keyError = new float[entries][];
    this.valueError = new float[entries][];
  }

  public void add(ScoreChange change) {
    changes.add(change);
    changes.sort(Comparator.comparingInt(ScoreChange::rank));
  }

  /** The number of changes that lead to capped scores. */
  int caps() {
    return (int) changes.stream().filter(change -> change.rank() == 0).count();
  }

  /** The position of a query. The last query has the position of the last key. */
  public int queryPosition(int b, int i) {
    int queries = extent.queries()[b];
    return Math.max(0, extent.keys()[b] - queries) + position(i, queries);
  }

  /** The position of a key. */
  public int keyPosition(int b, int j) {
    int keys = extent.keys()[b];
    return Math.max(0, extent.queries()[b] - keys) + position(j, keys);
  }

  private int position(int row, int rows) {
    int first = rows - tree.length;
    int position = Math.min(row, first);
    for (int node = row - first; node > 0 && tree[node] >= 0; node = tree[node]) {
      position++;
    }
    return position;
  }

  /** The position of a key minus that of a query. */
  public int behind(int b, int i, int j) {
    return keyPosition(b, j) - queryPosition(b, i);
  }

  public int keyValueHead(int head) {
    return head / (extent.heads() / keyValueHeads);
  }

  /** The index of a query row's first element. */
  public int queryAt(int b, int head, int i) {
    return (head * extent.queries()[b] + i) * headDim;
  }

  /** The index of the first element of the key row that a query head reads. */
  public int keyAt(int b, int head, int j) {
    return (keyValueHead(head) * extent.keys()[b] + j) * headDim;
  }

  public int valueAt(int b, int head, int j) {
    return (keyValueHead(head) * extent.keys()[b] + j) * valueDim;
  }

  public boolean sees(int b, int head, int i, int j) {
    return rule.sees(b, head, i, j, extent.queries()[b], extent.keys()[b]);
  }

  /** The end of the keys that any query sees. */
  public int endKey() {
    int end = 0;
    for (int b = 0; b < extent.entries(); b++) {
      for (int head = 0; head < extent.heads(); head++) {
        for (int i = 0; i < extent.queries()[b]; i++) {
          for (int j = extent.keys()[b]; j > end; j--) {
            end = sees(b, head, i, j - 1) ? j : end;
          }
        }
      }
    }
    return end;
  }

  /** The possible rounding error of a sum of so many terms, relative to the sum of their sizes. */
  static double summing(int terms, double fewest) {
    return terms > LONG ? LONG_ERROR : 0x1p-24 * (fewest + 4 * Math.sqrt(terms));
  }

  /** Whether a mask or an addend of −∞ hides a key from a query. */
  public boolean hidden(int b, int head, int i, int j) {
    return !sees(b, head, i, j)
        || changes.stream().anyMatch(change -> change instanceof ScoreChange.Sum(var addend) && addend.of(b, head, i, j) == Bounds.GONE);
  }

  /** The batch entry of the views of queries that an entry's queries belong to. */
  public int queryEntry(int b) {
    return queryStarts == null ? b : 0;
  }

  /** The row of a query in a head of those views. */
  public int queryRow(int b, int i) {
    int[] starts = queryStarts;
    return starts == null ? i : starts[b] + i;
  }

  /** The number of a query's row among the rows of a dense result. */
  public int rowOf(int b, int head, int i) {
    return (queryEntry(b) * extent.heads() + head) * queryRows() + queryRow(b, i);
  }

  private int queryRows() {
    int[] starts = queryStarts;
    return starts == null ? extent.mostQueries() : starts[extent.entries()];
  }

  /** The number of rows of a dense result. */
  public int rows() {
    return (queryStarts == null ? extent.entries() : 1) * extent.heads() * queryRows();
  }

  /** The number of a key among the column sums. */
  public int columnOf(int b, int head, int j) {
    int[] starts = keyStarts;
    return starts == null ? (b * extent.heads() + head) * extent.mostKeys() + j : head * starts[extent.entries()] + starts[b] + j;
  }

  public int columns() {
    int[] starts = keyStarts;
    return starts == null ? extent.entries() * extent.heads() * extent.mostKeys() : extent.heads() * starts[extent.entries()];
  }

  /** Which keys a query sees. */
  @FunctionalInterface
  public interface Rule {
    /** Whether query i of L sees key j of S, in a batch entry and a query head. */
    boolean sees(int b, int head, int i, int j, int queries, int keys);
  }

  /** The shape of a call, which masks have to fit. */
  public record Extent(int heads, int[] queries, int[] keys, int mostQueries, int mostKeys) {
    public int entries() {
      return queries.length;
    }
  }
}
