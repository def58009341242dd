package dev.lanewise.core.layer;

import dev.lanewise.kernels.runtime.Checks;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Layers one behind the other, whatever they are. */
final class Stack {
  private Stack() {}

  /** A copy of the layers, each of which must be there. */
  static <T> List<T> copy(List<T> layers) {
    Objects.requireNonNull(layers, "layers");
    for (int i = 0; i < layers.size(); i++) {
      Objects.requireNonNull(layers.get(i), "layers[" + i + "]");
    }
    return List.copyOf(layers);
  }

  /** That there are layers, all of one width, and that the norm behind them has it, too. */
  static void check(List<Integer> embedDims, @Nullable Norm finalNorm) {
    Checks.atLeast("layers", embedDims.size(), 1);
    int embedDim = embedDims.get(0);
    for (int i = 1; i < embedDims.size(); i++) {
      Checks.same("layers[" + i + "].embedDim", embedDims.get(i), "layers[0].embedDim", embedDim);
    }
    if (finalNorm != null) {
      Checks.same("finalNorm.width", finalNorm.width(), "embedDim", embedDim);
    }
  }
}
