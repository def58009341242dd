package dev.lanewise.core.learn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.data.Dropout;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Dropout of rows: each element has the factor of its batch entry, row and column, in both directions and on any number of threads. */
@Tag("once")
class RowDropoutTest {
  private static final int ROWS = 70;
  private static final int WIDTH = 5;

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void everyElementHasItsOwnFactor(int threads) {
    Dropout dropout = new Dropout(0.25f, 7, 3L * LearnCase.CALLS);
    SequenceBatch x = SequenceBatch.zeros(2, ROWS, WIDTH);
    float[] expected = new float[x.data().length];
    float[] factors = new float[WIDTH];
    for (int i = 0; i < expected.length; i++) {
      if (i % WIDTH == 0) {
        dropout.factors(i / WIDTH / ROWS, i / WIDTH % ROWS, 0, WIDTH, new int[4], factors, 0);
      }
      x.data()[i] = factors[i % WIDTH] == 0 ? Float.POSITIVE_INFINITY : i + 1;
      expected[i] = factors[i % WIDTH] == 0 ? 0 : (i + 1) * factors[i % WIDTH];
    }
    float[] before = x.data().clone();
    Trace trace = Trace.create().setThreads(threads).train(7, 3);
    RowDropout.forward(dropout.rate(), x, trace);
    assertThat(x.data()).isEqualTo(expected);
    SequenceBatch gradient = SequenceBatch.of(before.clone(), 2, ROWS, WIDTH);
    SequenceBatch result = RowDropout.backward(dropout.rate(), gradient, trace);
    float[] dense = new float[expected.length];
    for (int i = 0; i < dense.length; i++) {
      dense[i] = result.get(i / WIDTH / ROWS, i / WIDTH % ROWS, i % WIDTH);
    }
    assertThat(dense).isEqualTo(expected);
    assertThat(gradient.data()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(floats = {0, 0.25f})
  void withoutTrainingNothingIsDropped(float rate) {
    SequenceBatch x = SequenceBatch.of(new float[] {1, 2, 3, 4}, 1, 2, 2);
    Trace trace = Trace.create().evaluate();
    RowDropout.forward(rate, x, trace);
    assertThat(x.data()).containsExactly(1, 2, 3, 4);
    assertThat(RowDropout.backward(rate, x, trace)).isSameAs(x);
  }
}
