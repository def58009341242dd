package dev.lanewise.bench.throughput.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.Attention;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.kernels.data.Heads;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeadGradientsTest {
  private static final float STEP = 1f / 256;

  private final SeededData data = new SeededData();
  private final Heads query = data.filled(Heads.zeros(1, 4, 5, 6));
  private final Heads key = data.filled(Heads.zeros(1, 2, 7, 6));
  private final Heads value = data.filled(Heads.zeros(1, 2, 7, 3));
  private final Heads outputGradient = data.filled(Heads.zeros(1, 4, 5, 3));

  /** The loss whose gradient by the output is {@code outputGradient}, over the query heads of the second key/value head. */
  private double loss(boolean causal) {
    Attention attention = causal ? Attention.standard().withMask(Mask.causal()) : Attention.standard();
    ReferenceAttention exact = ReferenceAttention.of(attention, query, key, value);
    double loss = 0;
    for (int head = 2; head < 4; head++) {
      for (int row = 0; row < 5; row++) {
        double[] output = exact.output(0, head, row);
        for (int i = 0; i < 3; i++) {
          loss += output[i] * outputGradient.get(0, head, row, i);
        }
      }
    }
    return loss;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theyAreDifferenceQuotients(boolean causal) {
    HeadGradients exact = HeadGradients.inDouble(query, key, value, outputGradient, 0, 1, causal);
    HeadGradients plain = HeadGradients.inFloat(query, key, value, outputGradient, 0, 1, causal);
    check(exact.query(), plain.query(), query, 2 * 5 * 6, causal);
    check(exact.key(), plain.key(), key, 7 * 6, causal);
    check(exact.value(), plain.value(), value, 7 * 3, causal);
  }

  private void check(double[] gradient, double[] plain, Heads input, int from, boolean causal) {
    for (int i = 0; i < gradient.length; i++) {
      float kept = input.data()[from + i];
      input.data()[from + i] = kept + STEP;
      double above = loss(causal);
      double distance = input.data()[from + i];
      input.data()[from + i] = kept - STEP;
      double below = loss(causal);
      distance -= input.data()[from + i];
      input.data()[from + i] = kept;
      assertThat(gradient[i]).isCloseTo((above - below) / distance, within(1e-4));
      assertThat(plain[i]).isCloseTo(gradient[i], within(1e-5));
    }
  }
}
