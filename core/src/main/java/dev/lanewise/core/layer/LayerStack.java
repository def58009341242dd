package dev.lanewise.core.layer;

import dev.lanewise.kernels.runtime.Checks;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Helpers of stacks of layers of any kind. */
final class LayerStack {
  private LayerStack() {}

  /** Copies the list of layers, none of which may be null. */
  static <T> List<T> copy(List<T> layers) {
    Objects.requireNonNull(layers, "layers");
    for (int i = 0; i < layers.size(); i++) {
      Objects.requireNonNull(layers.get(i), "layers[" + i + "]");
    }
    return List.copyOf(layers);
  }

  /** Checks that there are layers, and that all layers and the final norm have the same width. */
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
