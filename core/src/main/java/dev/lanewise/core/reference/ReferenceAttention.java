package dev.lanewise.core.reference;

import dev.lanewise.core.Attention;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.ScoreFormula;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.Interruption;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Computes attention by its formulas, in three passes for each query row and with every sum in double. It is the reference that the fast
 * code is measured against, for every variant of {@link Attention} and every result. It is slow, single-threaded, and reads float inputs.
 * Its own error is about 1e-15 of the largest value (1e-7 where a {@link RowFunction} works on a float copy of a row).
 *
 * <pre>{@code
 * double[] expected = ReferenceAttention.of(attention, query, key, value).output();
 * }</pre>
 *
 * <p>The steps of a score are, in this order: scale, the changes of the formula, the mask, the normaliser, and the caller's weight
 * function. A masked key, or a key whose score is −∞, never affects a result, whatever it holds. A query with no remaining key has output 0
 * and weights 0; its log-sum-exp is its sink, or −∞ without a sink. A NaN score makes its own row NaN.
 *
 * <p>Results are dense. With packed sequences they contain the rows of all sequences, so batch counts as 1. Rows of scores and weights are
 * then as long as the longest sequence has keys: element j belongs to key j of the row's own sequence, and the elements after the last key
 * of that sequence are −∞, or weight 0.
 *
 * <p>Immutable.
 */
public final class ReferenceAttention {
  final CallShape shape;
  final ScoreFormula formula;
  final Mask mask;
  final @Nullable Heads value;
  private final boolean rounded;

  private ReferenceAttention(CallShape shape, ScoreFormula formula, Mask mask, @Nullable Heads value, boolean rounded) {
    this.shape = shape;
    this.formula = formula;
    this.mask = mask;
    this.value = value;
    this.rounded = rounded;
  }

  /**
   * A call of an attention without an output.
   *
   * @param attention its formula, mask and packed sequences count, its threads and kernels do not
   * @param query batch × queryHeads × queries × headDim
   * @param key batch × keyValueHeads × keys × headDim
   * @throws IllegalArgumentException if shapes differ or a setting does not fit them
   */
  public static ReferenceAttention of(Attention attention, Heads query, Heads key) {
    return new ReferenceAttention(checked(attention, query, key), attention.settings().formula(), attention.settings().mask(), null, false);
  }

  /**
   * A call of an attention, see {@link #of(Attention, Heads, Heads)}.
   *
   * @param value batch × keyValueHeads × keys × valueDim
   */
  public static ReferenceAttention of(Attention attention, Heads query, Heads key, Heads value) {
    CallShape shape = checked(attention, query, key);
    Objects.requireNonNull(value, "value");
    shape.checkValue(value);
    return new ReferenceAttention(shape, attention.settings().formula(), attention.settings().mask(), value, false);
  }

  private static CallShape checked(Attention attention, Heads query, Heads key) {
    Objects.requireNonNull(attention, "attention");
    CallShape shape = attention.settings().shape(query, key);
    attention.settings().check(shape);
    return shape;
  }

  /**
   * With every sum and every value rounded to float, as plain float code with one accumulator for each sum computes them. The distance from
   * the result in double is the yardstick for the error of fast code.
   */
  public ReferenceAttention inFloat() {
    return new ReferenceAttention(shape, formula, mask, value, true);
  }

  /** Whether sums and values are rounded to float. */
  boolean isRounded() {
    return rounded;
  }

  /** The nearest float, or the number itself in double. */
  double round(double x) {
    return rounded ? (float) x : x;
  }

  /**
   * Weights · V: batch × queryHeads × queries × valueDim.
   *
   * @throws IllegalStateException if there is no value
   */
  public double[] output() {
    Heads values = values();
    double[] output = new double[Checks.product("query.batch * query.heads * query.rows", queryRows(), "value.width", values.width())];
    forEachRow((n, row) -> row.addOutput(values, output, n * values.width()));
    return output;
  }

  /**
   * The output row of one query of a batch entry, or of a packed sequence.
   *
   * @throws IllegalStateException if there is no value
   * @throws IndexOutOfBoundsException if there is no such query
   */
  public double[] output(int b, int head, int query) {
    Checks.index("b", b, shape.batch());
    Checks.index("head", head, shape.queryHeads());
    Checks.index("query", query, shape.queries(b));
    Heads values = values();
    double[] row = new double[values.width()];
    new ReferenceRow(this, b, head, query).addOutput(values, row, 0);
    return row;
  }

  private Heads values() {
    if (value == null) {
      throw new IllegalStateException("output is requested, but there is no value");
    }
    return value;
  }

  /**
   * ln Σ e<sup>score</sup> of each row, including sinks: batch × queryHeads × queries.
   *
   * @throws IllegalStateException if the normaliser is no softmax
   */
  public double[] logSumExp() {
    if (!formula.normaliser().hasLogSumExp()) {
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
    int width = shape.mostKeys();
    double[] result = new double[Checks.product("query.batch * query.heads * query.rows", queryRows(), shape.keysName(), width)];
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
    double[] sums = new double[Checks.product("query.batch * query.heads", queryHeads(), "key.rows", shape.key().rows())];
    forEachRow((n, row) -> row.addWeights(sums));
    return sums;
  }

  private interface RowAction {
    /** Takes a row and its number among all rows of a dense result. */
    void accept(int n, ReferenceRow row);
  }

  private void forEachRow(RowAction action) {
    for (int b = 0; b < shape.batch(); b++) {
      for (int head = 0; head < shape.queryHeads(); head++) {
        for (int i = 0; i < shape.queries(b); i++) {
          Interruption.check();
          action.accept(shape.queryNumber(b, head, i), new ReferenceRow(this, b, head, i));
        }
      }
    }
  }

  /** Query heads of all batch entries together. */
  private int queryHeads() {
    return Checks.product("query.batch", shape.query().batch(), "query.heads", shape.queryHeads());
  }

  private int queryRows() {
    return Checks.product("query.batch * query.heads", queryHeads(), "query.rows", shape.query().rows());
  }
}
