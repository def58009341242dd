package dev.lanewise.core.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.data.Heads;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntConsumer;

/** Views in several memory layouts, random numbers in them, and checks of the elements between their rows. */
public final class Views {
  /** Fills outputs before a call, so that a wrong write is visible. */
  public static final float SENTINEL = -12345.678f;

  private Views() {}

  /** Layout of a view in its array. */
  public enum Layout {
    /** Batch, head, row, without gaps. */
    DENSE,
    /** Batch, row, head: the layout of a projection whose rows are split into heads. */
    ROWS_FIRST,
    /** An offset, and gaps after each row, head and batch entry and at the end. */
    GAPS
  }

  /** A view of a new array in which all elements, gaps included, are {@code fill}. */
  public static Heads filled(Layout layout, int batch, int heads, int rows, int width, float fill) {
    Heads shape =
        switch (layout) {
          case DENSE -> Heads.zeros(batch, heads, rows, width);
          case ROWS_FIRST -> {
            int rowStride = heads * width;
            float[] data = new float[batch * rows * rowStride];
            yield new Heads(data, 0, batch, heads, rows, width, rows * rowStride, width, rowStride);
          }
          case GAPS -> gaps(batch, heads, rows, width);
        };
    Arrays.fill(shape.data(), fill);
    return shape;
  }

  /** Normal random numbers, with NaN in the gaps, which must not be read. */
  public static Heads random(Layout layout, int batch, int heads, int rows, int width, long seed) {
    Heads view = filled(layout, batch, heads, rows, width, Float.NaN);
    Random random = new Random(seed);
    forEach(view, index -> view.data()[index] = (float) random.nextGaussian());
    return view;
  }

  /** Zeros of the shape of other rows. */
  public static SequenceBatch zerosLike(SequenceBatch x) {
    return SequenceBatch.zeros(x.batch(), x.rows(), x.width());
  }

  /** Results that request only weights, one for each view. */
  public static List<Results> weights(List<Heads> views) {
    return views.stream().map(Results.of()::withWeights).toList();
  }

  /** The same for sequences; {@link Layout#ROWS_FIRST} is dense here. */
  public static SequenceBatch randomSequences(Layout layout, int batch, int rows, int width, long seed) {
    return sequences(random(layout, batch, 1, rows, width, seed));
  }

  /** The same as {@link #filled} with {@link #SENTINEL}. */
  public static SequenceBatch emptySequences(Layout layout, int batch, int rows, int width) {
    return sequences(filled(layout, batch, 1, rows, width, SENTINEL));
  }

  public static float[] randomArray(int length, double magnitude, long seed) {
    Random random = new Random(seed);
    float[] result = new float[length];
    for (int i = 0; i < length; i++) {
      result[i] = (float) (magnitude * random.nextGaussian());
    }
    return result;
  }

  /** The elements in the order batch, head, row, column. */
  public static float[] dense(Heads view) {
    float[] result = new float[view.batch() * view.heads() * view.rows() * view.width()];
    int[] next = {0};
    forEach(view, index -> result[next[0]++] = view.data()[index]);
    return result;
  }

  public static float[] dense(SequenceBatch view) {
    return dense(view.split(1));
  }

  /** A view of one head of one batch entry. */
  public static Heads head(Heads view, int b, int head) {
    return view.batch(b, b + 1).heads(head, head + 1);
  }

  /** Calls {@code action} with the array index of every element, in the order batch, head, row, column. */
  public static void forEach(Heads view, IntConsumer action) {
    for (int b = 0; b < view.batch(); b++) {
      for (int head = 0; head < view.heads(); head++) {
        for (int row = 0; row < view.rows(); row++) {
          for (int column = 0; column < view.width(); column++) {
            action.accept(view.index(b, head, row, column));
          }
        }
      }
    }
  }

  /** Fails if an element outside the view differs from {@link #SENTINEL}. */
  public static void assertOnlyTheViewWritten(Heads view, Object what) {
    float[] around = view.data().clone();
    forEach(view, index -> around[index] = SENTINEL);
    float[] untouched = new float[around.length];
    Arrays.fill(untouched, SENTINEL);
    assertSameBits(around, untouched, "memory around the output of " + what);
  }

  /**
   * Checks that every bit is equal, so 0 and −0 differ. All NaNs count as equal, since their bits depend on the instructions that C2
   * chooses.
   */
  public static void assertSameBits(float[] actual, float[] expected, Object what) {
    assertThat(actual.length).as("length of %s", what).isEqualTo(expected.length);
    for (int i = 0; i < expected.length; i++) {
      if (Float.floatToIntBits(actual[i]) != Float.floatToIntBits(expected[i])) {
        throw new AssertionError("element " + i + " of " + what + " is " + actual[i] + ", must be " + expected[i] + ", bit for bit");
      }
    }
  }

  private static Heads gaps(int batch, int heads, int rows, int width) {
    int rowStride = width + 5;
    int headStride = rows * rowStride + 2;
    int batchStride = heads * headStride + 7;
    return new Heads(new float[3 + batch * batchStride + 11], 3, batch, heads, rows, width, batchStride, headStride, rowStride);
  }

  private static SequenceBatch sequences(Heads view) {
    return new SequenceBatch(view.data(), view.offset(), view.batch(), view.rows(), view.width(), view.batchStride(), view.rowStride());
  }
}
