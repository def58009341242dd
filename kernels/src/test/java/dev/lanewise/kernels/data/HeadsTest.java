package dev.lanewise.kernels.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.kernels.data.Heads.Axis;
import dev.lanewise.kernels.testing.HeadsLayout;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Slices, exchanged axes and copies of views, element by element. */
@Tag("once")
class HeadsTest {
  private static final long SEED = 20261129;
  private static final int[] SHAPE = {3, 4, 5, 7};

  private static Heads random(HeadsLayout layout) {
    return layout.random(SHAPE[0], SHAPE[1], SHAPE[2], SHAPE[3], new SplittableRandom(SEED));
  }

  private static Heads slice(Heads view, Axis axis, int from, int to) {
    return switch (axis) {
      case BATCH -> view.batch(from, to);
      case HEAD -> view.heads(from, to);
      case ROW -> view.rows(from, to);
      case COLUMN -> view.columns(from, to);
    };
  }

  private static int[] sizes(Heads view) {
    return new int[] {view.batch(), view.heads(), view.rows(), view.width()};
  }

  @ParameterizedTest
  @EnumSource
  void aSliceHasTheElementsOfItsRange(HeadsLayout layout) {
    Heads view = random(layout);
    for (Axis axis : Axis.values()) {
      int size = SHAPE[axis.ordinal()];
      for (int from = 0; from <= size; from++) {
        for (int to = from; to <= size; to++) {
          Heads slice = slice(view, axis, from, to);
          int[] expected = SHAPE.clone();
          expected[axis.ordinal()] = to - from;
          assertThat(sizes(slice)).containsExactly(expected);
          int[] first = new int[4];
          first[axis.ordinal()] = from;
          HeadsLayout.forEach(
              slice,
              (b, head, row, column) ->
                  assertThat(slice.get(b, head, row, column))
                      .isEqualTo(view.get(first[0] + b, first[1] + head, first[2] + row, first[3] + column)));
          if (from == to) {
            assertThat(slice.offset()).isEqualTo(view.offset());
          }
        }
      }
      for (int[] wrong : new int[][] {{-1, 1}, {2, 1}, {0, size + 1}}) {
        assertThatThrownBy(() -> slice(view, axis, wrong[0], wrong[1]))
            .isInstanceOf(IndexOutOfBoundsException.class)
            .hasMessageContaining("[%d, %d) are out of bounds for length %d", wrong[0], wrong[1], size);
      }
    }
  }

