package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The code of kernels/README.md compiles, runs, and computes attention. */
class ReadmeTest {
  @Test
  void blockCompiles() throws IOException {
    assertThat(ReadmeBlocks.shown(Files.readString(Path.of("README.md"))))
        .isEqualTo(ReadmeBlocks.compiled("kernels/ReadmeExample.java"))
        .hasSize(1);
  }

  @Test
  void exampleIsAttention() {
    Random random = new Random(1);
    float[] q = numbers(random, 16), k = numbers(random, 100), v = numbers(random, 100);
    Matrix output = ReadmeExample.run(q, k, v);
    for (int row = 0; row < 16; row++) {
      double sum = 0;
      double[] expected = new double[64];
      for (int key = 0; key < 100; key++) {
        double score = 0;
        for (int c = 0; c < 64; c++) {
          score += (double) q[row * 64 + c] * k[key * 64 + c] / 8;
        }
        double weight = Math.exp(score);
        sum += weight;
        for (int c = 0; c < 64; c++) {
          expected[c] += weight * v[key * 64 + c];
        }
      }
      for (int c = 0; c < 64; c++) {
        assertThat((double) output.get(row, c)).as("row %d, column %d", row, c).isCloseTo(expected[c] / sum, within(1e-5));
      }
    }
  }

  private static float[] numbers(Random random, int rows) {
    float[] numbers = new float[rows * 64];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return numbers;
  }
}
