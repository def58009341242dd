package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.kernels.Heads;
import org.junit.jupiter.api.Test;

/** Calls at the edges of what is allowed: each was wrong once. */
class AttentionEdgesTest {
  private static final Attention ATTENTION = Attention.standard();

  private static Heads row(float... data) {
    return Heads.of(data, 1, 1, data.length, 1);
  }

  @Test
  void oneKeyRowCanStandForMany() {
    Heads key = new Heads(new float[] {1, 2, 3}, 0, 1, 1, 9, 3, 0, 0, 0);
    Heads output = Heads.zeros(1, 1, 1, 1);
    ATTENTION.compute(Heads.of(new float[] {3, 2, 1}, 1, 1, 1, 3), key, row(0, 1, 2, 3, 4, 5, 6, 7, 8), output);
    assertThat(output.get(0, 0, 0, 0)).isCloseTo(4, within(1e-5f));
  }
}
