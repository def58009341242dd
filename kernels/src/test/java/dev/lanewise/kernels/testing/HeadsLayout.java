package dev.lanewise.kernels.testing;

import static org.assertj.core.api.Assertions.fail;

import dev.lanewise.kernels.data.Heads;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * The layout of heads in their array. Every element outside the view holds {@link Layout#CANARY}, which detects writes and reads outside of
 * the view.
 */
public enum HeadsLayout {
  /** Batch, head, row, and nothing else in the array. */
  DENSE,
  /** Batch, row, head, and nothing else. */
  ROWS_FIRST,
  /** An offset, and gaps behind each row, head and batch entry. */
  GAPS,
  /** Each head in column-major order, like a transposed key. */
  TRANSPOSED,
  /** A column stride of 3, and gaps as in GAPS. */
  APART;

  /** Heads to be written. */
  public Heads blank(int batch, int heads, int rows, int width) {
    Heads view =
        switch (this) {
          case DENSE -> Heads.zeros(batch, heads, rows, width);
          case ROWS_FIRST -> Heads.ofRows(new float[batch * rows * heads * width], batch, rows, heads, width);
          case GAPS -> gaps(batch, heads, rows, width, 1);
          case TRANSPOSED -> Heads.zeros(batch, heads, width, rows).transposed();
          case APART -> gaps(batch, heads, rows, width, 3);
        };
    Arrays.fill(view.data(), Layout.CANARY);
    return view;
  }

  /** Heads of normally distributed elements. */
  public Heads random(int batch, int heads, int rows, int width, RandomGenerator random) {
    Heads view = blank(batch, heads, rows, width);
    forEach(view, (b, head, row, column) -> view.data()[view.index(b, head, row, column)] = (float) random.nextGaussian());
    return view;
  }

  /** Heads with the elements of other heads. */
  public Heads copyOf(Heads source) {
    Heads view = blank(source.batch(), source.heads(), source.rows(), source.width());
    forEach(view, (b, head, row, column) -> view.data()[view.index(b, head, row, column)] = source.get(b, head, row, column));
    return view;
  }

  private static Heads gaps(int batch, int heads, int rows, int width, int columnStride) {
    int rowStride = width * columnStride + 5;
    int headStride = rows * rowStride + 2;
    int batchStride = heads * headStride + 7;
    float[] data = new float[3 + batch * batchStride + 11];
    return new Heads(data, 3, batch, heads, rows, width, batchStride, headStride, rowStride, columnStride);
  }

  /** An action on an element. */
  public interface Element {
    void at(int b, int head, int row, int column);
  }

  public static void forEach(Heads view, Element element) {
    for (int b = 0; b < view.batch(); b++) {
      for (int head = 0; head < view.heads(); head++) {
        for (int row = 0; row < view.rows(); row++) {
          for (int column = 0; column < view.width(); column++) {
            element.at(b, head, row, column);
          }
        }
      }
    }
  }

  public static void assertSameBits(Object what, Heads expected, Heads actual) {
    forEach(
        expected,
        (b, head, row, column) -> {
          float x = expected.get(b, head, row, column);
          float y = actual.get(b, head, row, column);
          if (Float.floatToRawIntBits(x) != Float.floatToRawIntBits(y)) {
            fail("%s: element (%d, %d, %d, %d) is %s instead of %s", what, b, head, row, column, y, x);
          }
        });
  }

  /** Fails if an element outside the view has changed. */
  public static void assertFrameIntact(Object what, Heads view) {
    float[] frame = view.data().clone();
    forEach(view, (b, head, row, column) -> frame[view.index(b, head, row, column)] = Layout.CANARY);
    for (int i = 0; i < frame.length; i++) {
      if (Float.floatToRawIntBits(frame[i]) != Float.floatToRawIntBits(Layout.CANARY)) {
        fail("%s: element %d lies outside the view and was written: %s", what, i, frame[i]);
      }
    }
  }
}
