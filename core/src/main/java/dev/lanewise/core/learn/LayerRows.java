package dev.lanewise.core.learn;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Rows of views: their checks, and the matrices that they consist of. */
final class LayerRows {
  private LayerRows() {}

  /** Checks the views of a forward pass: y has the rows of x, and shares no element with x. */
  static void checkForward(SequenceBatch x, int inputs, SequenceBatch y, int outputs) {
    checkWidth("x", x, "inputs", inputs);
    checkWidth("y", y, "outputs", outputs);
    checkWritten("y", y, "x", x);
  }

  /** Checks the views of a backward pass against the rows of the forward pass. */
  static void checkBackward(SequenceBatch x, SequenceBatch outputGradient, int outputs, @Nullable SequenceBatch inputGradient) {
    checkWidth("outputGradient", outputGradient, "outputs", outputs);
    checkRows("outputGradient", outputGradient, "x", x);
    if (inputGradient != null) {
      checkWidth("inputGradient", inputGradient, "inputs", x.width());
      checkWritten("inputGradient", inputGradient, "outputGradient", outputGradient);
    }
  }

  static void checkWidth(String name, SequenceBatch view, String otherName, int width) {
    Objects.requireNonNull(view, name);
    Checks.same(name, otherName, ".width", view.width(), width);
  }

  static void checkRows(String name, SequenceBatch view, String otherName, SequenceBatch other) {
    Checks.same(name, otherName, ".batch", view.batch(), other.batch());
    Checks.same(name, otherName, ".rows", view.rows(), other.rows());
  }

  private static void checkWritten(String name, SequenceBatch written, String otherName, SequenceBatch read) {
    checkRows(name, written, otherName, read);
    ViewChecks.writable(name, written.split(1));
    ViewChecks.disjoint(name, written.split(1), otherName, read.split(1));
  }

  /** Number of matrices that views of the same rows consist of: one if the distance between rows is the same everywhere. */
  static int parts(SequenceBatch... views) {
    for (SequenceBatch view : views) {
      if (!isEven(view)) {
        return view.batch();
      }
    }
    return Math.min(1, views[0].batch());
  }

  private static boolean isEven(SequenceBatch x) {
    return x.batch() <= 1 || x.rows() == 1 || x.batchStride() == (long) x.rows() * x.rowStride();
  }

  /** Matrix {@code part} of {@link #parts}. */
  static Matrix part(SequenceBatch x, int part, int parts) {
    if (parts != 1) {
      return x.matrix(part, 0, x.rows(), 0, x.width());
    }
    int rows = Checks.product("batch", x.batch(), "rows", x.rows());
    int stride = x.rows() == 1 && x.batch() > 1 ? x.batchStride() : x.rowStride();
    return new Matrix(x.data(), x.offset(), rows, x.width(), stride);
  }
}