  /** The array holds more columns than the view, so that nothing else refuses them. */
  @Test
  void aSliceEndsWithItsMatrix() {
    Matrix view = new Matrix(new float[20], 0, 2, 3, 5, 1);
    assertThatThrownBy(() -> view.columns(2, 4)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> view.rows(1, 3)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  /** Strides of a view without elements may be so large that a start would overflow. */
  @Test
  void aSliceOfAnEmptyViewKeepsTheOffset() {
    int max = Integer.MAX_VALUE;
    Heads empty = new Heads(new float[0], 9, 4, 4, 4, 0, max, max, max, max);
    for (Axis axis : new Axis[] {Axis.BATCH, Axis.HEAD, Axis.ROW}) {
      assertThat(slice(empty, axis, 2, 4).offset()).isEqualTo(9);
    }
    Matrix none = new Matrix(new float[0], 9, 0, 4, max, max);
    assertThat(none.columns(2, 4).offset()).isEqualTo(9);
  }

  @ParameterizedTest
  @EnumSource
  void anyTwoAxesCanBeExchanged(HeadsLayout layout) {
    Heads view = random(layout);
    for (Axis one : Axis.values()) {
      for (Axis other : Axis.values()) {
        Heads exchanged = view.transposed(one, other);
        HeadsLayout.forEach(
            view,
            (b, head, row, column) -> {
              int[] at = {b, head, row, column};
              int kept = at[one.ordinal()];
              at[one.ordinal()] = at[other.ordinal()];
              at[other.ordinal()] = kept;
              assertThat(exchanged.get(at[0], at[1], at[2], at[3])).isEqualTo(view.get(b, head, row, column));
            });
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aMatrixOfAHeadHasItsElementsWithAnyStrides(HeadsLayout layout) {
    Heads view = random(layout);
    Matrix matrix = view.matrix(2, 1, 1, 4);
    Matrix part = matrix.transposed().rows(2, 6).columns(1, 3).transposed();
    for (int row = 0; row < 3; row++) {
      for (int column = 0; column < 7; column++) {
        assertThat(matrix.get(row, column)).isEqualTo(view.get(2, 1, 1 + row, column));
      }
    }
    for (int row = 0; row < 2; row++) {
      for (int column = 0; column < 4; column++) {
        assertThat(part.get(row, column)).isEqualTo(view.get(2, 1, 2 + row, 2 + column));
      }
    }
    HeadsLayout.assertSameBits("a view of a matrix", view.batch(2, 3).heads(1, 2).rows(1, 4), Heads.of(matrix));
  }

  @ParameterizedTest
  @EnumSource
  void aCopyHasTheSameBitsInEveryLayoutAndWritesNothingElse(HeadsLayout layout) {
    Heads view = random(layout);
    for (HeadsLayout other : HeadsLayout.values()) {
      Heads target = other.blank(SHAPE[0], SHAPE[1], SHAPE[2], SHAPE[3]);
      view.copyTo(target);
      HeadsLayout.assertSameBits(layout + " to " + other, view, target);
      HeadsLayout.assertFrameIntact(layout + " to " + other, target);
    }
    Matrix copy = Matrix.zeros(7, 5);
    view.matrix(1, 2, 0, 5).transposed().copyTo(copy);
    HeadsLayout.assertSameBits("a matrix", view.batch(1, 2).heads(2, 3), Heads.of(copy).transposed());
  }

  /** Whatever the two views share, the target receives what the source held before. */
  @Test
  void viewsMayOverlap() {
    SplittableRandom random = new SplittableRandom(SEED);
    int overlapping = 0;
    for (int round = 0; round < 3000; round++) {
      float[] data = new float[160];
      IntStream.range(0, 160).forEach(i -> data[i] = i);
      Heads target = slice(Heads.of(data, 2, 4, 5, 4).transposed(axis(random), axis(random)), axis(random), 0, 2);
      int[] s = {random.nextInt(4), random.nextInt(9), random.nextInt(9), random.nextInt(9)};
      int[] n = sizes(target);
      Heads source = new Heads(data, random.nextInt(20), n[0], n[1], n[2], n[3], s[0], s[1], s[2], s[3]);
      float[] expected = data.clone();
      HeadsLayout.forEach(
          target, (b, head, row, column) -> expected[target.index(b, head, row, column)] = source.index(b, head, row, column));
      source.copyTo(target);
      assertThat(data).as("round %d: %s to %s", round, source, target).isEqualTo(expected);
      overlapping += source.offset() < target.end() && target.offset() < source.end() ? 1 : 0;
    }
    assertThat(overlapping).isGreaterThan(1000);
  }

  private static Axis axis(SplittableRandom random) {
    return Axis.values()[random.nextInt(4)];
  }

  @Test
  void aCopyIsRefusedByNameBeforeAnythingIsWritten() {
    Heads view = Heads.of(new float[120], 2, 3, 4, 5);
    for (Axis axis : Axis.values()) {
      Heads small = slice(HeadsLayout.DENSE.blank(2, 3, 4, 5), axis, 0, 1);
      int size = sizes(view)[axis.ordinal()];
      String name = axis == Axis.BATCH ? "batch" : axis == Axis.HEAD ? "heads" : axis == Axis.ROW ? "rows" : "width";
      assertThatThrownBy(() -> view.copyTo(small)).hasMessage("target.%s is 1, but %s is %d", name, name, size);
      HeadsLayout.assertFrameIntact("refused", slice(small, axis, 0, 0));
    }
    assertThatThrownBy(() -> Matrix.zeros(2, 3).copyTo(Matrix.zeros(2, 4))).hasMessage("target.columns is 4, but columns is 3");
    assertThatThrownBy(() -> Matrix.zeros(2, 3).copyTo(Matrix.zeros(1, 3))).hasMessage("target.rows is 1, but rows is 2");
    Heads repeated = new Heads(new float[60], 0, 2, 3, 4, 5, 0, 20, 5, 1);
    assertThatThrownBy(() -> view.copyTo(repeated)).hasMessage("target.batchStride is 0, but a view that is written needs at least 5");
    assertThatThrownBy(() -> repeated.copyFrom(KeyValueFormat.F16, new short[120], 0)).hasMessageContaining("target.batchStride is 0");
    for (KeyValueFormat format : new KeyValueFormat[] {KeyValueFormat.F32, KeyValueFormat.INT8}) {
      assertThatThrownBy(() -> view.copyTo(format, new short[120], 0)).hasMessage("format is %s, must be F16 or BF16", format);
      assertThatThrownBy(() -> view.copyFrom(format, new short[120], 0)).hasMessage("format is %s, must be F16 or BF16", format);
    }
    assertThatThrownBy(() -> view.copyTo(KeyValueFormat.F16, new short[122], 3))
        .hasMessage("target has 122 elements, but the view needs 123");
    assertThatThrownBy(() -> view.copyFrom(KeyValueFormat.F16, new short[119], 0))
        .hasMessage("source has 119 elements, but the view needs 120");
    assertThatThrownBy(() -> view.copyTo(KeyValueFormat.BF16, new short[200], -1)).hasMessage("from is -1, must be at least 0");
  }

  /** Elements are converted in the order batch, head, row, column, whatever the strides. */
  @ParameterizedTest
  @EnumSource
  void numbersOf16BitsAreInOrder(HeadsLayout layout) {
    Heads view = layout.blank(SHAPE[0], SHAPE[1], SHAPE[2], SHAPE[3]);
    short[] bits = new short[3 + 420 + 2];
    IntStream.range(0, 420).forEach(i -> bits[3 + i] = Float.floatToFloat16(i));
    view.copyFrom(KeyValueFormat.F16, bits, 3);
    HeadsLayout.assertFrameIntact(layout, view);
    HeadsLayout.forEach(
        view, (b, head, row, column) -> assertThat(view.get(b, head, row, column)).isEqualTo(((b * 4 + head) * 5 + row) * 7 + column));
    short[] back = new short[bits.length];
    view.copyTo(KeyValueFormat.F16, back, 3);
    assertThat(back).isEqualTo(bits);
  }

  private static double value(KeyValueFormat format, int bits) {
    int fractionBits = format == KeyValueFormat.F16 ? 10 : 7;
    int bias = format == KeyValueFormat.F16 ? 15 : 127;
    int exponent = (bits & 0x7fff) >> fractionBits;
    int fraction = bits & ((1 << fractionBits) - 1);
    double sign = (bits & 0x8000) == 0 ? 1 : -1;
    if (exponent == 2 * bias + 1) {
      return fraction == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
    }
    int one = exponent == 0 ? 0 : 1 << fractionBits;
    return sign * Math.scalb((double) (one + fraction), Math.max(1, exponent) - bias - fractionBits);
  }

  private static short rounded(KeyValueFormat format, float x) {
    short[] bits = new short[1];
    Heads.of(new float[] {x}, 1, 1, 1, 1).copyTo(format, bits, 0);
    return bits[0];
  }

  /** All 65536 numbers of a format, and the numbers at and next to the middle of two neighbours. */
  @ParameterizedTest
  @EnumSource(names = {"F16", "BF16"})
  void everyNumberOf16BitsIsExactAndRoundingIsToNearestEven(KeyValueFormat format) {
    short[] all = new short[1 << 16];
    IntStream.range(0, all.length).forEach(i -> all[i] = (short) i);
    Heads view = Heads.zeros(2, 4, 64, 128);
    view.copyFrom(format, all, 0);
    short[] back = new short[all.length];
    view.copyTo(format, back, 0);
    for (int i = 0; i < all.length; i++) {
      double expected = value(format, i);
      float x = view.data()[i];
      if (Double.isNaN(expected)) {
        assertThat(x).as("%x", i).isNaN();
        assertThat(value(format, back[i] & 0xffff)).as("%x", i).isNaN();
        continue;
      }
      assertThat((double) x).as("%x", i).isEqualTo(expected);
      assertThat(back[i]).as("%x", i).isEqualTo((short) i);
      int next = i + 1;
      if (Double.isInfinite(expected)) {
        continue;
      }
      // behind the largest number is the one that would follow it, at the place of infinity
      double following = Double.isInfinite(value(format, next)) ? 2 * expected - value(format, i - 1) : value(format, next);
      float middle = (float) ((expected + following) / 2);
      assertThat((double) middle).as("%x", i).isEqualTo((expected + following) / 2);
      boolean positive = (i & 0x8000) == 0;
      assertThat(rounded(format, middle)).as("middle behind %x", i).isEqualTo((short) (i % 2 == 0 ? i : next));
      assertThat(rounded(format, positive ? Math.nextDown(middle) : Math.nextUp(middle))).as("before it").isEqualTo((short) i);
      assertThat(rounded(format, positive ? Math.nextUp(middle) : Math.nextDown(middle))).as("behind it").isEqualTo((short) next);
    }
  }

  /** Every NaN of a float stays a NaN, also one whose upper bits alone are those of an infinity. */
  @ParameterizedTest
  @EnumSource(names = {"F16", "BF16"})
  void aNanStaysANan(KeyValueFormat format) {
    for (int fraction : new int[] {1, 0x7fff, 0x8000, 0x1fff, 0x2000, 0x40_0000, 0x7f_ffff}) {
      for (int sign : new int[] {0, 1 << 31}) {
        float nan = Float.intBitsToFloat(sign | 0x7f80_0000 | fraction);
        assertThat(value(format, rounded(format, nan) & 0xffff)).as("%x", fraction).isNaN();
      }
    }
  }
}
