package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RotaryTable;
import dev.lanewise.kernels.testing.HeadsLayout;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tables of the caller's cosines and sines, and tables with sections, compared with plain double code. */
class RotaryTablesTest {
  private static final String PATHS = "dev.lanewise.kernels.testing.Comparisons#paths";

  /** Width of a row, pairs, and the pairs of each section. */
  private static final int[][] SHAPES = {
    {2, 1, 1},
    {6, 3, 1, 1, 1},
    {34, 17, 12, 5},
    {80, 32, 11, 11, 10},
    {111, 40, 16, 12, 12},
    {128, 64, 24, 20, 20},
    {128, 64, 16, 16, 16, 16}
  };

  private final SplittableRandom random = new SplittableRandom(20261129);

  /** The cosine and the sine of a pair at a position. */
  private interface Angle {
    double[] at(int position, int pair);
  }

  /** Checks each element against double, within three roundings of its operands; sectionOf names the position of each pair. */
  private static void verify(RotaryTable table, Angle angle, int[] sectionOf, Heads input, int[] positions, Heads output) {
    int pairs = sectionOf.length;
    int rows = input.batch() * input.rows();
    boolean half = table.form() == RotaryTable.Form.HALF;
    HeadsLayout.forEach(
        input,
        (b, head, row, column) -> {
          double expected = input.get(b, head, row, column);
          double most = 0;
          if (column < 2 * pairs) {
            int pair = half ? column % pairs : column / 2;
            boolean isLeft = half ? column < pairs : column % 2 == 0;
            double left = input.get(b, head, row, half ? pair : 2 * pair);
            double right = input.get(b, head, row, half ? pair + pairs : 2 * pair + 1);
            double[] turn = angle.at(positions[sectionOf[pair] * rows + b * input.rows() + row], pair);
            expected = isLeft ? left * turn[0] - right * turn[1] : right * turn[0] + left * turn[1];
            most = 3 * 0x1p-24 * (Math.abs(left) + Math.abs(right)) * Math.hypot(turn[0], turn[1]);
          }
          float actual = output.get(b, head, row, column);
          if (!(Math.abs(actual - expected) <= most)) {
            fail("%s of %s: column %d is %s, expected %s within %s", table.form(), input, column, actual, expected, most);
          }
        });
  }

  private static double[] frequencies(int pairs) {
    double[] frequencies = new double[pairs];
    Arrays.setAll(frequencies, i -> Math.pow(10_000, -(double) i / pairs));
    return frequencies;
  }

  private static Angle formula(int pairs) {
    double[] frequencies = frequencies(pairs);
    return (position, pair) -> new double[] {Math.cos(position * frequencies[pair]), Math.sin(position * frequencies[pair])};
  }

  private float[] floats(int count) {
    float[] floats = new float[count];
    for (int n = 0; n < count; n++) {
      floats[n] = (float) random.nextDouble(-1, 1);
    }
    return floats;
  }

  private static int[] sections(int[] shape) {
    return Arrays.copyOfRange(shape, 2, shape.length);
  }

  /** The first pairs use the first position, the next ones the second. */
  private static int[] inOrder(int[] sections) {
    int[] sectionOf = new int[Arrays.stream(sections).sum()];
    int pair = 0;
    for (int section = 0; section < sections.length; section++) {
      for (int i = 0; i < sections[section]; i++) {
        sectionOf[pair++] = section;
      }
    }
    return sectionOf;
  }

  /** Starts with the first position everywhere, and gives every n-th pair to another one, as published for Qwen3-VL. */
  private static int[] inTurn(int[] sections) {
    int[] sectionOf = new int[Arrays.stream(sections).sum()];
    for (int section = 1; section < sections.length; section++) {
      for (int pair = section; pair < sections[section] * sections.length; pair += sections.length) {
        sectionOf[pair] = section;
      }
    }
    return sectionOf;
  }

