package dev.lanewise.core.pooling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.Kernels;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Means over 2<sup>20</sup> rows are accurate to 1e-6, where a single chain of float additions loses up to a tenth. */
class LongMeansTest {
  private static final int MANY = 1 << 20;
  private static final float[] VALUES = {0.1f, 1 / 3f, 0.7f};
  private static final List<Kernels> PATHS = List.of(Kernels.selected(), Kernels.scalar());

  private static float[] filled(int length, float value) {
    float[] filled = new float[length];
    Arrays.fill(filled, value);
    return filled;
  }

  private static void assertClose(String what, double expected, float... actual) {
    for (float x : actual) {
      assertThat(Math.abs(x - expected)).as("%s: %s for %s", what, x, expected).isLessThanOrEqualTo(1e-6 * Math.abs(expected));
    }
  }

  @Test
  void means() {
    for (Kernels kernels : PATHS) {
      for (int rows : new int[] {1, 64, 65, 65536, MANY + 3}) {
        for (float value : VALUES) {
          SequenceBatch x = SequenceBatch.of(filled(rows, value), 1, rows, 1);
          float[] mean = new float[1];
          Pooling.mean().withKernels(kernels).apply(x, SequenceBatch.of(mean, 1, 1, 1));
          assertClose("mean of " + rows, value, mean);
        }
      }
      int rows = 2500; // every row is a mean of all rows
      float[] means = new float[rows];
      SequenceBatch x = SequenceBatch.of(filled(rows, 0.1f), 1, rows, 1);
      NeighbourMean.of(Mask.UNLIMITED, Mask.UNLIMITED).withKernels(kernels).apply(x, SequenceBatch.of(means, 1, rows, 1));
      assertClose("neighbours", 0.1f, means);
    }
  }
}
