package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Views of batch × rows × width: indexes of their elements, parts of them, and errors. */
@Tag("once")
class SequenceBatchTest {
  private final float[] data = data();
  private final SequenceBatch view = new SequenceBatch(data, 7, 2, 3, 4, 50, 10);

  private static float[] data() {
    float[] data = new float[200];
    for (int i = 0; i < data.length; i++) {
      data[i] = i;
    }
    return data;
  }

  @Test
  void elementsHaveTheIndexesOfTheDefinition() {
    Heads heads = view.split(2);
    for (int b = 0; b < 2; b++) {
      for (int row = 0; row < 3; row++) {
        for (int column = 0; column < 4; column++) {
          int place = 7 + 50 * b + 10 * row + column;
          assertThat(view.get(b, row, column)).isEqualTo(place);
          assertThat(heads.get(b, column / 2, row, column % 2)).isEqualTo(place);
          assertThat(view.batch(b, 2).rows(row, 3).columns(column, 4).get(0, 0, 0)).isEqualTo(place);
        }
      }
    }
    assertThat(view.batch(1, 2).rows(1, 3)).isEqualTo(new SequenceBatch(data, 67, 1, 2, 4, 50, 10));
    assertThat(view.batch(1, 2).rows(3, 3)).isEqualTo(new SequenceBatch(data, 57, 1, 0, 4, 50, 10));
    assertThat(view.batch(1, 1)).isEqualTo(new SequenceBatch(data, 7, 0, 3, 4, 50, 10));
    assertThat(view.columns(1, 3)).isEqualTo(new SequenceBatch(data, 8, 2, 3, 2, 50, 10));
    SequenceBatch copy = SequenceBatch.zeros(2, 3, 4);
    view.copyTo(copy);
    assertThat(copy.data()).startsWith(7, 8, 9, 10, 17).endsWith(78, 79, 80).hasSize(24);
    assertThat(view.matrix(1, 2, 1, 1, 3)).isEqualTo(new Matrix(data, 7 + 50 + 20 + 1, 1, 3, 10));
    assertThatThrownBy(() -> view.get(2, 0, 0)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> view.get(0, 3, 0)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> view.get(0, 0, 4)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> view.batch(2, 3).rows(0, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> view.rows(2, 4)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> view.columns(3, 5)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> view.matrix(2, 0, 1, 0, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> view.matrix(0, 2, 2, 0, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> view.matrix(0, 0, 1, 3, 2)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void rowsWithOneStride() {
    assertThat(view.isEven()).isFalse();
    SequenceBatch even = new SequenceBatch(data, 7, 2, 3, 4, 30, 10);
    assertThat(even.isEven()).isTrue();
    assertThat(even.merged()).isEqualTo(new SequenceBatch(data, 7, 1, 6, 4, 0, 10));
    SequenceBatch single = new SequenceBatch(data, 7, 3, 1, 4, 50, 10);
    assertThat(single.isEven()).isTrue();
    assertThat(single.merged()).isEqualTo(new SequenceBatch(data, 7, 1, 3, 4, 0, 50));
    assertThat(new SequenceBatch(data, 7, 1, 3, 4, 50, 10).isEven()).isTrue();
    assertThat(new SequenceBatch(data, 7, 0, 3, 4, 50, 10).isEven()).isTrue();
    assertThat(new SequenceBatch(data, 0, 2, Integer.MAX_VALUE, 0, -2 >>> 1, Integer.MAX_VALUE).isEven()).isFalse();
    assertThat(new SequenceBatch(data, 7, 1, 1, 4, 50, 10).merged()).isEqualTo(new SequenceBatch(data, 7, 1, 1, 4, 0, 10));
  }

  @Test
  void viewsEndWithTheirArray() {
    float[] exact = new float[7 + 50 + 20 + 4];
    assertThat(new SequenceBatch(exact, 7, 2, 3, 4, 50, 10).get(1, 2, 3)).isZero();
    assertThatThrownBy(() -> new SequenceBatch(exact, 8, 2, 3, 4, 50, 10)).hasMessage("data has 81 elements, but the view needs 82");
    int max = Integer.MAX_VALUE;
    assertThatThrownBy(() -> new SequenceBatch(exact, max, max, max, max, max, max)).hasMessageStartingWith("data has 81 elements");
    for (int[] empty : new int[][] {{0, 3, 4}, {2, 0, 4}, {2, 3, 0}}) {
      assertThat(new SequenceBatch(exact, max, empty[0], empty[1], empty[2], max, max).data()).isSameAs(exact);
    }
  }

  /** The first wrong tensors are listed one by one, the others are counted. */
  @Test
  void wrongTensorsAreListedAndCounted() {
    NamedTensors none = NamedTensors.builder().build();
    for (int wrong : new int[] {1, 49, 50, 51, 80}) {
      Map<String, long[]> expected = new TreeMap<>();
      for (int i = 0; i < wrong; i++) {
        expected.put("t" + i, new long[] {i});
      }
      assertThatThrownBy(() -> none.check(expected))
          .satisfies(
              e -> {
                assertThat(e.getMessage().lines().filter(line -> line.startsWith("missing: "))).hasSize(Math.min(wrong, 50));
                assertThat(e.getMessage().contains("more")).isEqualTo(wrong > 50);
              })
          .hasMessageEndingWith(wrong > 50 ? "and " + (wrong - 50) + " more" : "but is not there");
    }
  }
}
