package dev.lanewise.kernels;

import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The checks of the arguments of {@link Kernels} that multiply matrices. */
final class ProductChecks {
  private ProductChecks() {}

  static void scores(Matrix query, Matrix key, Matrix scores) {
    Objects.requireNonNull(query, "query");
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(scores, "scores");
    Checks.same("key.columns", key.columns(), "query.columns", query.columns());
    Checks.same("scores.rows", scores.rows(), "query.rows", query.rows());
    Checks.same("scores.columns", scores.columns(), "key.rows", key.rows());
    ViewChecks.writes("scores", scores, "query", query);
    ViewChecks.writes("scores", scores, "key", key);
  }

  static void output(Matrix weights, Matrix value, Matrix output) {
    Objects.requireNonNull(weights, "weights");
    Objects.requireNonNull(value, "value");
    Objects.requireNonNull(output, "output");
    Checks.same("value.rows", value.rows(), "weights.columns", weights.columns());
    Checks.same("output.rows", output.rows(), "weights.rows", weights.rows());
    Checks.same("output.columns", output.columns(), "value.columns", value.columns());
    ViewChecks.writes("output", output, "weights", weights);
    ViewChecks.writes("output", output, "value", value);
  }

  /** Checks a product; {@code panelWidth} is that of the kernels of {@code path}. */
  static void product(Matrix input, PackedMatrix weight, float @Nullable [] bias, Matrix result, String path, int panelWidth) {
    Objects.requireNonNull(input, "input");
    Objects.requireNonNull(weight, "weight");
    Objects.requireNonNull(result, "result");
    if (weight.panelWidth() != panelWidth) { // the name is made for a message only: this check runs in every call
      Checks.same("weight.panelWidth", weight.panelWidth(), "the panel width of " + path, panelWidth);
    }
    Checks.same("input.columns", input.columns(), "weight.inputs", weight.inputs());
    Checks.same("result.rows", result.rows(), "input.rows", input.rows());
    Checks.same("result.columns", result.columns(), "weight.outputs", weight.outputs());
    if (bias != null) {
      Checks.same("bias.length", bias.length, "weight.outputs", weight.outputs());
    }
    ViewChecks.writes("result", result, "input", input);
    if (bias != null) {
      ViewChecks.disjoint("result", result, "bias", Matrix.of(bias, 1, bias.length));
    }
  }
}
