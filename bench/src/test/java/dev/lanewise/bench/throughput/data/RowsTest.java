package dev.lanewise.bench.throughput.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.data.Matrix;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class RowsTest {
  @Test
  void rowsOfAllPartsAreAllRows() {
    for (int parts = 1; parts <= 5; parts++) {
      for (int rows = 0; rows <= 12; rows++) {
        Matrix[] split = Rows.split(Matrix.zeros(rows, 2), parts);
        int total = Arrays.stream(split).mapToInt(Matrix::rows).sum();
        assertThat(total).as("%s rows in %s parts", rows, parts).isEqualTo(rows);
      }
    }
  }

  @Test
  void samplesReachFromTheFirstRowToTheLast() {
    assertThat(Rows.sample(1)).containsExactly(0);
    assertThat(Rows.sample(3)).containsExactly(0, 1, 2);
    assertThat(Rows.sample(1_000_000_000)).hasSize(16).startsWith(0).endsWith(999_999_999).isSorted().doesNotHaveDuplicates();
  }
}
