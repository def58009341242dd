package dev.lanewise.core.layer;

import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The weight of a projection, as given to a builder. Messages name it by {@code name}. */
sealed interface Weight {
  String name();

  /** Returns the projection, after a check that its sizes are right. */
  Linear linear(int inputs, int outputs);

  /** Returns the weight, which must have been given. */
  static Weight given(@Nullable Weight weight, String name) {
    if (weight == null) {
      throw new IllegalStateException("the weight of " + name + " is missing");
    }
    return weight;
  }

  /** A projection that exists already. */
  record Projection(String name, Linear projection) implements Weight {
    public Projection {
      Objects.requireNonNull(projection, name);
    }

    @Override
    public Linear linear(int inputs, int outputs) {
      Checks.same(name + ".inputs", projection.inputs(), "the width of its input", inputs);
      Checks.same(name + ".outputs", projection.outputs(), "the width of its heads", outputs);
      return projection.withThreads(1);
    }
  }

  /** Arrays: outputs × inputs, and outputs elements. */
  record Dense(String name, float[] weight, float @Nullable [] bias) implements Weight {
    public Dense {
      Objects.requireNonNull(weight, name + ".weight");
    }

    @Override
    public Linear linear(int inputs, int outputs) {
      checkLengths(inputs, outputs);
      return Linear.of(weight, bias, inputs, outputs);
    }

    /** Copies {@code count} rows (outputs) from {@code row} on, where a row has {@code inputs} elements. */
    Dense rows(int row, int count, int inputs) {
      return new Dense(
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
}
