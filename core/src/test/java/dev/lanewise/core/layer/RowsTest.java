package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.Sequences;
import org.junit.jupiter.api.Test;

class RowsTest {
  private final float[] data = new float[200];
  private final Sequences view = new Sequences(data, 7, 2, 3, 4, 50, 10);

  @Test
  void rowsThatOneStrideLeadsThrough() {
    assertThat(Rows.even(view)).isFalse();
    Sequences even = new Sequences(data, 7, 2, 3, 4, 30, 10);
    assertThat(Rows.even(even)).isTrue();
    assertThat(Rows.merged(even)).isEqualTo(new Sequences(data, 7, 1, 6, 4, 0, 10));
    Sequences single = new Sequences(data, 7, 3, 1, 4, 50, 10);
    assertThat(Rows.even(single)).isTrue();
    assertThat(Rows.merged(single)).isEqualTo(new Sequences(data, 7, 1, 3, 4, 0, 50));
    assertThat(Rows.even(new Sequences(data, 7, 1, 3, 4, 50, 10))).isTrue();
    assertThat(Rows.even(new Sequences(data, 7, 0, 3, 4, 50, 10))).isTrue();
    assertThat(Rows.even(new Sequences(data, 0, 2, Integer.MAX_VALUE, 0, -2 >>> 1, Integer.MAX_VALUE))).isFalse();
  }
}
