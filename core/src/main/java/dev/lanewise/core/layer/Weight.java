package dev.lanewise.core.layer;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The arrays of a projection as a builder was given them: outputs × inputs, and outputs elements; errors call them by {@code name}. */
record Weight(String name, float[] weight, float @Nullable [] bias) {
  Weight {
    Objects.requireNonNull(weight, name + ".weight");
  }

  /** The weight itself, if it was given. */
  static Weight given(@Nullable Weight weight, String name) {
    if (weight == null) {
      throw new IllegalStateException("the weight of " + name + " is missing");
    }
    return weight;
  }

  /** The projection, if the arrays have the lengths that it asks for. */
  Linear linear(int inputs, int outputs, Kernels kernels) {
    checkLengths(inputs, outputs);
    return Linear.of(weight, bias, inputs, outputs, kernels);
  }

  /** A copy of {@code count} rows (outputs) from {@code row} on, where rows have {@code inputs} elements. */
  Weight rows(int row, int count, int inputs) {
    return new Weight(
        name,
        Arrays.copyOfRange(weight, row * inputs, (row + count) * inputs),
        bias == null ? null : Arrays.copyOfRange(bias, row, row + count));
  }

  void checkLengths(int inputs, long outputs) {
    Checks.same(name + ".weight.length", weight.length, "outputs * inputs", outputs * inputs);
    if (bias != null) {
      Checks.same(name + ".bias.length", bias.length, "outputs", outputs);
    }
  }
}
