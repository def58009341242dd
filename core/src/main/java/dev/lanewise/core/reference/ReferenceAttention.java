package dev.lanewise.core.reference;

import dev.lanewise.core.Attention;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.mask.lowering.Extents;
import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.AttentionProblemBuilder;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.Interruption;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Computes attention by its formulas, in three passes for each query row and with every sum in double. It is the reference that the fast
 * code is measured against, for every variant of {@link Attention} and every result. It is slow, single-threaded, and reads float inputs.
 * Its own error is about 1e-15 of the largest value (1e-7 where a {@link RowFunction} works on a float copy of a row).
 *
 * <pre>{@code
 * double[] expected = ReferenceAttention.of(query, key, value).mask(Mask.causal()).softcap(30).output();
 * }</pre>
 *
 * <p>The steps of a score are, in this order: scale, softcap, bias and ALiBi, the caller's score function, the mask, the normaliser, and
 * the caller's weight function. A masked key, or a key whose score is −∞, never affects a result, whatever it holds. A query with no
 * remaining key has output 0 and weights 0; its log-sum-exp is its sink, or −∞ without a sink. A NaN score makes its own row NaN.
 *
 * <p>Results are dense. With packed sequences they contain the rows of all sequences, so batch counts as 1. Rows of scores and weights are
 * then as long as the longest sequence has keys: element j belongs to key j of the row's own sequence, and the elements after the last key
 * of that sequence are −∞, or weight 0.
 *
 * <p>Immutable: each setting returns a changed copy.
 */
public final class ReferenceAttention {
  final Heads query;
  final Heads key;
  Mask mask = Mask.none();
  Similarity similarity = Similarity.dot();
  double softcap;
  @Nullable Bias bias;
  float @Nullable [] slopes;
  @Nullable RowFunction scoreFunction;
  Normaliser normaliser = Normaliser.softmax();
  @Nullable RowFunction weightFunction;
  final @Nullable Heads value;
  private double scale = Double.NaN;
  private boolean rounded;
  private @Nullable PackedSequences sequences;

  private ReferenceAttention(Heads query, Heads key, @Nullable Heads value) {
    this.query = query;
    this.key = key;
    this.value = value;
  }

  /** Attention without an output, over query (batch × queryHeads × queries × headDim) and key (batch × keyValueHeads × keys × headDim). */
  public static ReferenceAttention of(Heads query, Heads key) {
    return new ReferenceAttention(Objects.requireNonNull(query, "query"), Objects.requireNonNull(key, "key"), null);
  }

  /** Attention over query, key and value (batch × keyValueHeads × keys × valueDim). */
  public static ReferenceAttention of(Heads query, Heads key, Heads value) {
    Objects.requireNonNull(query, "query");
    Objects.requireNonNull(key, "key");
    return new ReferenceAttention(query, key, Objects.requireNonNull(value, "value"));
  }

  private ReferenceAttention with(Consumer<ReferenceAttention> change) {
    ReferenceAttention copy = new ReferenceAttention(query, key, value);
    copy.mask = mask;
    copy.similarity = similarity;
    copy.scale = scale;
    copy.softcap = softcap;
    copy.bias = bias;
    copy.slopes = slopes;
    copy.scoreFunction = scoreFunction;
    copy.normaliser = normaliser;
    copy.weightFunction = weightFunction;
    copy.sequences = sequences;
    copy.rounded = rounded;
    change.accept(copy);
    return copy;
  }

  /** Returns a copy with this mask; the default is no mask. */
  public ReferenceAttention mask(Mask newMask) {
    Objects.requireNonNull(newMask, "mask");
    return with(copy -> copy.mask = newMask);
  }

  /** Returns a copy with this similarity of queries and keys; the default is the dot product. */
  public ReferenceAttention similarity(Similarity newSimilarity) {
    Objects.requireNonNull(newSimilarity, "similarity");
    return with(copy -> copy.similarity = newSimilarity);
  }

