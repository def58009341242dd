package dev.lanewise.core.layer;

import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The arrays of a projection, as given to a builder: outputs × inputs, and outputs elements; messages name them by {@code name}. */
record Weight(String name, float[] weight, float @Nullable [] bias) {
  Weight {
    Objects.requireNonNull(weight, name + ".weight");
  }

  /** Returns the weight, which must have been given. */
  static Weight given(@Nullable Weight weight, String name) {
    if (weight == null) {
      throw new IllegalStateException("the weight of " + name + " is missing");
    }
    return weight;
  }

  /** Creates the projection, after a check that the arrays have the right lengths. */
  Linear linear(int inputs, int outputs) {
    checkLengths(inputs, outputs);
    return Linear.of(weight, bias, inputs, outputs);
  }

  /** Copies {@code count} rows (outputs) from {@code row} on, where a row has {@code inputs} elements. */
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
