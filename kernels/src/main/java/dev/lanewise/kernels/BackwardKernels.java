package dev.lanewise.kernels;

import dev.lanewise.kernels.call.GradientKernels;
import dev.lanewise.kernels.call.GradientKernels.Gate;
import dev.lanewise.kernels.call.GradientKernels.Norm;
import dev.lanewise.kernels.call.GradientKernels.Targets;
import dev.lanewise.kernels.call.KernelProvider;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.data.RotaryTable;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The gradients of {@link Kernels}: of products, activations, norms, softmax, cross-entropy, rotations and embeddings. {@link
 * Kernels#backward} returns it. With L the loss of a training step, the gradient of a matrix x is the matrix ∂L/∂x of the same shape. A
 * gradient is either written, or added to what the argument holds; each method says which.
 *
 * <p>Each call runs on the calling thread, and errors and interrupts are those of {@link Kernels}. Several threads can share the work of
 * one gradient, with the same bits on any number of threads:
 *
 * <ul>
 *   <li>The row of a written gradient depends on the same row of the operands only, so that any cut into rows gives the same bits.
 *   <li>{@link #productInput} and {@link #productWeight} sum each element in an order that depends on the inner size only. A call may
 *       compute any rows and columns of the gradient, in slices: {@code productWeight(dy.columns(a, b), x, dw.rows(a, b))}.
 *   <li>Sums over rows ({@link #columnSums}, the parameters of norms, the loss) depend on which rows a call has. Cut rows into blocks whose
 *       number follows from the shape, give each block its own gradient, and add these in the order of the blocks.
 * </ul>
 *
 * <pre>{@code
 * kernels.product(x, packed, bias, Activation.NONE, y);         // y = x · Wᵀ + b
 * BackwardKernels backward = kernels.backward();
 * backward.productInput(dy, weight, dx);                         // dx = dy · W
 * backward.productWeight(dy, x, dw);                             // dW += dyᵀ · x
 * backward.columnSums(dy, db);                                   // db += Σ dy
 * }</pre>
 */
public final class BackwardKernels {
  private final KernelProvider provider;
  private final GradientKernels gradients;

  BackwardKernels(KernelProvider provider) {
    this.provider = provider;
    this.gradients = provider.gradients();
  }

  /**
   * inputGradient[r][i] = Σ<sub>o</sub> outputGradient[r][o] · weight[o][i], the gradient of x in y = x · Wᵀ + b. The call packs the
   * weight; for several calls with one weight see {@link #pack}.
   *
   * @param outputGradient rows × outputs
   * @param weight outputs × inputs, the layout of PyTorch's {@code nn.Linear}
   * @param inputGradient rows × inputs, written
   */
  public void productInput(Matrix outputGradient, Matrix weight, Matrix inputGradient) {
    GradientChecks.productInput(outputGradient, weight, inputGradient);
    if (!inputGradient.isEmpty()) {
      Matrix written = DenseRows.target(inputGradient);
      gradients.productInput(DenseRows.of(outputGradient), DenseRows.of(weight), written);
      DenseRows.store(written, inputGradient);
    }
  }

  /**
   * weightGradient[o][i] += Σ<sub>r</sub> outputGradient[r][o] · input[r][i], the gradient of W in y = x · Wᵀ + b.
   *
   * @param outputGradient rows × outputs
   * @param input rows × inputs
   * @param weightGradient outputs × inputs, added
   */
  public void productWeight(Matrix outputGradient, Matrix input, Matrix weightGradient) {
    GradientChecks.productWeight(outputGradient, input, weightGradient);
    if (!weightGradient.isEmpty() && input.rows() > 0) {
      Matrix added = DenseRows.of(weightGradient);
      gradients.productWeight(DenseRows.of(outputGradient), DenseRows.of(input), added);
      DenseRows.store(added, weightGradient);
    }
  }

  /**
   * biasGradient[o] += Σ<sub>r</sub> outputGradient[r][o], the gradient of b in y = x · Wᵀ + b, and of a row that is added to every row.
   *
   * @param outputGradient rows × outputs
   * @param biasGradient outputs elements, added
   */
  public void columnSums(Matrix outputGradient, float[] biasGradient) {
    GradientChecks.columnSums(outputGradient, biasGradient);
    if (!outputGradient.isEmpty()) {
      gradients.columnSums(DenseRows.of(outputGradient), biasGradient);
    }
  }

  /**
   * inputGradient[r][c] = outputGradient[r][c] · activation′(x[r][c]). The derivative of {@link Activation#RELU} at 0 is 0. At ±∞ a
   * derivative has its limit. {@code inputGradient} may be {@code outputGradient} or {@code x} itself.
   *
   * @param x rows × columns, the elements before the activation
   * @param outputGradient rows × columns
   * @param inputGradient rows × columns, written
   */
  public void activation(Activation activation, Matrix x, Matrix outputGradient, Matrix inputGradient) {
    Objects.requireNonNull(activation, "activation");
    GradientChecks.activation(x, outputGradient, inputGradient);
    if (!x.isEmpty()) {
      Matrix written = DenseRows.target(inputGradient);
      gradients.activation(activation, DenseRows.of(x), DenseRows.of(outputGradient), written);
      DenseRows.store(written, inputGradient);
    }
  }

  /**
   * The gradients of {@link Kernels#gate}, y = activation(gate) · up: gateGradient = outputGradient · up · activation′(gate), upGradient =
   * outputGradient · activation(gate). Each result may be one of the operands itself, but not the other result.
   *
   * @param gate rows × columns
   * @param up rows × columns
   * @param outputGradient rows × columns
   * @param gateGradient rows × columns, written
   * @param upGradient rows × columns, written
   */
  public void gate(Activation activation, Matrix gate, Matrix up, Matrix outputGradient, Matrix gateGradient, Matrix upGradient) {
    Objects.requireNonNull(activation, "activation");
    GradientChecks.gate(new Gate(gate, up, outputGradient, gateGradient, upGradient));
    if (!gate.isEmpty()) {
      Matrix toGate = DenseRows.target(gateGradient);
      Matrix toUp = DenseRows.target(upGradient);
      gradients.gate(activation, new Gate(DenseRows.of(gate), DenseRows.of(up), DenseRows.of(outputGradient), toGate, toUp));
      DenseRows.store(toGate, gateGradient);
      DenseRows.store(toUp, upGradient);
    }
  }

  /**
   * The gradients of {@link Kernels#layerNorm}. With n[r][c] the normalised element (x − mean) / deviation and g = outputGradient · weight:
   *
   * <pre>
   * inputGradient[r][c]  = (g[r][c] − mean_c g − n[r][c] · mean_c (g · n)) / deviation
   * weightGradient[c]   += Σ_r outputGradient[r][c] · n[r][c]
   * biasGradient[c]     += Σ_r outputGradient[r][c]
   * </pre>
   *
   * {@code inputGradient} may be {@code outputGradient} or {@code x} itself.
   *
   * @param x rows × columns, the norm's operand
   * @param weight columns elements, or null for 1
   * @param epsilon at least 0
   * @param outputGradient rows × columns
   * @param inputGradient rows × columns, written
   * @param weightGradient columns elements, added; null if it is not wanted
   * @param biasGradient columns elements, added; null if it is not wanted
   */
  public void layerNorm(
      Matrix x,
      float @Nullable [] weight,
      float epsilon,
      Matrix outputGradient,
      Matrix inputGradient,
      float @Nullable [] weightGradient,
      float @Nullable [] biasGradient) {
    norm(new Norm(true, x, weight, epsilon, outputGradient, inputGradient, weightGradient, biasGradient));
  }

  /** The gradients of {@link Kernels#rmsNorm}: as {@link #layerNorm} with a mean of 0 of x and of g, and without a bias. */
  public void rmsNorm(
      Matrix x, float @Nullable [] weight, float epsilon, Matrix outputGradient, Matrix inputGradient, float @Nullable [] weightGradient) {
    norm(new Norm(false, x, weight, epsilon, outputGradient, inputGradient, weightGradient, null));
  }

  private void norm(Norm norm) {
    GradientChecks.norm(norm);
    if (norm.x().isEmpty()) {
      return;
    }
    Matrix result = norm.inputGradient();
    if (norm.x().hasContiguousRows() && norm.outputGradient().hasContiguousRows() && result.hasContiguousRows()) {
      gradients.norm(norm);
      return;
    }
    Matrix written = DenseRows.target(result);
    Matrix x = DenseRows.of(norm.x());
    Matrix outputGradient = DenseRows.of(norm.outputGradient());
    gradients.norm(
        new Norm(norm.centred(), x, norm.weight(), norm.epsilon(), outputGradient, written, norm.weightGradient(), norm.biasGradient()));
    DenseRows.store(written, result);
  }

  /**
   * The gradient of {@link Kernels#softmax(Matrix, Matrix)}: scoreGradient[i][j] = weights[i][j] · (weightGradient[i][j] − Σ<sub>k</sub>
   * weights[i][k] · weightGradient[i][k]). {@code scoreGradient} may be {@code weightGradient} or {@code weights} itself.
   *
   * @param weights queries × keys, the result of the softmax
   * @param weightGradient queries × keys
   * @param scoreGradient queries × keys, written
   */
  public void softmax(Matrix weights, Matrix weightGradient, Matrix scoreGradient) {
    GradientChecks.softmax(weights, weightGradient, scoreGradient);
    if (!weights.isEmpty()) {
      Matrix written = DenseRows.target(scoreGradient);
      gradients.softmax(DenseRows.of(weights), DenseRows.of(weightGradient), written);
      DenseRows.store(written, scoreGradient);
    }
  }

  /**
   * The cross-entropy of rows of logits with a softmax, and its gradient, in one call. With p the softmax of a row, t its target, n the
   * number of classes and s the label smoothing (Szegedy et al., "Rethinking the inception architecture", 2016; the formula of PyTorch):
   *
   * <pre>
   * loss                = Σ_r −(1 − s) · ln p[r][t] − s · mean_c ln p[r][c]
   * logitGradient[r][c] = scale · (p[r][c] − (1 − s) · [c = t] − s / n)
   * </pre>
   *
   * A row whose target is {@code ignored} adds nothing to the loss and has gradient 0. A logit of −∞ is a class that cannot occur; as the
   * target of a row it makes the loss +∞. {@code logitGradient} may be {@code logits} itself.
   *
   * @param logits rows × classes
   * @param targets rows elements: from 0 to classes − 1, or {@code ignored}
   * @param ignored the target of rows that count nothing; PyTorch's default is −100
   * @param labelSmoothing from 0 to 1
   * @param scale factor of the gradient, not of the loss: 1 for the gradient of the sum, 1 / (rows that count) for that of the mean
   * @param logitGradient rows × classes, written
   * @return the loss, summed over rows in their order
   */
  public double crossEntropy(Matrix logits, int[] targets, int ignored, float labelSmoothing, float scale, Matrix logitGradient) {
    Targets classes = new Targets(targets, ignored, labelSmoothing);
    GradientChecks.crossEntropy(logits, classes, logitGradient);
    if (logits.isEmpty()) {
      return 0;
    }
    Matrix written = DenseRows.target(logitGradient);
    double loss = gradients.crossEntropy(DenseRows.of(logits), classes, scale, written);
    DenseRows.store(written, logitGradient);
    return loss;
  }

  /**
   * The gradient of {@link Kernels#rotate(Heads, Heads, RotaryTable, int)}: the rotation by the negative angles. {@code inputGradient} may
   * be {@code outputGradient} itself.
   *
   * @param outputGradient batch × heads × rows × headDim
   * @param inputGradient batch × heads × rows × headDim, written
   * @param firstPosition row r of every batch entry is at position firstPosition + r
   */
  public void rotate(Heads outputGradient, Heads inputGradient, RotaryTable table, int firstPosition) {
    Rotation.check("outputGradient", outputGradient, "inputGradient", inputGradient, table);
    Rotation.checkFirst(firstPosition, "outputGradient", outputGradient.rows(), table);
    try (Rotation rotation = Rotation.inverse(outputGradient, inputGradient, table)) {
      rotation.run(provider, null, firstPosition);
    }
  }

  /**
   * As {@link #rotate(Heads, Heads, RotaryTable, int)}, with a position for each row.
   *
   * @param positions dense batch × rows; if the table has sections also sections × batch × rows
   */
  public void rotate(Heads outputGradient, Heads inputGradient, RotaryTable table, int[] positions) {
    Rotation.check("outputGradient", outputGradient, "inputGradient", inputGradient, table);
    long rows = (long) outputGradient.batch() * outputGradient.rows();
    table.checkPositions("positions", positions, "outputGradient.batch * outputGradient.rows", rows);
    try (Rotation rotation = Rotation.inverse(outputGradient, inputGradient, table)) {
      rotation.run(provider, positions, 0);
    }
  }

  /**
   * sum[r][c] += factor · x[r][c]: joins two gradients, or spreads the gradient of a pooled row ({@code x} with a rowStride of 0) over the
   * rows of its sequence.
   *
   * @param x rows × columns
   * @param sum rows × columns, added; may be {@code x} itself
   */
  public void add(float factor, Matrix x, Matrix sum) {
    ViewChecks.sameShape("sum", sum, "x", x);
    ViewChecks.writableInPlace("sum", sum, "x", x);
    if (!x.isEmpty()) {
      Matrix added = DenseRows.of(sum);
      gradients.add(factor, DenseRows.of(x), added);
      DenseRows.store(added, sum);
    }
  }

  /**
   * tableGradient[ids[r]][c] += outputGradient[r][c], in the order of rows: the gradient of an embedding table. Threads can share a call by
   * columns.
   *
   * @param outputGradient rows × columns
   * @param ids rows elements, each a row of the table
   * @param tableGradient entries × columns, added
   */
  public void addRows(Matrix outputGradient, int[] ids, Matrix tableGradient) {
    GradientChecks.addRows(outputGradient, ids, tableGradient);
    if (!outputGradient.isEmpty()) {
      Matrix added = DenseRows.of(tableGradient);
      gradients.addRows(DenseRows.of(outputGradient), ids, added);
      DenseRows.store(added, tableGradient);
    }
  }

  /**
   * Replaces the elements of {@code packed} by those of {@code weight}, as a training step does after it has changed a weight. Nobody may
   * read {@code packed} meanwhile. For a weight of shape outputs × inputs, {@code kernels.product(outputGradient, packed, null,
   * inputGradient)} is then {@link #productInput} with the same bits, and packs nothing.
   *
   * @param weight rows × columns
   * @param packed the result of {@link Kernels#pack} for a weight of this shape, overwritten
   */
  public void pack(Matrix weight, PackedMatrix packed) {
    GradientChecks.pack(weight, false, packed, provider.path(), provider.panelWidth());
    gradients.pack(weight, false, packed);
  }

  /**
   * As {@link #pack}, for a weight of shape outputs × inputs that {@code y = x · Wᵀ} reads.
   *
   * @param packed the result of {@link Kernels#packTransposed(Matrix)} for a weight of this shape, overwritten
   */
  public void packTransposed(Matrix weight, PackedMatrix packed) {
    GradientChecks.pack(weight, true, packed, provider.path(), provider.panelWidth());
    gradients.pack(weight, true, packed);
  }
}
