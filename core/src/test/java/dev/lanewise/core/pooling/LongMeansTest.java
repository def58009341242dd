package dev.lanewise.core.pooling;

import static dev.lanewise.core.testing.LongRows.MANY;
import static dev.lanewise.core.testing.LongRows.PATHS;
import static dev.lanewise.core.testing.LongRows.assertClose;
import static dev.lanewise.core.testing.LongRows.filled;
import static dev.lanewise.core.testing.LongRows.inexactValues;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.Kernels;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Means over 2<sup>20</sup> rows are accurate to 1e-6, where a single chain of float additions loses up to a tenth. */
@Tag("twice")
class LongMeansTest {
  @Test
  void means() {
    for (Kernels kernels : PATHS) {
      for (int rows : new int[] {1, 64, 65, 65536, MANY + 3}) {
        for (float value : inexactValues()) {
          SequenceBatch x = SequenceBatch.of(filled(rows, value), 1, rows, 1);
          float[] mean = new float[1];
          Pooling.mean().withKernels(kernels).forward(x, SequenceBatch.of(mean, 1, 1, 1));
          assertClose("mean of " + rows, value, mean);
        }
      }
      int rows = 2500; // every row is a mean of all rows
      float[] means = new float[rows];
      SequenceBatch x = SequenceBatch.of(filled(rows, 0.1f), 1, rows, 1);
      Neighbours.mean(Integer.MAX_VALUE, Integer.MAX_VALUE).withKernels(kernels).forward(x, SequenceBatch.of(means, 1, rows, 1));
      assertClose("neighbours", 0.1f, means);
    }
  }
}
