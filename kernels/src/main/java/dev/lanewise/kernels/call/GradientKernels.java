package dev.lanewise.kernels.call;

import dev.lanewise.kernels.BackwardKernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import org.jspecify.annotations.Nullable;

/**
 * The gradients that SIMD and plain Java compute. {@link BackwardKernels} has checked every argument; its methods of the same names
 * document shapes and formulas. The elements of every row are side by side.
 */
public interface GradientKernels {
  void productInput(Matrix outputGradient, Matrix weight, Matrix inputGradient);

  void productWeight(Matrix outputGradient, Matrix input, Matrix weightGradient);

  void columnSums(Matrix outputGradient, float[] biasGradient);

  void activation(Activation activation, Matrix x, Matrix outputGradient, Matrix inputGradient);

  void gate(Activation activation, Gate gate);

  void norm(Norm norm);

  void softmax(Matrix weights, Matrix weightGradient, Matrix scoreGradient);

  double crossEntropy(Matrix logits, Targets targets, float scale, Matrix logitGradient);

  void add(float factor, Matrix x, Matrix sum);

  void addRows(Matrix outputGradient, int[] ids, Matrix tableGradient);

  /** Overwrites the panels of a packed F32 weight. */
  void pack(Matrix weight, boolean transposed, PackedMatrix packed);

  /** The operands of a gate; all matrices have the same shape. */
  record Gate(Matrix gate, Matrix up, Matrix outputGradient, Matrix gateGradient, Matrix upGradient) {}

  /**
   * The operands of a norm.
   *
   * @param centred whether the mean is subtracted: layer norm if true, RMS norm if false
   * @param weight columns elements; null for 1
   * @param epsilon added to the variance, or to the mean square
   * @param inputGradient rows × columns, written
   * @param weightGradient columns elements, added; null if it is not wanted
   * @param biasGradient columns elements, added; null if it is not wanted
   */
  record Norm(
      boolean centred,
      Matrix x,
      float @Nullable [] weight,
      float epsilon,
      Matrix outputGradient,
      Matrix inputGradient,
      float @Nullable [] weightGradient,
      float @Nullable [] biasGradient) {}

  /**
   * What the rows of logits should have predicted.
   *
   * @param targets a class for each row, or {@code ignored}
   * @param ignored rows with this target count nothing
   * @param labelSmoothing the part of the target that is spread evenly over all classes
   */
  record Targets(int[] targets, int ignored, float labelSmoothing) {}
}
