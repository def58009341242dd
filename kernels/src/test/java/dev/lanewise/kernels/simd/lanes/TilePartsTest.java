package dev.lanewise.kernels.simd.lanes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.Visibility;
import dev.lanewise.kernels.call.VisibleSegments;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.simd.fused.KeptScores;
import dev.lanewise.kernels.simd.fused.ScoreScale;
import dev.lanewise.testing.Interrupts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** The helpers of the loops over tiles, each tested alone. */
class TilePartsTest {
  /** Skips a test on the scalar path, which has no panels. */
  private static void assumeSimd() {
    assumeThat(Kernels.selected().path()).isNotEqualTo("scalar");
  }

  private static Matrix numbered(int rows, int columns) {
    Matrix matrix = new Matrix(new float[rows * (columns + 2) + 1], 1, rows, columns, columns + 2);
    for (int i = 0; i < matrix.data().length; i++) {
      matrix.data()[i] = i + 1;
    }
    return matrix;
  }

  /** The target may have any content, because it is scratch that has been used before. */
  @Test
  void packedPanelsArePaddedWithZeros() {
    assumeSimd();
    for (int width : new int[] {Lanes.COUNT, 2 * Lanes.COUNT, 4 * Lanes.COUNT}) {
      for (int vectors :
          new int[] {
            1, Lanes.COUNT - 1, Lanes.COUNT, Lanes.COUNT + 1, width, width + 1, 2 * width, 2 * width + Lanes.COUNT, 9 * width + 1
          }) {
        for (int steps : new int[] {1, 3, Lanes.COUNT, Lanes.COUNT + 5}) {
          String what = vectors + " in panels of " + width + ", " + steps + " steps";
          float[] target = new float[Packing.size(vectors, steps, width)];
          Arrays.fill(target, Float.NaN);
          Matrix rows = numbered(vectors, steps + 3);
          Packing.rows(rows, 2, steps + 2, width, 0.5f, target, new Scratch());
          Matrix columns = numbered(steps, vectors);
          float[] second = new float[Packing.size(vectors, steps, width)];
          Arrays.fill(second, Float.NaN);
          Packing.columns(columns, width, second);
          for (int i = 0; i < Packing.roundUp(vectors, width); i++) {
            for (int k = 0; k < steps; k++) {
              int at = i / width * width * steps + k * width + i % width;
              assertThat(target[at]).as("row %s, step %s, %s", i, k, what).isEqualTo(i < vectors ? 0.5f * rows.get(i, k + 2) : 0);
              assertThat(second[at]).as("column %s, step %s, %s", i, k, what).isEqualTo(i < vectors ? columns.get(k, i) : 0);
            }
          }
        }
      }
    }
  }

  /** Strips of the micro-kernel are consecutive columns of each row; steps in whole vectors and single ones. */
  @Test
  void stripsHoldTheColumnsOfEachRow() {
    assumeSimd();
    for (int steps : new int[] {1, 7, 8, 21}) {
      for (int strips : new int[] {0, 1, 3}) {
        int distance = steps * Tiles.MR + 3;
        Matrix matrix = numbered(steps, 9 + strips * Tiles.MR);
        float[] target = new float[strips * distance + 1];
        Packing.strips(matrix, 9, 9 + strips * Tiles.MR, target, distance);
        for (int at = 0; at < target.length; at++) {
          int strip = at / distance;
          int k = at % distance / Tiles.MR;
          boolean written = strip < strips && k < steps;
          assertThat(target[at])
              .as("element %s of %s strips, %s steps", at, strips, steps)
              .isEqualTo(written ? matrix.get(k, 9 + strip * Tiles.MR + at % distance % Tiles.MR) : 0);
        }
      }
    }
  }

  @Test
  void columnsAreTransposedInWholeBlocks() {
    assumeSimd();
    for (int rows : new int[] {1, Lanes.COUNT, 2 * Lanes.COUNT + 3}) {
      for (int columns : new int[] {0, 1, Lanes.COUNT, Lanes.COUNT + 2}) {
        int stride = Packing.roundUp(rows, Lanes.COUNT) + 2;
        Matrix matrix = numbered(rows, columns + 5);
        float[] target = new float[(columns + Lanes.COUNT) * stride];
        Packing.transposed(matrix, 3, 3 + columns, target, stride, new Scratch());
        for (int c = 0; c < columns; c++) {
          for (int r = 0; r < stride; r++) {
            float expected = r < rows ? matrix.get(r, c + 3) : 0;
            assertThat(target[c * stride + r]).as("row %s, column %s of %s x %s", r, c, rows, columns).isEqualTo(expected);
          }
        }
        int end = Packing.roundUp(columns, Lanes.COUNT) * stride;
        assertThat(Arrays.copyOfRange(target, end, target.length)).as("behind %s columns", columns).containsOnly(0);
      }
    }
  }

  /** A long call packs a panel after the other, so each of them looks for an interrupt. */
  @Test
  void packingEndsAtAnInterrupt() {
    assumeSimd();
    Matrix matrix = numbered(8, Tiles.MR + Lanes.COUNT);
    Scratch scratch = new Scratch();
    float[] target = new float[1000 * Lanes.COUNT];
    List<ThrowingCallable> calls =
        List.of(
            () -> Packing.rows(matrix, 0, 8, Lanes.COUNT, 1, target, scratch),
            () -> Packing.columns(matrix, Lanes.COUNT, target),
            () -> Packing.strips(matrix, 0, Tiles.MR, target, 8 * Tiles.MR),
            () -> Packing.strips(matrix.rows(0, 1), 0, Tiles.MR, target, 8 * Tiles.MR),
            () -> Packing.transposed(matrix, 0, 2, target, 2 * Lanes.COUNT, scratch));
    calls.forEach(Interrupts::assertCancels);
    assertThat(target).containsOnly(0);
  }

