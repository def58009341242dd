package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Every shape that broadcasts against the scores, for bias and mask, against arrays that hold every element. */
@Tag("twice")
class BroadcastTest {
  private static final int[] SCORES = {2, 3, 5, 7};
  private static final int SIZE = 2 * 3 * 5 * 7;

  private final Random random = new Random(20261129);

  /** The index in an array of this shape of element n of the scores, by NumPy's rule. */
  private static int place(int[] shape, int n) {
    int place = 0;
    int stride = 1;
    int rest = n;
    for (int axis = 3, i = shape.length - 1; axis >= 0; axis--, i--) {
      int at = rest % SCORES[axis];
      rest /= SCORES[axis];
      if (i >= 0) {
        place += shape[i] == 1 ? 0 : at * stride;
        stride *= shape[i];
      }
    }
    return place;
  }

  private static int size(int... shape) {
    return Arrays.stream(shape).reduce(1, (x, y) -> x * y);
  }

  private static float[] output(Attention attention) {
    Heads query = Views.random(Views.Layout.DENSE, 2, 3, 5, 4, 1);
    Heads key = Views.random(Views.Layout.DENSE, 2, 3, 7, 4, 2);
    Heads output = Heads.zeros(2, 3, 5, 4);
    attention.compute(query, key, Views.random(Views.Layout.DENSE, 2, 3, 7, 4, 3), output);
    return output.data();
  }

  @Test
  void anAxisOfOneAndAMissingAxisRepeat() {
    for (int rank = 1; rank <= 4; rank++) {
      for (int ones = 0; ones < (1 << rank); ones++) {
        int[] shape = Arrays.copyOfRange(SCORES, 4 - rank, 4);
        for (int i = 0; i < rank; i++) {
          shape[i] = ((ones >> i) & 1) == 1 ? 1 : shape[i];
        }
        float[] bias = new float[size(shape)];
        boolean[] seen = new boolean[bias.length];
        for (int n = 0; n < bias.length; n++) {
          bias[n] = (float) random.nextGaussian();
          seen[n] = random.nextInt(3) > 0;
        }
        float[] allBias = new float[SIZE];
        boolean[] allSeen = new boolean[SIZE];
        for (int n = 0; n < SIZE; n++) {
          allBias[n] = bias[place(shape, n)];
          allSeen[n] = seen[place(shape, n)];
        }
        Attention attention = Attention.standard();
        assertThat(output(attention.withBias(Bias.of(bias, shape))))
            .as("bias of %s", Arrays.toString(shape))
            .isEqualTo(output(attention.withBias(new Bias(allBias, 0, 3 * 5 * 7, 5 * 7, 7, 1))));
        assertThat(output(attention.withMask(Mask.matrix(seen, shape))))
            .as("mask of %s", Arrays.toString(shape))
            .isEqualTo(output(attention.withMask(Mask.matrix(allSeen, 0, 3 * 5 * 7, 5 * 7, 7, 1))));
      }
    }
  }

  @Test
  void anotherSizeIsRefusedByName() {
    String[] names = {"batch", "heads", "queries", "keys"};
    String[] calls = {"batch entries", "query heads", "queries", "keys"};
    for (int axis = 0; axis < 4; axis++) {
      for (int wrong : new int[] {0, SCORES[axis] - 1, SCORES[axis] + 1, 2 * SCORES[axis]}) {
        int[] shape = SCORES.clone();
        shape[axis] = wrong;
        if (wrong == 1) {
          continue;
        }
        String message = "." + names[axis] + " is " + wrong + ", but the call's number of " + calls[axis] + " is " + SCORES[axis];
        Attention biased = Attention.standard().withBias(Bias.of(new float[size(shape)], shape));
        assertThatThrownBy(() -> output(biased)).hasMessage("bias" + message);
        Attention masked = Attention.standard().withMask(Mask.matrix(new boolean[size(shape)], shape));
        assertThatThrownBy(() -> output(masked)).hasMessage("matrix" + message);
      }
    }
    assertThatThrownBy(() -> Mask.matrix(new boolean[6], 7)).hasMessage("matrix.data.length is 6, but the size of the shape is 7");
    assertThatThrownBy(() -> Mask.matrix(new boolean[6])).hasMessage("matrix.shape.length is 0, must be at least 1");
  }

  /** A bias with strides for 5 keys would be read across its rows by a call with 7 keys, although the array is long enough. */
  @Test
  void aBiasWhoseRowsAreTooNarrowIsRefused() {
    float[] data = new float[1000];
    assertThatThrownBy(() -> output(Attention.standard().withBias(new Bias(data, 0, 0, 0, 5, 1))))
        .hasMessageContaining("bias.queryStride is 5, but the call's rows need at least 7");
    assertThatThrownBy(() -> output(Attention.standard().withBias(new Bias(data, 0, 0, 7, 7, 1))))
        .hasMessageContaining("bias.queryStride is 7, but the call's rows need at least 21");
    assertThatThrownBy(() -> output(Attention.standard().withBias(new Bias(data, 0, 34, 0, 7, 1))))
        .hasMessageContaining("bias.batchStride is 34, but the call's rows need at least 35");
    assertThat(output(Attention.standard().withBias(new Bias(data, 3, 35, 0, 7, 1)))).hasSize(120);
  }
}
