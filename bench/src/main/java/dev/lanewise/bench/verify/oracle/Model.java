package dev.lanewise.bench.verify.oracle;

import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.Similarity;
import org.jspecify.annotations.Nullable;

/**
 * A call as plain data, which the reference reads: each batch entry, or sequence, has dense arrays of its own, whatever the layout of the
 * operands and wherever keys and values come from.
 */
public final class Model {
  /** Sums of more terms than this are judged by what the library promises of long ones, {@link #LONG_ERROR} of their size. */
  public static final int LONG = 4096;

  private static final double LONG_ERROR = 1e-6;

  public final Extent extent;
  public final int keyValueHeads;
  public final int headDim;
  public final int valueDim;

  /** Of each entry heads × queries × headDim. */
  public final float[][] query;

  /** Of each entry keyValueHeads × keys × headDim; a cache's as it stores them. */
  public final float[][] key;

  /** Of each entry keyValueHeads × keys × valueDim, likewise. */
  public final float[][] value;

  /**
   * The possible error of each element of {@link #key}, which was rounded next to a tie; null for an entry that was not rounded to
   * integers.
   */
  public final float[] @Nullable [] keyError;

  /** The same for {@link #value}. */
  public final float[] @Nullable [] valueError;

  /** Where each entry's queries and keys begin in the rows of all, if they are packed. */
  public int @Nullable [] queryStarts;

  public int @Nullable [] keyStarts;

  public Rule rule = (b, head, i, j, queries, keys) -> true;

  public double scale = 1;
  public double softcap;
  public @Nullable Bias bias;

  /** What positions add to a score, by head and by how far the key stands behind the query; null for nothing. */
  public @Nullable Relative relative;

  /** The parents of a tree's nodes, which are the last queries and keys; empty for none. A node stands at its depth. */
  public int[] tree = {};

  /** The possible error of rotated queries and keys, relative to their lengths. */
  public double rotationError;

  public float @Nullable [] slopes;
  public @Nullable Change scoreFunction;
  public @Nullable Change weightFunction;
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

  /** The elements of the rows from {@code firstRow} on of a batch entry: heads × rows × width. */
  public static float[] dense(Heads view, int b, int firstRow, int rows) {
    float[] dense = new float[view.heads() * rows * view.width()];
    int n = 0;
    for (int head = 0; head < view.heads(); head++) {
      for (int row = firstRow; row < firstRow + rows; row++) {
        int at = view.offset() + b * view.batchStride() + head * view.headStride() + row * view.rowStride();
        for (int column = 0; column < view.width(); column++) {
          dense[n++] = view.data()[at + column * view.columnStride()];
        }
      }
    }
    return dense;
  }

  /** Where a query stands: the last one where the last key does. */
  public int queryPosition(int b, int i) {
    int queries = extent.queries()[b];
    return Math.max(0, extent.keys()[b] - queries) + standing(i, queries);
  }

  /** Where a key stands. */
  public int keyPosition(int b, int j) {
    int keys = extent.keys()[b];
    return Math.max(0, extent.queries()[b] - keys) + standing(j, keys);
  }

  private int standing(int row, int rows) {
    int first = rows - tree.length;
    int position = Math.min(row, first);
    for (int node = row - first; node > 0 && tree[node] >= 0; node = tree[node]) {
      position++;
    }
    return position;
  }

  /** How far a key stands behind a query. */
  public int behind(int b, int i, int j) {
    return keyPosition(b, j) - queryPosition(b, i);
  }

  public int keyValueHead(int head) {
    return head / (extent.heads() / keyValueHeads);
  }

  /** The first element of a query's row. */
  public int queryAt(int b, int head, int i) {
    return (head * extent.queries()[b] + i) * headDim;
  }

  /** The first element of the key row that a query head reads. */
  public int keyAt(int b, int head, int j) {
    return (keyValueHead(head) * extent.keys()[b] + j) * headDim;
  }

  public int valueAt(int b, int head, int j) {
    return (keyValueHead(head) * extent.keys()[b] + j) * valueDim;
  }

  public boolean sees(int b, int head, int i, int j) {
    return rule.sees(b, head, i, j, extent.queries()[b], extent.keys()[b]);
  }

  /** What rounding may do to a sum of so many terms, relative to the sum of their sizes. */
  static double summing(int terms, double fewest) {
    return terms > LONG ? LONG_ERROR : 0x1p-24 * (fewest + 4 * Math.sqrt(terms));
  }

  /** What is added to a score. */
  public double biasOf(Bias of, int b, int head, int i, int j) {
    return of.data()[of.offset() + b * of.batchStride() + head * of.headStride() + i * of.queryStride() + j * of.keyStride()];
  }

  /** Whether a query neither sees a key nor has anything but −∞ to add to its score. */
  public boolean hidden(int b, int head, int i, int j) {
    Bias of = bias;
    return !sees(b, head, i, j) || (of != null && biasOf(of, b, head, i, j) == Double.NEGATIVE_INFINITY);
  }

  /** The place of a query's row among those of a dense result. */
  public int rowOf(int b, int head, int i) {
    int[] starts = queryStarts;
    return starts == null ? (b * extent.heads() + head) * extent.queries()[b] + i : head * starts[extent.entries()] + starts[b] + i;
  }

  /** Rows of a dense result. */
  public int rows() {
    int[] starts = queryStarts;
    return starts == null ? extent.entries() * extent.heads() * extent.mostQueries() : extent.heads() * starts[extent.entries()];
  }

  /** The place of a key among the column sums. */
  public int columnOf(int b, int head, int j) {
    int[] starts = keyStarts;
    return starts == null ? (b * extent.heads() + head) * extent.mostKeys() + j : head * starts[extent.entries()] + starts[b] + j;
  }

  public int columns() {
    int[] starts = keyStarts;
    return starts == null ? extent.entries() * extent.heads() * extent.mostKeys() : extent.heads() * starts[extent.entries()];
  }

  /** What is added for a head and a distance. */
  @FunctionalInterface
  public interface Relative {
    float of(int head, int behind);
  }

  /** What positions add to a score. */
  double relativeOf(int b, int head, int i, int j) {
    Relative of = relative;
    return of == null ? 0 : of.of(head, behind(b, i, j));
  }

  /** What the caller's function makes of a score. */
  public double scoreOf(double score, int b, int head, int i, int j) {
    Change change = scoreFunction;
    return change == null ? score : change.of(score, b, head, i, j);
  }

  /** What the caller's function makes of a weight. */
  public double weightOf(double weight, int b, int head, int i, int j) {
    Change change = weightFunction;
    return change == null ? weight : change.of(weight, b, head, i, j);
  }

  /** A function of a score or a weight and of where it stands. It carries an error on by {@code slope} at most. */
  public record Change(double slope, Formula formula) {
    /** The formula. */
    @FunctionalInterface
    public interface Formula {
      double of(double x, int b, int head, int i, int j);
    }

    public double of(double x, int b, int head, int i, int j) {
      return formula.of(x, b, head, i, j);
    }
  }

  /** Which keys a query sees. */
  @FunctionalInterface
  public interface Rule {
    /** Whether query i of L sees key j of S, in a batch entry and a query head. */
    boolean sees(int b, int head, int i, int j, int queries, int keys);
  }

  /** What a mask has to fit. */
  public record Extent(int heads, int[] queries, int[] keys, int mostQueries, int mostKeys) {
    public int entries() {
      return queries.length;
    }
  }
}