  @Test
  void targetsHaveRoomForWholePanels() {
    assumeSimd();
    assertThat(Packing.roundUp(0, 5)).isZero();
    assertThat(Packing.roundUp(5, 5)).isEqualTo(5);
    assertThat(Packing.roundUp(6, 5)).isEqualTo(10);
    assertThat(Packing.size(33, 10, 32)).isEqualTo(64 * 10 + Lanes.COUNT * 32);
  }

  @Test
  void theTwoFactorsOfAScaleMultiplyToTheScale() {
    for (float scale : new float[] {0, 1, -1, 0.125f, 0x1p-32f, -0x1p-32f, 0x1p-33f, 1e-40f, 1.5f, -3, Float.MAX_VALUE}) {
      float before = ScoreScale.before(scale);
      float after = ScoreScale.after(scale);
      assertThat(before * after).as("scale %s", scale).isEqualTo(scale);
      assertThat(after == 1).as("scale %s", scale).isEqualTo(scale == 0 || (Math.abs(scale) >= 0x1p-32f && Math.abs(scale) <= 1));
      assertThat(Math.abs(before)).as("scale %s", scale).isLessThanOrEqualTo(1);
    }
  }

  /** Segments of two rows are kept in the first pass and restored in the second. */
  @Test
  void keptScoresAreRestored() {
    KeptScores kept = new KeptScores();
    kept.open(2, 3, 10);
    assertThat(kept.areKnown()).isFalse();
    float[] row = {0, 0, 1, 2, 3, 4, 5, 6, 7};
    kept.row(0).apply(row, 2, 7, 0, 0, 0, 3);
    kept.row(1).apply(row, 4, 2, 0, 0, 0, 8);
    kept.turn();
    assertThat(kept.areKnown()).isTrue();
    float[] found = new float[9];
    kept.row(0).apply(found, 2, 7, 0, 0, 0, 3);
    assertThat(found).containsExactly(row);
    float[] other = new float[3];
    kept.row(1).apply(other, 1, 2, 0, 0, 0, 8);
    assertThat(other).containsExactly(0, 3, 4);
    kept.open(1, 0, 1);
    assertThat(kept.areKnown()).isFalse();
    assertThat(KeptScores.rows(0, 64)).isEqualTo(64);
    assertThat(KeptScores.rows(1 << 16, 64)).isEqualTo(64);
    assertThat(KeptScores.rows((1 << 16) + 1, 64)).isEqualTo(63);
    assertThat(KeptScores.rows(1 << 23, 64)).isEqualTo(1);
  }

  /** A mask of keys 5 to 200 with holes. */
  private record Holes(boolean hasHoles, long... words) implements Visibility {
    @Override
    public int firstKey(int batchEntry, int queryHead, int query) {
      return 5;
    }

    @Override
    public int endKey(int batchEntry, int queryHead, int query) {
      return 200;
    }

    @Override
    public long keys64(int batchEntry, int queryHead, int query, int word) {
      return words[word];
    }
  }

  private static List<String> segments(Visibility visibility, int firstKey, int keys) {
    List<String> found = new ArrayList<>();
    RowFunction note =
        (row, offset, length, b, head, query, key) -> found.add(key + "-" + (key + length) + " at " + offset + " of " + b + head + query);
    VisibleSegments.apply(note, visibility, new float[0], 1000, firstKey, keys, 1, 2, 3);
    return found;
  }

  @Test
  void functionsReceiveTheSegmentsThatAQuerySees() {
    assertThat(segments(new Holes(false), 0, 300)).containsExactly("5-200 at 1005 of 123");
    assertThat(segments(new Holes(false), 10, 30)).containsExactly("10-40 at 1000 of 123");
    assertThat(segments(new Holes(false), 200, 30)).isEmpty();
    assertThat(segments(new Holes(false), 0, 5)).isEmpty();
    Holes holes = new Holes(true, -1L << 60, 0x7, 0, -1L);
    assertThat(segments(holes, 0, 300)).containsExactly("60-67 at 1060 of 123", "192-200 at 1192 of 123");
    assertThat(segments(holes, 61, 132)).containsExactly("61-67 at 1000 of 123", "192-193 at 1131 of 123");
    assertThat(segments(holes, 67, 125)).isEmpty();
    assertThat(segments(new Holes(true, 0b1010_0000, 0, 0, 0), 0, 70)).containsExactly("5-6 at 1005 of 123", "7-8 at 1007 of 123");
  }

  @Test
  void spansAreAddedInDouble() {
    LongSums sums = new LongSums();
    sums.open(3);
    assertThat(sums.span()).hasSize(3);
    float[] terms = {1, 1e-9f, 5};
    sums.add(terms, 2);
    sums.add(terms, 2);
    sums.add(new float[] {0, 1, 0}, 2);
    assertThat(sums.sum(1)).isEqualTo(1 + 2 * (double) 1e-9f);
    float[] stored = {7, 7, 7};
    sums.store(stored, 2);
    assertThat(stored).containsExactly(2, 1, 7);
    sums.open(2);
    assertThat(sums.span()).hasSize(3);
    assertThat(sums.sum(0)).isZero();
    assertThat(sums.sum(1)).isZero();
  }
}
