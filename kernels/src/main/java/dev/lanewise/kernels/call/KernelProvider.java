package dev.lanewise.kernels.call;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.data.RotaryTable;
import org.jspecify.annotations.Nullable;

/**
 * The interface of the two implementations, SIMD and plain Java. {@link Kernels} has checked every argument; its methods of the same names
 * document shapes and formulas.
 */
public interface KernelProvider {
  /** The name of the implementation that users see: {@code scalar} or {@code vector-<bits>}. */
  String path();

  /** Floats per vector; 1 for the scalar path. */
  int lanes();

  /** Number of columns of a panel of a packed matrix. */
  int panelWidth();

  void exp(Matrix x, Matrix result);

  void activate(Activation activation, Matrix x, Matrix result);

  void gate(Activation activation, Matrix gate, Matrix up, Matrix result);

  /** Layer norm or RMS norm, of x or of x + residual. */
  void norm(NormProblem problem);

  void scores(Matrix query, Matrix key, float scale, Matrix scores);

  void additiveScores(Matrix query, Matrix key, float[] vector, Matrix scores);

  void softmax(Matrix scores, Matrix weights);

  void logSoftmax(Matrix x, Matrix result);

  void output(Matrix weights, Matrix value, Matrix output);

  void product(Matrix input, PackedMatrix weight, float @Nullable [] bias, Activation activation, Matrix result);

  /**
   * Rotates the first {@code table.rotaryDim()} elements of one row; {@code angles} holds the row of the table from index {@code at} on.
   */
  void rotate(RotaryTable table, float[] x, int from, float[] y, int to, float[] angles, int at);

  /** Cuts an attention call into tasks for {@code threads} threads. */
  AttentionTasks plan(AttentionProblem problem, int threads);

  /** Cuts the backward pass of an attention call into tasks for {@code threads} threads. The bits do not depend on {@code threads}. */
  AttentionTasks planBackward(BackwardProblem problem, int threads);

  /** The gradients of these kernels. */
  GradientKernels gradients();
}