  /** The cosines and sines need not belong to an angle. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void rowsAreRotatedByTheCallersNumbers(Kernels kernels) {
    for (int[] shape : SHAPES) {
      int pairs = shape[1];
      for (int count : new int[] {1, 64, 100}) {
        float[] cosines = floats(count * pairs);
        float[] sines = floats(count * pairs);
        Angle given = (position, pair) -> new double[] {cosines[position * pairs + pair], sines[position * pairs + pair]};
        for (RotaryTable.Form form : RotaryTable.Form.values()) {
          RotaryTable table = RotaryTable.of(form, cosines, sines, count, pairs);
          for (HeadsLayout layout : HeadsLayout.values()) {
            Heads input = layout.random(2, 3, 5, shape[0], random);
            int[] positions = random.ints(10, 0, count).toArray();
            positions[3] = count - 1;
            Heads output = layout.blank(2, 3, 5, shape[0]);
            kernels.rotate(input, output, table, positions);
            HeadsLayout.assertFrameIntact(table, output);
            verify(table, given, new int[pairs], input, positions, output);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void tablesMayBeTooLargeToBeKept(Kernels kernels) {
    int pairs = 1024;
    int count = 4200; // 4096 rows are kept in the interleaved form
    float[] cosines = floats(count * pairs);
    float[] sines = floats(count * pairs);
    Angle given = (position, pair) -> new double[] {cosines[position * pairs + pair], sines[position * pairs + pair]};
    RotaryTable table = RotaryTable.of(RotaryTable.Form.INTERLEAVED, cosines, sines, count, pairs);
    assertThat(table.chunk(count - 1)).isNull();
    Heads input = HeadsLayout.DENSE.random(1, 1, 4, 2 * pairs, random);
    Heads output = HeadsLayout.DENSE.blank(1, 1, 4, 2 * pairs);
    kernels.rotate(input, output, table, count - 4);
    verify(table, given, new int[pairs], input, new int[] {count - 4, count - 3, count - 2, count - 1}, output);
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void eachSectionIsRotatedByItsPosition(Kernels kernels) {
    for (int[] shape : SHAPES) {
      int[] sections = sections(shape);
      for (RotaryTable.Form form : RotaryTable.Form.values()) {
        RotaryTable table = RotaryTable.of(form, frequencies(shape[1]), 1);
        for (HeadsLayout layout : HeadsLayout.values()) {
          for (int last : new int[] {100, Integer.MAX_VALUE}) {
            Heads input = layout.random(2, 3, 5, shape[0], random);
            int[] positions = random.ints(sections.length * 10L, 0, last).toArray();
            positions[4] = last;
            verify(kernels, table.withSections(sections), inOrder(sections), layout, input, positions);
            verify(kernels, table.withInterleavedSections(sections), inTurn(sections), layout, input, positions);
          }
        }
      }
    }
  }

  private static void verify(Kernels kernels, RotaryTable table, int[] sectionOf, HeadsLayout layout, Heads input, int[] positions) {
    Heads output = layout.blank(2, 3, 5, input.width());
    kernels.rotate(input, output, table, positions);
    HeadsLayout.assertFrameIntact(table, output);
    verify(table, formula(sectionOf.length), sectionOf, input, positions, output);
  }

  /** Rows of text: the positions of all sections are the same, and may be given once. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void samePositionsHaveTheBitsOfNoSections(Kernels kernels) {
    for (RotaryTable.Form form : RotaryTable.Form.values()) {
      RotaryTable table = RotaryTable.of(form, frequencies(64), 1.5);
      RotaryTable sections = table.withSections(16, 24, 24);
      Heads input = HeadsLayout.GAPS.random(2, 2, 3000, 130, random);
      int[] once = random.ints(6000, 0, 200_000).toArray();
      int[] each = new int[18_000];
      Arrays.setAll(each, i -> once[i % 6000]);
      Heads expected = HeadsLayout.DENSE.blank(2, 2, 3000, 130);
      Heads output = HeadsLayout.DENSE.blank(2, 2, 3000, 130);
      kernels.rotate(input, expected, table, once);
      kernels.rotate(input, output, sections, each);
      HeadsLayout.assertSameBits("each", expected, output);
      kernels.rotate(input, output, sections, once);
      HeadsLayout.assertSameBits("once", expected, output);
      kernels.rotate(input, expected, table, 7);
      kernels.rotate(input, output, sections, 7);
      HeadsLayout.assertSameBits("first", expected, output);
    }
  }

  @Test
  void formAndSectionsDoNotUndoEachOther() {
    float[] cosines = {0.5f, 0.25f};
    float[] sines = {2, 4};
    RotaryTable table =
        RotaryTable.of(RotaryTable.Form.HALF, cosines, sines, 1, 2).withSections(1, 1).withForm(RotaryTable.Form.INTERLEAVED);
    cosines[0] = Float.NaN;
    sines[0] = Float.NaN;
    assertThat(table.form()).isEqualTo(RotaryTable.Form.INTERLEAVED);
    assertThat(table.lastPosition()).isZero();
    assertThat(table.pairs()).isEqualTo(2);
    Heads row = Heads.of(new float[] {1, 10, 100, 1000}, 1, 1, 1, 4);
    Kernels.selected().rotate(row, row, table, new int[] {0, 0});
    assertThat(row.data()).containsExactly(0.5f - 20, 5 + 2, 25 - 4000, 250 + 400);
    assertThat(RotaryTable.of(RotaryTable.Form.HALF, new double[1], 1).lastPosition()).isEqualTo(Integer.MAX_VALUE);
  }
}
