package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.SequenceBatch;
import org.junit.jupiter.api.Test;

class RowwiseTest {
  private final float[] data = new float[200];
  private final SequenceBatch view = new SequenceBatch(data, 7, 2, 3, 4, 50, 10);

  @Test
  void rowsWithOneStride() {
    assertThat(Rowwise.even(view)).isFalse();
    SequenceBatch even = new SequenceBatch(data, 7, 2, 3, 4, 30, 10);
    assertThat(Rowwise.even(even)).isTrue();
    assertThat(Rowwise.merged(even)).isEqualTo(new SequenceBatch(data, 7, 1, 6, 4, 0, 10));
    SequenceBatch single = new SequenceBatch(data, 7, 3, 1, 4, 50, 10);
    assertThat(Rowwise.even(single)).isTrue();
    assertThat(Rowwise.merged(single)).isEqualTo(new SequenceBatch(data, 7, 1, 3, 4, 0, 50));
    assertThat(Rowwise.even(new SequenceBatch(data, 7, 1, 3, 4, 50, 10))).isTrue();
    assertThat(Rowwise.even(new SequenceBatch(data, 7, 0, 3, 4, 50, 10))).isTrue();
    assertThat(Rowwise.even(new SequenceBatch(data, 0, 2, Integer.MAX_VALUE, 0, -2 >>> 1, Integer.MAX_VALUE))).isFalse();
  }

  /** The stride of an axis of one element does not make two views different. */
  @Test
  void oneRowIsTheSameViewWithAnyStride() {
    SequenceBatch one = new SequenceBatch(data, 7, 1, 1, 4, 50, 10);
    SequenceBatch other = new SequenceBatch(data, 7, 1, 1, 4, 0, 4);
    assertThatNoException().isThrownBy(() -> Rowwise.checkInPlace("output", one, "x", other));
    assertThatThrownBy(() -> Rowwise.checkInPlace("output", one, "x", new SequenceBatch(data, 8, 1, 1, 4, 0, 4)))
        .hasMessageContaining("overlaps");
  }
}
