package dev.lanewise.spark.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The similarity of a pair depends on its vectors only. */
class VectorBlockTest {
  private static VectorBlock random(long seed, int rows, int width) {
    return part(seed, rows, width, 0, rows);
  }

  /** Some rows of a random block. */
  private static VectorBlock part(long seed, int rows, int width, int from, int to) {
    Random random = new Random(seed);
    float[] vectors = new float[rows * width];
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = (float) random.nextGaussian();
    }
    return new VectorBlock(Arrays.copyOfRange(vectors, from * width, to * width), width, List.of());
  }

  private static float[] compare(VectorBlock one, VectorBlock other, boolean cosine) {
    float[] similarities = new float[one.size() * other.size()];
    one.compare(other, cosine, similarities);
    return similarities;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 16, 17, 384, 1023, 1024, 1025, 2500})
  void aPairHasTheSameBitsInEveryBlock(int width) {
    int rows = 75;
    int others = 70;
    for (boolean cosine : new boolean[] {false, true}) {
      float[] all = compare(random(1, rows, width), random(2, others, width), cosine);
      Random random = new Random(width);
      for (int n = 0; n < 60; n++) {
        int from = random.nextInt(rows);
        int to = n % 3 == 0 ? from + 1 : from + 1 + random.nextInt(rows - from);
        int otherFrom = random.nextInt(others);
        int otherTo = n % 2 == 0 ? otherFrom + 1 : otherFrom + 1 + random.nextInt(others - otherFrom);
        VectorBlock block = part(1, rows, width, from, to);
        VectorBlock other = part(2, others, width, otherFrom, otherTo);
        float[] some = compare(block, other, cosine);
        float[] turned = compare(other, block, cosine);
        for (int row = from; row < to; row++) {
          for (int column = otherFrom; column < otherTo; column++) {
            float expected = all[row * others + column];
            assertThat(some[(row - from) * other.size() + column - otherFrom]).isEqualTo(expected);
            assertThat(turned[(column - otherFrom) * block.size() + row - from]).as("the other way round").isEqualTo(expected);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 384, 1025})
  void similaritiesAreThoseOfTheFormula(int width) {
    VectorBlock block = random(3, 9, width);
    VectorBlock other = random(4, 4, width);
    double[][] one = doubles(3, 9, width);
    double[][] two = doubles(4, 4, width);
    for (boolean cosine : new boolean[] {false, true}) {
      float[] similarities = compare(block, other, cosine);
      for (int i = 0; i < similarities.length; i++) {
        double[] x = one[i / 4];
        double[] y = two[i % 4];
        double expected = dot(x, y) / (cosine ? Math.sqrt(dot(x, x) * dot(y, y)) : 1);
        double largest = cosine ? 1 : Math.sqrt(dot(x, x) * dot(y, y));
        assertThat((double) similarities[i]).isCloseTo(expected, Offset.offset(1e-6 * largest));
      }
    }
  }

  private static double[][] doubles(long seed, int rows, int width) {
    Random random = new Random(seed);
    double[][] vectors = new double[rows][width];
    for (double[] vector : vectors) {
      Arrays.setAll(vector, i -> (float) random.nextGaussian());
    }
    return vectors;
  }

  private static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void zerosHaveTheCosineZero(boolean first) {
    VectorBlock zeros = new VectorBlock(new float[3], 3, List.of());
    VectorBlock other = random(1, 2, 3);
    assertThat(first ? compare(zeros, other, true) : compare(other, zeros, true)).containsExactly(0, 0);
  }
}
