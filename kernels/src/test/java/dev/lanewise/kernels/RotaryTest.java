package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RotaryTable;
import dev.lanewise.kernels.testing.HeadsLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class RotaryTest {
  private static final String PATHS = "dev.lanewise.kernels.testing.Comparisons#paths";
  private static final long SEED = 20261121;

  /** headDim and rotaryDim: whole vectors, partial vectors and less than one vector at every lane count, and parts of a row. */
  private static final int[][] WIDTHS = {
    {2, 2}, {4, 4}, {6, 6}, {16, 2}, {18, 18}, {34, 34}, {59, 58}, {64, 64}, {80, 80}, {80, 20}, {111, 64}, {111, 110}, {128, 128}
  };

  /** Batch, heads, rows. */
  private static final int[][] SIZES = {{1, 1, 1}, {2, 3, 1}, {3, 2, 5}, {1, 4, 17}};

  private final SplittableRandom random = new SplittableRandom(SEED);

  /** A rotation of these heads, with a position for each row (batch × rows). */
  private record Case(RotaryTable table, double[] frequencies, double factor, Heads input, int[] positions) {
    static Case of(RotaryTable.Form form, int rotaryDim, double factor, Heads input, int[] positions) {
      double[] frequencies = geometric(rotaryDim / 2);
      return new Case(RotaryTable.of(form, frequencies, factor), frequencies, factor, input, positions);
    }

    Heads run(Kernels kernels, HeadsLayout layout) {
      Heads output = layout.blank(input.batch(), input.heads(), input.rows(), input.width());
      kernels.rotate(input, output, table, positions);
      HeadsLayout.assertFrameIntact(this, output);
      return output;
    }

    /** Checks each element against double, within three roundings of its operands. */
    void verify(Heads output) {
      int pairs = frequencies.length;
      boolean half = table.form() == RotaryTable.Form.HALF;
      HeadsLayout.forEach(
          input,
          (b, head, row, column) -> {
            float actual = output.get(b, head, row, column);
            if (column >= 2 * pairs) {
              check(column, actual, input.get(b, head, row, column), 0);
              return;
            }
            int pair = half ? column % pairs : column / 2;
            boolean isLeft = half ? column < pairs : column % 2 == 0;
            double left = input.get(b, head, row, half ? pair : 2 * pair);
            double right = input.get(b, head, row, half ? pair + pairs : 2 * pair + 1);
            double angle = positions[b * input.rows() + row] * frequencies[pair];
            double cosine = factor * Math.cos(angle);
            double sine = factor * Math.sin(angle);
            double expected = isLeft ? left * cosine - right * sine : right * cosine + left * sine;
            check(column, actual, expected, 3 * 0x1p-24 * factor * (Math.abs(left) + Math.abs(right)));
          });
    }

    private void check(int column, float actual, double expected, double most) {
      if (!(Math.abs(actual - expected) <= most)) {
        fail("%s: column %d is %s, expected %s within %s", this, column, actual, expected, most);
      }
    }

    @Override
    public String toString() {
      return "%s, %d of %s, positions %s".formatted(table.form(), table.rotaryDim(), input, Arrays.toString(positions));
    }
  }

  private static double[] geometric(int pairs) {
    double[] frequencies = new double[pairs];
    for (int i = 0; i < pairs; i++) {
      frequencies[i] = Math.pow(10_000, -(double) i / pairs);
    }
    return frequencies;
  }

  private int[] positions(int count, int bound) {
    return random.ints(count, 0, bound).toArray();
  }

  private List<Case> cases(RotaryTable.Form form) {
    List<Case> cases = new ArrayList<>();
    for (int[] width : WIDTHS) {
      for (int[] size : SIZES) {
        for (HeadsLayout layout : HeadsLayout.values()) {
          Heads input = layout.random(size[0], size[1], size[2], width[0], random);
          double factor = cases.size() % 3 == 0 ? 1.25 : 1;
          cases.add(Case.of(form, width[1], factor, input, positions(size[0] * size[2], 5000)));
        }
      }
    }
    return cases;
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void everyPairIsRotatedByItsAngle(Kernels kernels) {
    for (RotaryTable.Form form : RotaryTable.Form.values()) {
      for (Case one : cases(form)) {
        one.verify(one.run(kernels, HeadsLayout.DENSE));
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void bitsAreTheSameInAnyLayoutInPlaceAndOnTheOtherPath(Kernels kernels) {
    for (RotaryTable.Form form : RotaryTable.Form.values()) {
      for (Case one : cases(form)) {
        Heads expected = one.run(Kernels.scalar(), HeadsLayout.DENSE);
        for (HeadsLayout layout : HeadsLayout.values()) {
          HeadsLayout.assertSameBits(one + " to " + layout, expected, one.run(kernels, layout));
          Heads inPlace = layout.copyOf(one.input);
          kernels.rotate(inPlace, inPlace, one.table, one.positions);
          HeadsLayout.assertSameBits(one + " in place in " + layout, expected, inPlace);
          HeadsLayout.assertFrameIntact(one, inPlace);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void positionsMayBeCountedFromTheFirstRow(Kernels kernels) {
    Heads input = HeadsLayout.GAPS.random(3, 2, 7, 20, random);
    int[] positions = new int[21];
    Arrays.setAll(positions, i -> 131_070 + i % 7);
    Case one = Case.of(RotaryTable.Form.HALF, 18, 1, input, positions);
    Heads output = HeadsLayout.DENSE.blank(3, 2, 7, 20);
    kernels.rotate(input, output, one.table, 131_070);
    HeadsLayout.assertSameBits("first", one.run(kernels, HeadsLayout.DENSE), output);
  }

  /** Tables of 128 pairs keep positions up to 65 536 in the half form and up to half of that in the interleaved form. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void anyPositionIsAllowed(Kernels kernels) {
    for (RotaryTable.Form form : RotaryTable.Form.values()) {
      int[] positions = {0, 1, 63, 64, 65, 32_767, 32_768, 65_535, 65_536, 131_072, Integer.MAX_VALUE - 1, Integer.MAX_VALUE, 2, 32_769};
      Heads input = HeadsLayout.ROWS_FIRST.random(1, 2, positions.length, 256, random);
      Case one = Case.of(form, 256, 1, input, positions);
      one.verify(one.run(kernels, HeadsLayout.DENSE));
      Heads last = HeadsLayout.DENSE.blank(1, 2, positions.length, 256);
      kernels.rotate(input, last, one.table, Integer.MAX_VALUE - positions.length + 1);
      Case end = new Case(one.table, one.frequencies, 1, input, new int[positions.length]);
      Arrays.setAll(end.positions, i -> Integer.MAX_VALUE - positions.length + 1 + i);
      end.verify(last);
    }
  }

  /** More rows than a block has, with kept and computed angles, and so many pairs that a block has only 64 rows. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void manyRowsAreRotatedBlockByBlock(Kernels kernels) {
    for (RotaryTable.Form form : RotaryTable.Form.values()) {
      for (HeadsLayout layout : new HeadsLayout[] {HeadsLayout.DENSE, HeadsLayout.ROWS_FIRST, HeadsLayout.TRANSPOSED}) {
        Heads input = layout.random(2, 2, 4099, 6, random);
        Case one = Case.of(form, 4, 1, input, positions(2 * 4099, 10_000));
        one.verify(one.run(kernels, layout));
      }
      Heads wide = HeadsLayout.DENSE.random(1, 2, 131, 8192, random);
      Case far = Case.of(form, 8192, 1, wide, positions(131, Integer.MAX_VALUE));
      far.verify(far.run(kernels, HeadsLayout.DENSE));
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void elementsThatAreNotRotatedKeepTheirBits(Kernels kernels) {
    for (HeadsLayout layout : HeadsLayout.values()) {
      Heads input = layout.random(1, 2, 3, 40, random);
      for (int row = 0; row < 3; row++) {
        input.data()[input.index(0, 1, row, 32)] = Float.NaN;
        input.data()[input.index(0, 1, row, 39)] = Float.NEGATIVE_INFINITY;
      }
      Heads output = layout.blank(1, 2, 3, 40);
      kernels.rotate(input, output, RotaryTable.of(RotaryTable.Form.INTERLEAVED, geometric(16), 2), 1);
      Heads turned = layout.copyOf(output);
      HeadsLayout.forEach(
          input,
          (b, head, row, column) -> {
            if (column < 32) {
              assertThat(output.get(b, head, row, column)).isFinite();
              turned.data()[turned.index(b, head, row, column)] = input.get(b, head, row, column);
            }
          });
      HeadsLayout.assertSameBits(layout, input, turned);
    }
  }

  /** At position 0 all elements keep their bits, and a NaN stays in its pair. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void aNanStaysInItsPair(Kernels kernels) {
    for (int column = 0; column < 80; column++) {
      Heads input = HeadsLayout.DENSE.random(1, 1, 2, 80, random);
      input.data()[80 + column] = Float.NaN;
      Heads output = HeadsLayout.DENSE.blank(1, 1, 2, 80);
      kernels.rotate(input, output, RotaryTable.of(RotaryTable.Form.HALF, geometric(40), 1), 0);
      for (int i = 0; i < 80; i++) {
        assertThat(output.data()[i]).isEqualTo(input.data()[i]);
        assertThat(Float.isNaN(output.data()[80 + i])).as("%d from %d", i, column).isEqualTo(i % 40 == column % 40);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(RotaryTable.Form.class)
  void aTableIsFilledByManyThreadsAtOnce(RotaryTable.Form form) throws Exception {
    Kernels kernels = Kernels.selected();
    Heads input = HeadsLayout.DENSE.random(1, 1, 3000, 64, random);
    Heads expected = HeadsLayout.DENSE.blank(1, 1, 3000, 64);
    kernels.rotate(input, expected, RotaryTable.of(form, geometric(32), 1), 0);
    RotaryTable table = RotaryTable.of(form, geometric(32), 1);
    try (var threads = Executors.newFixedThreadPool(6)) {
      List<Callable<Heads>> calls = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        calls.add(
            () -> {
              Heads output = HeadsLayout.DENSE.blank(1, 1, 3000, 64);
              kernels.rotate(input, output, table, 0);
              return output;
            });
      }
      for (Future<Heads> call : threads.invokeAll(calls)) {
        HeadsLayout.assertSameBits("a thread", expected, call.get());
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void emptyViewsMayHaveAnyOffset(Kernels kernels) {
    RotaryTable table = RotaryTable.of(RotaryTable.Form.HALF, geometric(2), 1);
    Heads noRows = new Heads(new float[0], 1000, 2, 3, 0, 4, 5, 6, 7);
    kernels.rotate(noRows, noRows, table, 0);
    Heads noHeads = new Heads(new float[0], 1000, 2, 0, 3, 4, 5, 6, 7);
    kernels.rotate(noHeads, noHeads, table, new int[6]);
    Heads noBatch = new Heads(new float[0], 1000, 0, 2, 3, 4, 5, 6, 7);
    kernels.rotate(noBatch, noBatch, table, new int[0]);
  }
}
