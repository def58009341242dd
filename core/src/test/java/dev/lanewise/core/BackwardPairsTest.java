package dev.lanewise.core;

import dev.lanewise.core.testing.BackwardCase;
import dev.lanewise.core.testing.Pairs;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.testing.Sample;
import dev.lanewise.testing.TestedKernels;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Backward passes with masks, changes of scores, normalisers, similarities, gradients and layouts, so that every two values of different
 * features occur together in a case.
 */
class BackwardPairsTest {
  private static final List<int[]> COMBINATIONS = Pairs.cover(new Random(Problem.SEED + 1), BackwardCase.FEATURES);

  static Stream<Arguments> cases() {
    return Sample.of(IntStream.range(0, COMBINATIONS.size()).boxed().toList()).stream()
        .flatMap(number -> calls(new BackwardCase(COMBINATIONS.get(number), Problem.SEED + number)));
  }

  private static Stream<Arguments> calls(BackwardCase pair) {
    return TestedKernels.all().stream().map(kernels -> Arguments.of(Named.of(kernels.path(), kernels), pair));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void agreesWithTheReference(Kernels kernels, BackwardCase pair) {
    pair.verify(kernels);
  }
}
