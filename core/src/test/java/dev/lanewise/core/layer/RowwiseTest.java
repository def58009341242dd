package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.SequenceBatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("twice")
class RowwiseTest {
  private final float[] data = new float[200];

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
