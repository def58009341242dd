package dev.lanewise.kernels;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.AttentionTasks;
import dev.lanewise.kernels.call.BackwardProblem;
import dev.lanewise.kernels.call.KernelProvider;
import dev.lanewise.kernels.call.NormProblem;
import dev.lanewise.kernels.call.NormProblem.Norm;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.data.RotaryTable;
import dev.lanewise.kernels.data.WeightFormat;
import dev.lanewise.kernels.plain.ScalarKernels;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.selection.KernelSelection;
import java.lang.System.Logger;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The entry point of the kernels. It checks every argument once, before anything is written, and calls one of two implementations: SIMD
 * ({@link #vector}) or plain Java ({@link #scalar}). Instances have no state; threads may share them.
 *
 * <p>Each call runs on the calling thread. A wrong argument causes an {@link IllegalArgumentException} that names it and contains both
 * numbers; null causes a {@link NullPointerException} that names the argument. Such a call has written nothing. A call that computes an
 * element on an interrupted thread throws {@link java.util.concurrent.CancellationException}, leaves the interrupt status set, and its
 * result is undefined. Packing does not check for interrupts.
 *
 * <pre>{@code
 * Kernels kernels = Kernels.selected();
 * kernels.scores(query, key, 1 / 8f, scores); // QKᵀ / √64
 * kernels.softmax(scores, scores); // each row, in place
 * kernels.output(scores, value, output); // weights · V
 * }</pre>
 *
 * <pre>{@code
 * PackedMatrix packed = kernels.packTransposed(weight); // once for many products
 * kernels.product(x, packed, bias, Activation.GELU, y);
 * kernels.rotate(heads, heads, RotaryTable.of(RotaryTable.Form.HALF, frequencies, 1), 0);
 * }</pre>
 */
public final class Kernels {
  private static final Logger LOGGER = System.getLogger("dev.lanewise.kernels");
  private static final Kernels SCALAR = new Kernels(new ScalarKernels());

  private static @Nullable Kernels vector;
  private static @Nullable Kernels selected;

  private final KernelProvider provider;
  private final BackwardKernels backward;

  private Kernels(KernelProvider provider) {
    this.provider = provider;
    this.backward = new BackwardKernels(provider);
  }

  /**
   * The fastest kernels that this JVM can run. The choice is made once, at the first call, and logged. {@code
   * -Dlanewise.kernels=vector|scalar} forces a path, {@code -Dlanewise.kernels=timed} measures both.
   *
   * @throws IllegalStateException if the forced path cannot be loaded; the message says what is missing
   */
  public static synchronized Kernels selected() {
    Kernels kernels = selected;
    if (kernels == null) {
      KernelSelection.Choice choice = KernelSelection.choose(SCALAR.provider);
      kernels = choice.isVector() ? vector() : SCALAR;
      // Logged here because a logger prints the name of the calling method, and this name suits both messages.
      String running = (choice.isVector() ? "SIMD kernels: " + kernels.path() : "plain Java kernels") + choice.reason();
      LOGGER.log(choice.level(), "Lanewise runs " + running);
      selected = kernels;
    }
    return kernels;
  }

  /** Plain Java kernels. */
  public static Kernels scalar() {
    return SCALAR;
  }

  /**
   * SIMD kernels.
   *
   * @throws IllegalStateException if this JVM cannot run them; the message names the flag that is missing
   */
  public static synchronized Kernels vector() {
    Kernels kernels = vector;
    if (kernels == null) {
      kernels = new Kernels(KernelSelection.loadVector());
      vector = kernels;
    }
    return kernels;
  }

  /** {@code scalar} or {@code vector-<bits>}. */
  public String path() {
    return provider.path();
  }

  /** Floats per vector; 1 for the scalar path. */
  public int lanes() {
    return provider.lanes();
  }

  /** The gradients of these kernels, for learning. */
  public BackwardKernels backward() {
    return backward;
  }

  /**
   * result[r][c] = e<sup>x[r][c]</sup>, within 2 ULP where the result is normal and 1 ULP where it is denormal; exactly 1 at ±0. {@code
   * result} may be {@code x} itself.
   *
   * @param x rows × columns
   * @param result rows × columns, written
   */
  public void exp(Matrix x, Matrix result) {
    DenseRows.run(provider::exp, "x", x, "result", result);
  }

  /**
   * result[r][c] = activation(x[r][c]); {@link Activation} gives the formulas and error bounds. {@code result} may be {@code x} itself.
   *
   * @param x rows × columns
   * @param result rows × columns, written
   */
  public void activate(Activation activation, Matrix x, Matrix result) {
    Objects.requireNonNull(activation, "activation");
    DenseRows.run((from, to) -> provider.activate(activation, from, to), "x", x, "result", result);
  }

  /**
   * result[r][c] = activation(gate[r][c]) · up[r][c], the gated feed-forward of Shazeer ("GLU variants improve transformer", 2020): SwiGLU
   * with {@link Activation#SILU}, GEGLU with {@link Activation#GELU}. {@code result} may be {@code gate} or {@code up} itself.
   *
   * @param gate rows × columns
   * @param up rows × columns
   * @param result rows × columns, written
   */
  public void gate(Activation activation, Matrix gate, Matrix up, Matrix result) {
    Objects.requireNonNull(activation, "activation");
    ViewChecks.sameShape("up", up, "gate", gate);
    ViewChecks.sameShape("result", result, "gate", gate);
    ViewChecks.writableInPlace("result", result, "gate", gate);
    ViewChecks.writableInPlace("result", result, "up", up);
    if (!result.isEmpty()) {
      Matrix written = DenseRows.target(result);
      provider.gate(activation, DenseRows.of(gate), DenseRows.of(up), written);
      DenseRows.store(written, result);
    }
  }

  /**
   * result[r][c] = (x[r][c] − mean<sub>r</sub>) / √(variance<sub>r</sub> + epsilon) · weight[c] + bias[c], with the mean and the biased
   * variance of row r (Ba, Kiros and Hinton, "Layer normalization", 2016). A row with a NaN or an infinity becomes NaN. {@code result} may
   * be {@code x} itself.
   *
   * @param x rows × columns
   * @param weight columns elements, or null for 1
   * @param bias columns elements, or null for 0
   * @param epsilon at least 0; with 0 a row of equal elements is NaN
   * @param result rows × columns, written
   */
  public void layerNorm(Matrix x, float @Nullable [] weight, float @Nullable [] bias, float epsilon, Matrix result) {
    norm(NormProblem.of(x, new Norm(true, weight, bias, epsilon), result));
  }

  /**
   * sum = x + residual, result = {@link #layerNorm} of sum: a residual connection and the norm that follows it, computed row by row while
   * the row is in cache. {@code sum} may be {@code x} or {@code residual} itself, and {@code result} may be any of the three; if it is
   * {@code sum}, the norm replaces the sum. The other arguments are those of {@link #layerNorm}.
   *
   * @param residual rows × columns
   * @param sum rows × columns, written
   */
  public void addLayerNorm(
      Matrix x, Matrix residual, Matrix sum, float @Nullable [] weight, float @Nullable [] bias, float epsilon, Matrix result) {
    norm(NormProblem.ofSum(x, residual, sum, new Norm(true, weight, bias, epsilon), result));
  }

  /**
   * result[r][c] = x[r][c] / √(Σ<sub>k</sub> x[r][k]² / columns + epsilon) · weight[c] (Zhang and Sennrich, "Root mean square layer
   * normalization", 2019). A row with a NaN becomes NaN; in a row with an infinity, finite elements become 0. {@code result} may be {@code
   * x} itself.
   *
   * @param x rows × columns
   * @param weight columns elements, or null for 1
   * @param epsilon at least 0; with 0 a row of zeros is NaN
   * @param result rows × columns, written
   */
  public void rmsNorm(Matrix x, float @Nullable [] weight, float epsilon, Matrix result) {
    norm(NormProblem.of(x, new Norm(false, weight, null, epsilon), result));
  }

  /** sum = x + residual, result = {@link #rmsNorm} of sum; see {@link #addLayerNorm}. */
  public void addRmsNorm(Matrix x, Matrix residual, Matrix sum, float @Nullable [] weight, float epsilon, Matrix result) {
    norm(NormProblem.ofSum(x, residual, sum, new Norm(false, weight, null, epsilon), result));
  }

  private void norm(NormProblem problem) {
    if (!problem.result().isEmpty()) {
      NormProblem written = DenseRows.of(problem);
      provider.norm(written);
      DenseRows.store(written, problem);
    }
  }

  /**
   * scores[i][j] = scale · Σ<sub>d</sub> query[i][d] · key[j][d], that is QKᵀ with its scale.
   *
   * @param query queries × headDim
   * @param key keys × headDim
   * @param scale factor of each dot product; attention uses 1/√headDim
   * @param scores queries × keys, written
   */
  public void scores(Matrix query, Matrix key, float scale, Matrix scores) {
    ProductChecks.scores(query, key, scores);
    if (!scores.isEmpty()) {
      Matrix written = DenseRows.target(scores);
      provider.scores(DenseRows.of(query), DenseRows.of(key), scale, written);
      DenseRows.store(written, scores);
    }
  }

  /**
   * scores[i][j] = Σ<sub>a</sub> vector[a] · tanh(query[i][a] + key[j][a]): the additive scores of Bahdanau, Cho and Bengio (2015), for
   * queries and keys that have been projected.
   *
   * @param query queries × size
   * @param key keys × size
   * @param vector size elements
   * @param scores queries × keys, written
   */
  public void additiveScores(Matrix query, Matrix key, float[] vector, Matrix scores) {
    ProductChecks.scores(query, key, scores);
    Objects.requireNonNull(vector, "vector");
    Checks.same("vector.length", vector.length, "query.columns", query.columns());
    ViewChecks.disjoint("scores", scores, "vector", Matrix.of(vector, 1, vector.length));
    if (!scores.isEmpty()) {
      Matrix written = DenseRows.target(scores);
      provider.additiveScores(DenseRows.of(query), DenseRows.of(key), vector, written);
      DenseRows.store(written, scores);
    }
  }

  /**
   * weights[i][j] = e<sup>scores[i][j] − m</sup> / Σ<sub>k</sub> e<sup>scores[i][k] − m</sup> with m the maximum of row i, which keeps
   * every exponent at or below 0. A row of −∞ gets weights 0; a row with a NaN or +∞ (∞ − ∞ is NaN) becomes NaN. {@code weights} may be
   * {@code scores} itself.
   *
   * @param scores queries × keys
   * @param weights queries × keys, written
   */
  public void softmax(Matrix scores, Matrix weights) {
    DenseRows.run(provider::softmax, "scores", scores, "weights", weights);
  }

  /** {@link #softmax(Matrix, Matrix)} along any axis of a view. */
  public void softmax(Heads scores, Heads.Axis axis, Heads weights) {
    DenseRows.run(provider::softmax, axis, "scores", scores, "weights", weights);
  }

  /**
   * result[i][j] = x[i][j] − m − ln Σ<sub>k</sub> e<sup>x[i][k] − m</sup> with m the maximum of row i: the logarithm of the softmax, finite
   * also where the softmax is too small for a float. A row of −∞ stays −∞; a row with a NaN or +∞ becomes NaN. {@code result} may be {@code
   * x} itself.
   *
   * @param x rows × columns
   * @param result rows × columns, written
   */
  public void logSoftmax(Matrix x, Matrix result) {
    DenseRows.run(provider::logSoftmax, "x", x, "result", result);
  }

  /** {@link #logSoftmax(Matrix, Matrix)} along any axis of a view. */
  public void logSoftmax(Heads x, Heads.Axis axis, Heads result) {
    DenseRows.run(provider::logSoftmax, axis, "x", x, "result", result);
  }

  /**
   * output[i][d] = Σ<sub>j</sub> weights[i][j] · value[j][d], that is AV. Without keys the output is 0.
   *
   * @param weights queries × keys
   * @param value keys × valueDim
   * @param output queries × valueDim, written
   */
  public void output(Matrix weights, Matrix value, Matrix output) {
    ProductChecks.output(weights, value, output);
    if (!output.isEmpty()) {
      Matrix written = DenseRows.target(output);
      provider.output(DenseRows.of(weights), DenseRows.of(value), written);
      DenseRows.store(written, output);
    }
  }

  /**
   * Rotary position embedding (Su et al., "RoFormer", 2021): rotates pair i of a row at position p by the angle p · frequencies[i], (left,
   * right) becoming (left · cos − right · sin, right · cos + left · sin). Elements from {@code table.rotaryDim()} on are copied. {@code
   * output} may be {@code input} itself if {@code input} does not repeat elements. Both paths give the same bits.
   *
   * @param input batch × heads × rows × headDim
   * @param output batch × heads × rows × headDim, written
   * @param firstPosition row r of every batch entry is at position firstPosition + r
   */
  public void rotate(Heads input, Heads output, RotaryTable table, int firstPosition) {
    Rotation.check(input, output, table);
    Rotation.checkFirst(firstPosition, "input", input.rows(), table);
    try (Rotation rotation = Rotation.of(input, output, table)) {
      rotation.run(provider, null, firstPosition);
    }
  }

  /**
   * As {@link #rotate(Heads, Heads, RotaryTable, int)}, with a position for each row.
   *
   * @param positions dense batch × rows; if the table has sections also sections × batch × rows
   */
  public void rotate(Heads input, Heads output, RotaryTable table, int[] positions) {
    Rotation.check(input, output, table);
    table.checkPositions("positions", positions, "input.batch * input.rows", (long) input.batch() * input.rows());
    try (Rotation rotation = Rotation.of(input, output, table)) {
      rotation.run(provider, positions, 0);
    }
  }

  /**
   * Cuts an attention call into tasks for {@code threads} threads. SIMD kernels keep the scores of one tile in memory, plain Java the
   * scores of one row. If one function changes scores and another observes or changes weights, SIMD kernels keep as many rows as fit in 16
   * MB, at least one.
   *
   * @hidden
   */
  public AttentionTasks plan(AttentionProblem problem, int threads) {
    Objects.requireNonNull(problem, "problem");
    Checks.atLeast("threads", threads, 1);
    return provider.plan(problem, threads);
  }

  /**
   * Cuts the backward pass of an attention call into tasks for {@code threads} threads.
   *
   * @hidden
   */
  public AttentionTasks planBackward(BackwardProblem problem, int threads) {
    Objects.requireNonNull(problem, "problem");
    Checks.atLeast("threads", threads, 1);
    return provider.planBackward(problem, threads);
  }

  /** Packs a weight of shape inputs × outputs for {@link #product}. */
  public PackedMatrix pack(Matrix weight) {
    Objects.requireNonNull(weight, "weight");
    return PackedMatrix.of(weight, false, provider.panelWidth());
  }

  /** Packs a weight of shape outputs × inputs, the layout of PyTorch's {@code nn.Linear}, for {@link #product}. */
  public PackedMatrix packTransposed(Matrix weight) {
    Objects.requireNonNull(weight, "weight");
    return PackedMatrix.of(weight, true, provider.panelWidth());
  }

  /** As {@link #packTransposed(Matrix)}, with the elements stored in {@code format}. */
  public PackedMatrix packTransposed(Matrix weight, WeightFormat format) {
    Objects.requireNonNull(weight, "weight");
    Objects.requireNonNull(format, "format");
    if (format == WeightFormat.F32) {
      return packTransposed(weight);
    }
    PackedMatrix.Rows rows =
        (output, target) -> {
          for (int input = 0; input < weight.columns(); input++) {
            target[input] = weight.data()[weight.index(output, input)];
          }
        };
    return packRows(rows, weight.columns(), weight.rows(), format);
  }

  /**
   * Packs a weight that is read an output at a time, for {@link #product}. At no time are all of its numbers in memory as floats, unless
   * that is the format.
   *
   * @param rows reads a row of the weight, which is outputs × inputs
   * @param format the format in which the elements are stored
   * @throws IllegalArgumentException if the format cannot hold a number; the message names the number by its output and input
   */
  public PackedMatrix packRows(PackedMatrix.Rows rows, int inputs, int outputs, WeightFormat format) {
    Objects.requireNonNull(rows, "rows");
    Objects.requireNonNull(format, "format");
    Checks.atLeast("inputs", inputs, 0);
    Checks.atLeast("outputs", outputs, 0);
    return PackedMatrix.of(rows, inputs, outputs, format, provider.panelWidth());
  }

  /**
   * Packs stored codes, unchanged.
   *
   * @hidden
   */
  public PackedMatrix packCodes(PackedMatrix.Codes rows, int inputs, int outputs, WeightFormat format) {
    return PackedMatrix.ofCodes(rows, inputs, outputs, format, provider.panelWidth());
  }

  /**
   * Packs a packed weight for the panels of these kernels, bit for bit.
   *
   * @hidden
   */
  public PackedMatrix repack(PackedMatrix weight) {
    return weight.panelWidth() == provider.panelWidth() ? weight : weight.repacked(provider.panelWidth());
  }

  /** {@link #product(Matrix, PackedMatrix, float[], Activation, Matrix)} without an activation. */
  public void product(Matrix input, PackedMatrix weight, float @Nullable [] bias, Matrix result) {
    product(input, weight, bias, Activation.NONE, result);
  }

  /**
   * result[r][o] = activation(Σ<sub>i</sub> input[r][i] · weight[i][o] + bias[o]).
   *
   * @param input rows × inputs
   * @param weight inputs × outputs, packed by these kernels in any format; the arithmetic is in float
   * @param bias outputs elements, or null for no bias
   * @param activation applied to each element while the element is in cache
   * @param result rows × outputs, written
   */
  public void product(Matrix input, PackedMatrix weight, float @Nullable [] bias, Activation activation, Matrix result) {
    Objects.requireNonNull(activation, "activation");
    ProductChecks.product(input, weight, bias, result, path(), provider.panelWidth());
    if (!result.isEmpty()) {
      Matrix written = DenseRows.target(result);
      provider.product(DenseRows.of(input), weight, bias, activation, written);
      DenseRows.store(written, result);
    }
  }
}
