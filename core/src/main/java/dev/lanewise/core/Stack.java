package dev.lanewise.core;

import dev.lanewise.kernels.internal.Checks;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Layers one behind the other, whatever they are. */
final class Stack {
  private Stack() {}

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
