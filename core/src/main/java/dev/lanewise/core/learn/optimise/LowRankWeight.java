package dev.lanewise.core.learn.optimise;

import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.Trainable;
import dev.lanewise.kernels.BackwardKernels;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A low-rank adapter of a weight inside of any layer, such as the query rows of {@code in_proj_weight} (Hu et al., "LoRA: low-rank
 * adaptation of large language models", 2021, formula 3): W + (α/r) B·A takes the place of W, where A is r × inputs, and B is outputs × r.
 * {@link LowRank} adapts a projection by itself and needs no gradient of W; this adapter knows nothing of the layer and computes the
 * gradients of A and B from that of W: dA = (α/r) Bᵀ·dW, dB = (α/r) dW·Aᵀ.
 *
 * <p>At first A is uniform in ±1/√inputs and B is 0, so the adapter changes nothing. Its parameters are {@code lora_A.weight} and {@code
 * lora_B.weight}. Only they are given to the optimiser. W must not be frozen, because its gradient is needed. Mutable, and for one thread
 * at a time.
 *
 * <pre>{@code
 * LowRankWeight query = LowRankWeight.of(42, inProjection, 0, embedDim, 8, 16); // a seed, W, its rows, the rank r, and α
 * Optimiser optimiser = AdamW.of(query.parameters());
 * query.merge(trace); // before the forward pass of each step
 * attention.forward(x, y, trace);
 * attention.backward(trace, outputGradient, null);
 * query.collect(trace); // after the backward pass
 * optimiser.step(1e-3);
 * query.merge(trace); // before the layer is read, by toLayer() or tensors()
 * }</pre>
 */
public final class LowRankWeight implements Trainable {
  private final Parameter weight;
  private final int from;
  private final int outputs;
  private final int inputs;
  private final int rank;
  private final float scale;

  /** The rows of W without the adapter. */
  private final float[] original;

  private final Parameter a;
  private final Parameter b;
  private final List<Parameter> parameters;

  private LowRankWeight(Parameter weight, int from, int outputs, int inputs, int rank, double alpha, float[] valuesOfA) {
    this.weight = weight;
    this.from = from;
    this.outputs = outputs;
    this.inputs = inputs;
    this.rank = rank;
    this.scale = (float) (alpha / rank);
    this.original = Arrays.copyOfRange(weight.values(), from * inputs, (from + outputs) * inputs);
    this.a = Parameter.of("lora_A.weight", valuesOfA, rank, inputs);
    this.b = Parameter.of("lora_B.weight", new float[outputs * rank], outputs, rank);
    this.parameters = List.of(a, b);
  }

  /**
   * Creates an adapter of some rows of a weight. The values of these rows are copied: they stay what W was.
   *
   * @param seed chooses the first values of A
   * @param weight outputs × inputs, not frozen
   * @param fromRow the first row (output) that is adapted
   * @param toRow one past the last row
   * @param rank r: at least 1, at most the number of inputs and of adapted rows
   * @param alpha α, the factor of the adapter together with the rank; finite and not 0
   * @throws IllegalArgumentException naming what does not fit, with both numbers
   */
  public static LowRankWeight of(long seed, Parameter weight, int fromRow, int toRow, int rank, double alpha) {
    Objects.requireNonNull(weight, "weight");
    long[] shape = weight.shape();
    Checks.same("the number of dimensions of " + weight.name(), shape.length, "that of a matrix", 2);
    Checks.atLeast("fromRow", fromRow, 0);
    Checks.atMost("toRow", toRow, "the rows of " + weight.name(), shape[0]);
    Checks.atMost("fromRow", fromRow, "toRow", toRow);
    float[] values = LowRank.firstValues(seed, shape[1], "adapted rows", (long) toRow - fromRow, rank, alpha);
    if (weight.isFrozen()) {
      throw new IllegalArgumentException("parameter " + weight.name() + " is frozen, and its gradient is needed");
    }
    return new LowRankWeight(weight, fromRow, toRow - fromRow, (int) shape[1], rank, alpha, values);
  }

  /** The parameters of the adapter: {@code lora_A.weight} and {@code lora_B.weight}. */
  @Override
  public List<Parameter> parameters() {
    return parameters;
  }

  /**
   * Writes W + (α/r) B·A to the adapted rows, with the kernels of {@code trace}, and sets the gradient of these rows to 0: an aborted step
   * may have left numbers there.
   */
  public void merge(Trace trace) {
    BackwardKernels kernels = trace.kernels().backward();
    int borrowed = trace.borrowed();
    Matrix product = borrow(trace, outputs, inputs);
    kernels.productInput(Matrix.of(b.values(), outputs, rank), Matrix.of(a.values(), rank, inputs), product);
    restore();
    kernels.add(scale, product, rows(weight.values()));
    trace.release(borrowed);
    if (!weight.isFrozen()) {
      clearGradient();
    }
  }

  /**
   * Adds the gradients of A and B that follow from the gradient of the adapted rows, and sets the gradient of these rows to 0. A frozen
   * parameter of the adapter gets none.
   */
  public void collect(Trace trace) {
    BackwardKernels kernels = trace.kernels().backward();
    Matrix gradient = rows(weight.gradient());
    int borrowed = trace.borrowed();
    if (!a.isFrozen()) {
      Matrix toA = borrow(trace, rank, inputs);
      Arrays.fill(toA.data(), toA.offset(), toA.offset() + rank * inputs, 0);
      kernels.productWeight(Matrix.of(b.values(), outputs, rank), gradient, toA);
      kernels.add(scale, toA, Matrix.of(a.gradient(), rank, inputs));
    }
    if (!b.isFrozen()) {
      Matrix toB = borrow(trace, outputs, rank);
      trace.kernels().scores(gradient, Matrix.of(a.values(), rank, inputs), 1, toB);
      kernels.add(scale, toB, Matrix.of(b.gradient(), outputs, rank));
    }
    trace.release(borrowed);
    clearGradient();
  }

  /** Dense rows whose elements are undefined. */
  private static Matrix borrow(Trace trace, int rows, int columns) {
    return trace.borrow(1, rows, columns).matrix(0, 0, rows, 0, columns);
  }

  private void clearGradient() {
    Arrays.fill(weight.gradient(), from * inputs, (from + outputs) * inputs, 0);
  }

  /** Writes W to the adapted rows: the layer as it was. */
  public void restore() {
    System.arraycopy(original, 0, weight.values(), from * inputs, original.length);
  }

  private Matrix rows(float[] data) {
    return new Matrix(data, from * inputs, outputs, inputs, inputs);
  }
}
