package dev.lanewise.kernels.call;

import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.Checks;
import org.jspecify.annotations.Nullable;

/**
 * The description of a norm: result = norm(sum) row by row, where sum = x + residual. Without a residual, sum is x and is not written.
 *
 * @param x rows × columns
 * @param residual rows × columns; null for none
 * @param sum rows × columns, written if there is a residual; may be {@code x}, {@code residual} or {@code result}
 * @param norm the norm of a row
 * @param result rows × columns, written; may be any of the others
 */
public record NormProblem(Matrix x, @Nullable Matrix residual, Matrix sum, Norm norm, Matrix result) {

  /**
   * The kind of norm and its parameters.
   *
   * @param centred whether the mean is subtracted: layer norm if true, RMS norm if false
   * @param weight columns elements; null for 1
   * @param bias columns elements; null for 0
   * @param epsilon added to the variance, or to the mean square
   */
  public record Norm(boolean centred, float @Nullable [] weight, float @Nullable [] bias, float epsilon) {
    /** Checks the parameters; {@code name} is the name of the written matrix. */
    private void check(Matrix x, String name, Matrix written) {
      Checks.epsilon(epsilon);
      checkColumns("weight", weight, x, name, written);
      checkColumns("bias", bias, x, name, written);
    }

    private static void checkColumns(String name, float @Nullable [] values, Matrix x, String writtenName, Matrix written) {
      if (values != null) {
        Checks.same(name + ".length", values.length, "x.columns", x.columns());
        if (written.data() == values) { // a view is made for a message only: this check runs in every call
          ViewChecks.disjoint(writtenName, written, name, Matrix.of(values, 1, values.length));
        }
      }
    }
  }

  /** The norm of x; checks all arguments. */
  public static NormProblem of(Matrix x, Norm norm, Matrix result) {
    ViewChecks.sameShape("result", result, "x", x);
    norm.check(x, "result", result);
    ViewChecks.writableInPlace("result", result, "x", x);
    return new NormProblem(x, null, x, norm, result);
  }

  /** The norm of x + residual; checks all arguments. */
  public static NormProblem ofSum(Matrix x, Matrix residual, Matrix sum, Norm norm, Matrix result) {
    ViewChecks.sameShape("residual", residual, "x", x);
    ViewChecks.sameShape("sum", sum, "x", x);
    ViewChecks.sameShape("result", result, "x", x);
    norm.check(x, "result", result);
    norm.check(x, "sum", sum);
    ViewChecks.writableInPlace("sum", sum, "x", x);
    ViewChecks.writableInPlace("sum", sum, "residual", residual);
    ViewChecks.writableInPlace("result", result, "x", x);
    ViewChecks.writableInPlace("result", result, "residual", residual);
    ViewChecks.writableInPlace("result", result, "sum", sum);
    return new NormProblem(x, residual, sum, norm, result);
  }
}
