package dev.lanewise.core.reference;

import dev.lanewise.core.Attention;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.Interruption;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Computes the gradients of attention by their formulas, row by row and with every sum in double: the reference for {@link
 * Attention#backward}, for every variant and every gradient. It is slow, single-threaded, and reads float inputs.
 *
 * <pre>{@code
 * double[] expected = ReferenceGradients.of(attention, query, key, value, outputGradient).query();
 * }</pre>
 *
 * <p>Results are dense, with the shape of what they are the gradient of. A masked key, or a key whose score is −∞, never affects a
 * gradient, whatever it holds. Immutable.
 */
public final class ReferenceGradients {
  final ReferenceAttention forward;
  final Heads value;
  final Heads outputGradient;
  final float @Nullable [] logSumExpGradient;
  private @Nullable Sums sums;

  private ReferenceGradients(ReferenceAttention forward, Heads value, Heads outputGradient, float @Nullable [] logSumExpGradient) {
    this.forward = forward;
    this.value = value;
    this.outputGradient = outputGradient;
    this.logSumExpGradient = logSumExpGradient;
  }

  /** The gradients, as they are added up. */
  static final class Sums {
    final double[] query;
    final double[] key;
    final double[] value;
    final double[] bias;
    final double[] positionBias;
    final double[] slopes;
    final double[] sinks;
    final double[] scale = new double[1];
    double scaleTerms;
    final double[] vector;

    Sums(ReferenceGradients call) {
      CallShape shape = call.forward.shape;
      query = new double[size(shape.query())];
      key = new double[size(shape.key())];
      value = new double[size(call.value)];
      bias = new double[call.biasLength(false)];
      positionBias = new double[call.biasLength(true)];
      slopes = new double[shape.queryHeads()];
      sinks = new double[shape.queryHeads()];
      vector = new double[shape.query().width()];
    }

    private static int size(Heads view) {
      int rows = Checks.product("batch * heads", Checks.product("batch", view.batch(), "heads", view.heads()), "rows", view.rows());
      return Checks.product("batch * heads * rows", rows, "width", view.width());
    }
  }

  /**
   * The gradients of a call of an attention.
   *
   * @param attention its formula, mask and packed sequences count, its threads and kernels do not
   * @param query batch × queryHeads × queries × headDim
   * @param key batch × keyValueHeads × keys × headDim
   * @param value batch × keyValueHeads × keys × valueDim
   * @param outputGradient the gradient of the loss by the output, batch × queryHeads × queries × valueDim
   * @throws IllegalArgumentException if shapes differ or a setting does not fit them
   */
  public static ReferenceGradients of(Attention attention, Heads query, Heads key, Heads value, Heads outputGradient) {
    ReferenceAttention forward = ReferenceAttention.of(attention, query, key, value);
    Objects.requireNonNull(outputGradient, "outputGradient");
    Checks.same("outputGradient.batch", outputGradient.batch(), "query.batch", query.batch());
    Checks.same("outputGradient.heads", outputGradient.heads(), "query.heads", query.heads());
    Checks.same("outputGradient.rows", outputGradient.rows(), "query.rows", query.rows());
    Checks.same("outputGradient.width", outputGradient.width(), "value.width", value.width());
    return new ReferenceGradients(forward, value, outputGradient, null);
  }

  /** With the gradient of the loss by the log-sum-exp of each row, dense batch × queryHeads × queries. */
  public ReferenceGradients withLogSumExpGradient(float[] gradient) {
    return new ReferenceGradients(forward, value, outputGradient, Objects.requireNonNull(gradient, "gradient"));
  }

  /**
   * With every sum and every value rounded to float, as plain float code with one accumulator for each sum computes them from a float
   * output and a float log-sum-exp, which is one unit in the last place off. The distance from the result in double is the yardstick for
   * the error of fast code.
   */
  public ReferenceGradients inFloat() {
    return new ReferenceGradients(forward.inFloat(), value, outputGradient, logSumExpGradient);
  }

  /** By query: batch × queryHeads × queries × headDim. */
  public double[] query() {
    return sums().query.clone();
  }

  /** By key: batch × keyValueHeads × keys × headDim. */
  public double[] key() {
    return sums().key.clone();
  }

  /** By value: batch × keyValueHeads × keys × valueDim. */
  public double[] value() {
    return sums().value.clone();
  }

  /** By the elements of the caller's bias, as long as its data; 0 for an element that no score reads. */
  public double[] bias() {
    return sums().bias.clone();
  }

  /** By the elements of the bias of positions, as long as its data. */
  public double[] positionBias() {
    return sums().positionBias.clone();
  }

  /** By the slope of each query head. */
  public double[] slopes() {
    return sums().slopes.clone();
  }

  /** By the sink of each query head. */
  public double[] sinks() {
    return sums().sinks.clone();
  }

  /** By the factor of the similarity: one element. */
  public double[] scale() {
    return sums().scale.clone();
  }

  /**
   * The sum of the absolute values of the terms of {@link #scale}, by which its error is judged: the terms often cancel each other.
   *
   * @hidden
   */
  public double scaleTerms() {
    return sums().scaleTerms;
  }

  /** By the elements of the vector of an additive similarity. */
  public double[] additiveVector() {
    return sums().vector.clone();
  }

  /** Whether sums and values are rounded to float. */
  boolean isInFloat() {
    return forward.isRounded();
  }

  private int biasLength(boolean ofPositions) {
    for (ScoreChange change : forward.formula.changes()) {
      if (change instanceof ScoreChange.AddedBias(Bias bias, boolean positions) && positions == ofPositions) {
        return bias.data().length;
      }
    }
    return 0;
  }

  private synchronized Sums sums() {
    Sums found = sums;
    if (found == null) {
      found = new Sums(this);
      CallShape shape = forward.shape;
      for (int b = 0; b < shape.batch(); b++) {
        for (int head = 0; head < shape.queryHeads(); head++) {
          for (int query = 0; query < shape.queries(b); query++) {
            Interruption.check();
            new ReferenceGradientRow(this, b, head, query).addTo(found);
          }
        }
      }
      sums = found;
    }
    return found;
  }
}
