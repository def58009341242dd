package dev.lanewise.core;

import dev.lanewise.core.testing.BackwardCase;
import dev.lanewise.core.testing.Pairs;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.kernels.Kernels;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Backward passes with masks, changes of scores, normalisers, similarities, gradients and layouts, so that every two values of different
 * features occur together in a case.
 */
class BackwardPairsTest {
  static List<BackwardCase> cases() {
    List<BackwardCase> cases = new ArrayList<>();
    for (int[] combination : Pairs.cover(new Random(Problem.SEED + 1), BackwardCase.FEATURES)) {
      cases.add(new BackwardCase(combination, Problem.SEED + cases.size()));
    }
    return cases;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void selectedKernels(BackwardCase pair) {
    pair.verify(Kernels.selected());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void scalarKernels(BackwardCase pair) {
    pair.verify(Kernels.scalar());
  }
}
