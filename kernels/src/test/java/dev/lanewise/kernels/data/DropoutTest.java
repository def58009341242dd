package dev.lanewise.kernels.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("once")
class DropoutTest {
  private static float[] factors(Dropout dropout, int head, int query, int key, int count) {
    float[] factors = new float[count];
    dropout.factors(head, query, key, count, new int[4], factors, 0);
    return factors;
  }

  @ParameterizedTest
  @ValueSource(floats = {0, 1e-6f, 0.1f, 0.5f, 0.875f, 0.99999f})
  void theMeanOfTheFactorsIsOne(float rate) {
    Dropout dropout = new Dropout(rate, 42, 7);
    double sum = 0;
    int count = 1 << 20;
    for (float factor : factors(dropout, 3, 5, 0, count)) {
      sum += factor;
      assertThat(factor == 0 || factor == dropout.factor()).isTrue();
    }
    double deviation = Math.sqrt((dropout.factor() - 1) / count);
    assertThat(sum / count).isCloseTo(1, within(5 * deviation + 1e-9));
    assertThat((double) dropout.factor()).isCloseTo(1 / (1 - (double) rate), within(rate < 0.9 ? 2e-4 : 1e5));
  }

  @Test
  void aSegmentHasTheFactorsOfTheRow() {
    Dropout dropout = new Dropout(0.3f, -5, 1L << 40);
    float[] row = factors(dropout, 1, 2, 0, 64);
    for (int from = 0; from < 20; from++) {
      float[] expected = java.util.Arrays.copyOfRange(row, from, from + 19);
      assertThat(factors(dropout, 1, 2, from, 19)).isEqualTo(expected);
    }
  }

  @Test
  void eachPartOfThePlaceCounts() {
    Dropout dropout = new Dropout(0.5f, 1, 2);
    float[] row = factors(dropout, 3, 4, 0, 128);
    assertThat(factors(dropout, 4, 4, 0, 128)).isNotEqualTo(row);
    assertThat(factors(dropout, 3, 5, 0, 128)).isNotEqualTo(row);
    assertThat(factors(dropout, 3, 4, 128, 128)).isNotEqualTo(row);
    for (Dropout other : new Dropout[] {new Dropout(0.5f, 2, 2), new Dropout(0.5f, 1, 3), new Dropout(0.5f, 1, 2 + (1L << 32))}) {
      assertThat(factors(other, 3, 4, 0, 128)).as("%s", other).isNotEqualTo(row);
    }
    assertThat(factors(new Dropout(0.5f, 1 + (1L << 32), 2), 3, 4, 0, 128)).isNotEqualTo(row);
  }

  @ParameterizedTest
  @ValueSource(floats = {-0.1f, 1, Float.NaN})
  void aBadRateIsRefused(float rate) {
    assertThatThrownBy(() -> new Dropout(rate, 0, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("rate is " + rate + ", must be at least 0 and below 1");
  }
}