  /**
   * Returns a copy with this factor on the similarity; the default is 1/√headDim for the dot product and 1 for the others.
   *
   * @throws IllegalArgumentException if it is not finite
   */
  public ReferenceAttention scale(double newScale) {
    if (!Double.isFinite(newScale)) {
      throw new IllegalArgumentException("scale is " + newScale + ", must be finite");
    }
    return with(copy -> copy.scale = newScale);
  }

  /**
   * Returns a copy with scores limited to softcap · tanh(score / softcap); 0 for none.
   *
   * @throws IllegalArgumentException if it is negative or not finite
   */
  public ReferenceAttention softcap(double newSoftcap) {
    if (!(newSoftcap >= 0 && newSoftcap < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("softcap is " + newSoftcap + ", must be positive and finite, or 0 for none");
    }
    return with(copy -> copy.softcap = newSoftcap);
  }

  /** Returns a copy with this bias added to the scores; −∞ masks. */
  public ReferenceAttention bias(Bias newBias) {
    Objects.requireNonNull(newBias, "bias");
    return with(copy -> copy.bias = newBias);
  }

  /**
   * Returns a copy with slopes[queryHead] · |query + keys − queries − key| subtracted from the scores (ALiBi). The position of a tree node
   * is its depth.
   */
  public ReferenceAttention slopes(float... newSlopes) {
    Objects.requireNonNull(newSlopes, "slopes");
    return with(copy -> copy.slopes = newSlopes.clone());
  }

  /**
   * Returns a copy with this function applied to the scores, before the mask. The function sees the keys that the query sees, see {@link
   * RowFunction}.
   */
  public ReferenceAttention scoreFunction(RowFunction function) {
    Objects.requireNonNull(function, "scoreFunction");
    return with(copy -> copy.scoreFunction = function);
  }

  /** Returns a copy with this function from scores to weights; the default is softmax. */
  public ReferenceAttention normaliser(Normaliser newNormaliser) {
    Objects.requireNonNull(newNormaliser, "normaliser");
    return with(copy -> copy.normaliser = newNormaliser);
  }

  /**
   * Returns a copy with this function applied to the weights. It sees the same keys. Values that it writes where the score is −∞ are
   * ignored.
   */
  public ReferenceAttention weightFunction(RowFunction function) {
    Objects.requireNonNull(function, "weightFunction");
    return with(copy -> copy.weightFunction = function);
  }

  /** Returns a copy for operands that hold several packed sequences. */
  public ReferenceAttention sequences(PackedSequences newSequences) {
    Objects.requireNonNull(newSequences, "sequences");
    return with(copy -> copy.sequences = newSequences);
  }

  /**
   * With every sum and every value rounded to float, as plain float code with one accumulator for each sum computes them. The distance from
   * the result in double is the yardstick for the error of fast code.
   */
  public ReferenceAttention inFloat() {
    return with(copy -> copy.rounded = true);
  }

  /** The nearest float, or the number itself in double. */
  double round(double x) {
    return rounded ? (float) x : x;
  }

  /**
   * Weights · V: batch × queryHeads × queries × valueDim.
   *
   * @throws IllegalStateException if there is no value, see {@link #of(Heads, Heads)}
   * @throws IllegalArgumentException if shapes differ or a setting does not fit them; every other result throws it too
   */
  public double[] output() {
    Heads values = value;
    if (values == null) {
      throw new IllegalStateException("output is requested, but there is no value");
    }
    Checks.same("value.batch", values.batch(), "key.batch", key.batch());
    Checks.same("value.heads", values.heads(), "key.heads", key.heads());
    Checks.same("value.rows", values.rows(), "key.rows", key.rows());
    double[] output = new double[Checks.product("query.batch * query.heads * query.rows", queryRows(), "value.width", values.width())];
    forEachRow((n, row) -> row.addOutput(values, output, n * values.width()));
    return output;
  }

  /**
   * ln Σ e<sup>score</sup> of each row, including sinks: batch × queryHeads × queries.
   *
   * @throws IllegalStateException if the normaliser is no softmax
   */
  public double[] logSumExp() {
    if (!normaliser.hasLogSumExp()) {
      throw new IllegalStateException("only softmax has a logSumExp");
    }
    double[] result = new double[queryRows()];
    forEachRow((n, row) -> result[n] = row.logSumExp());
    return result;
  }

  /** The same as {@link #scores} at {@link Stage#WEIGHTS}. */
  public double[] weights() {
    return scores(Stage.WEIGHTS);
  }

  /** The scores at a stage: batch × queryHeads × queries × keys. */
  public double[] scores(Stage stage) {
    Objects.requireNonNull(stage, "stage");
    int width = extents().mostKeys();
    double[] result = new double[Checks.product("query.batch * query.heads * query.rows", queryRows(), extents().keysName(), width)];
    Arrays.fill(result, stage == Stage.WEIGHTS ? 0 : Double.NEGATIVE_INFINITY);
    forEachRow(
        (n, row) -> {
          double[] scores = row.at(stage);
          System.arraycopy(scores, 0, result, n * width, scores.length);
        });
    return result;
  }

  /** Sum of the weights of each key over all queries: batch × queryHeads × keys, or queryHeads × key rows of all sequences. */
  public double[] columnSums() {
    double[] sums = new double[Checks.product("query.batch * query.heads", queryHeads(), "key.rows", key.rows())];
    forEachRow((n, row) -> row.addWeights(sums, n / query.rows() * key.rows()));
    return sums;
  }

  private interface RowAction {
    /** Takes a row and its number among all rows of a dense result. */
    void accept(int n, ReferenceRow row);
  }

  private void forEachRow(RowAction action) {
    check();
    Extents extents = extents();
    for (int b = 0; b < extents.batch(); b++) {
      for (int head = 0; head < query.heads(); head++) {
        for (int i = 0; i < extents.queries(b); i++) {
          Interruption.check();
          action.accept(rowNumber(b, head, i), new ReferenceRow(this, extents, b, head, i));
        }
      }
    }
  }

  private void check() {
    AttentionProblemBuilder problem = AttentionProblem.of(query, key).similarity(similarity).normaliser(normaliser);
    if (bias != null) {
      problem.bias(bias);
    }
    if (slopes != null) {
      problem.slopes(slopes);
    }
    if (sequences != null) {
      problem.sequences(sequences);
    }
    problem.build();
    mask.check(extents());
  }

  double scale() {
    return !Double.isNaN(scale) ? scale : similarity.scalesByWidth() ? 1 / Math.sqrt(query.width()) : 1;
  }

  /** Batch entries, or sequences, with their numbers of queries and keys. */
  Extents extents() {
    return sequences == null ? Extents.of(query, key) : Extents.of(query, sequences);
  }

  private int firstQuery(int b) {
    return sequences == null ? 0 : sequences.queryStart(b);
  }

  /** The number of a query's row in a dense result. */
  int rowNumber(int b, int head, int i) {
    return (sequences == null ? b * query.heads() + head : head) * query.rows() + firstQuery(b) + i;
  }

  /** Index of a query's first element in its array. */
  int queryIndex(int b, int head, int i) {
    return query.index(sequences == null ? b : 0, head, firstQuery(b) + i);
  }

  /** The row of a key among all key rows of its head. */
  int keyRow(int b, int j) {
    return sequences == null ? j : sequences.keyStart(b) + j;
  }

  /** Index of the first element of a key, or of its value, in the array of {@code rows}, for a query head. */
  int keyIndex(Heads rows, int b, int head, int j) {
    return rows.index(sequences == null ? b : 0, head / (query.heads() / key.heads()), keyRow(b, j));
  }

  /** Query heads of all batch entries together. */
  private int queryHeads() {
    return Checks.product("query.batch", query.batch(), "query.heads", query.heads());
  }

  private int queryRows() {
    return Checks.product("query.batch * query.heads", queryHeads(), "query.rows", query.rows());
  }
}
