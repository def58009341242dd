package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.testing.Pairs;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.VariantCase;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.testing.Sample;
import dev.lanewise.testing.TestedKernels;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Combines masks, changes of scores, normalisers, similarities, results and layouts so that every two values of different features occur
 * together in a case.
 */
public class VariantPairsTest {
  private static final List<int[]> COMBINATIONS = Pairs.cover(new Random(Problem.SEED), VariantCase.FEATURES);

  static Stream<Arguments> cases() {
    return Sample.of(IntStream.range(0, COMBINATIONS.size()).boxed().toList()).stream()
        .flatMap(number -> calls(new VariantCase(COMBINATIONS.get(number), Problem.SEED + number)));
  }

  private static Stream<Arguments> calls(VariantCase pair) {
    return TestedKernels.all().stream().map(kernels -> Arguments.of(Named.of(kernels.path(), kernels), pair));
  }

  @Test
  void allPairsMeet() {
    for (int f = 0; f < VariantCase.FEATURES.length; f++) {
      for (int g = 0; g < f; g++) {
        int x = f;
        int y = g;
        long met = COMBINATIONS.stream().map(values -> List.of(values[x], values[y])).distinct().count();
        assertThat(met).as("pairs of features %d and %d", f, g).isEqualTo((long) VariantCase.FEATURES[f] * VariantCase.FEATURES[g]);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void agreesWithTheReference(Kernels kernels, VariantCase pair) {
    pair.verify(kernels);
  }
}
