package dev.lanewise.core.position;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RotaryTable;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Promises of rotary positions: lengths are kept, and a dot product depends only on the distance. */
@Tag("twice")
class RotaryTest {
  private static final long SEED = 20261121;

  /** Every form and scaling, at widths that fill vectors and widths that do not; some rotate only a part. */
  static List<Rotary> rotaries() {
    List<RotaryScaling> scalings =
        List.of(
            RotaryScaling.none(),
            RotaryScaling.linear(4),
            RotaryScaling.ntk(2.5),
            RotaryScaling.dynamicNtk(2, 100, 300),
            RotaryScaling.yarn(8, 2048, 32, 1, true, 1),
            RotaryScaling.llama3(8, 1, 4, 8192));
    int[][] widths = {{2, 2}, {4, 4}, {6, 6}, {64, 64}, {80, 80}, {111, 64}, {64, 2}, {128, 128}};
    List<Rotary> rotaries = new ArrayList<>();
    for (int[] width : widths) {
      for (RotaryTable.Form form : RotaryTable.Form.values()) {
        for (RotaryScaling scaling : scalings) {
          rotaries.add(Rotary.of(width[0], width[1]).withForm(form).withScaling(scaling));
        }
        rotaries.add(Rotary.of(width[0], rotaries.getLast().table()));
      }
    }
    return rotaries;
  }

  @Test
  void lengthsAreKept() {
    int[] positions = {0, 1, 17, 4095, 100_000, 10_000_000, Integer.MAX_VALUE};
    for (Rotary rotary : rotaries()) {
      Heads x = Views.random(Views.Layout.GAPS, 1, 3, positions.length, rotary.headDim(), SEED);
      Heads y = Heads.zeros(1, 3, positions.length, rotary.headDim());
      rotary.apply(x, y, positions);
      for (int head = 0; head < 3; head++) {
        for (int row = 0; row < positions.length; row++) {
          double length = dot(x, x, head, row);
          assertThat(dot(y, y, head, row)).as("%s at %d", rotary, positions[row]).isCloseTo(length, within(4e-7 * length));
        }
      }
    }
  }

  @Test
  void dotProductsDependOnTheDistance() {
    int[] distances = {0, 1, 5, 300, 4000};
    int[] places = {0, 3, 64, 2000, 90_000};
    for (Rotary rotary : rotaries()) {
      int count = distances.length * places.length;
      Heads query = repeated(rotary, count, SEED);
      Heads key = repeated(rotary, count, SEED + 1);
      double bound = Math.sqrt(dot(query, query, 0, 0) * dot(key, key, 0, 0));
      int[] queryPositions = new int[count];
      int[] keyPositions = new int[count];
      for (int i = 0; i < count; i++) {
        keyPositions[i] = places[i % places.length];
        queryPositions[i] = keyPositions[i] + distances[i / places.length];
      }
      rotary.apply(query, query, queryPositions);
      rotary.apply(key, key, keyPositions);
      for (int i = 0; i < count; i++) {
        int same = i / places.length * places.length;
        assertThat(dot(query, key, 0, i))
            .as("%s: %d and %d", rotary, queryPositions[i], keyPositions[i])
            .isCloseTo(dot(query, key, 0, same), within(1e-6 * bound));
      }
    }
  }

  /** One random row, repeated {@code count} times. */
  private static Heads repeated(Rotary rotary, int count, long seed) {
    Heads one = Views.random(Views.Layout.DENSE, 1, 1, 1, rotary.headDim(), seed);
    Heads all = Heads.zeros(1, 1, count, rotary.headDim());
    for (int i = 0; i < count; i++) {
      System.arraycopy(one.data(), 0, all.data(), i * rotary.headDim(), rotary.headDim());
    }
    return all;
  }

  private static double dot(Heads x, Heads y, int head, int row) {
    double sum = 0;
    for (int column = 0; column < x.width(); column++) {
      sum += (double) x.get(0, head, row, column) * y.get(0, head, row, column);
    }
    return sum;
  }

  /** Prefill and steps, and a batch of sequences with different lengths: a row's bits depend only on its position. */
  @ParameterizedTest
  @EnumSource(RotaryTable.Form.class)
  void rowsHaveTheSameBitsForAnyDivisionIntoCalls(RotaryTable.Form form) {
    Rotary rotary = Rotary.of(80, 48).withForm(form).withScaling(RotaryScaling.yarn(4, 64));
    Heads x = Views.random(Views.Layout.ROWS_FIRST, 2, 3, 40, 80, SEED);
    Heads whole = Heads.zeros(2, 3, 40, 80);
    rotary.apply(x, whole, 100);
    Heads steps = Heads.zeros(2, 3, 40, 80);
    for (int row = 0; row < 40; row++) {
      rotary.apply(x.rows(row, row + 1), steps.rows(row, row + 1), 100 + row);
    }
    Views.assertSameBits(steps.data(), whole.data(), "steps");

    int[] ids = new int[80];
    Arrays.setAll(ids, i -> 100 + i % 40);
    Heads given = Heads.zeros(2, 3, 40, 80);
    rotary.apply(x, given, ids);
    Views.assertSameBits(given.data(), whole.data(), "given positions");

    Heads uneven = Heads.zeros(2, 3, 20, 80);
    rotary.apply(x.rows(20, 40), uneven, Positions.ofRows(20, 120, 7));
    for (int head = 0; head < 3; head++) {
      for (int row = 0; row < 20; row++) {
        assertThat(uneven.get(0, head, row, 5)).isEqualTo(whole.get(0, head, 20 + row, 5));
      }
    }
    Heads alone = Heads.zeros(1, 3, 20, 80);
    Heads second = x.batch(1, 2).rows(20, 40);
    rotary.apply(second, alone, 7);
    Views.assertSameBits(Arrays.copyOfRange(uneven.data(), 3 * 20 * 80, 2 * 3 * 20 * 80), alone.data(), "the second sequence");
  }

  @ParameterizedTest
  @MethodSource("rotaries")
  void bothPathsGiveTheSameBits(Rotary rotary) {
    Heads x = Views.random(Views.Layout.GAPS, 2, 2, 9, rotary.headDim(), SEED);
    Heads expected = Heads.zeros(2, 2, 9, rotary.headDim());
    rotary.withKernels(Kernels.scalar()).apply(x, expected, 1000);
    Heads output = Views.filled(Views.Layout.GAPS, 2, 2, 9, rotary.headDim(), Views.SENTINEL);
    rotary.apply(x, output, 1000);
    Views.assertSameBits(Views.dense(output), expected.data(), rotary);
    Views.assertOnlyTheViewWritten(output, rotary);
  }

  /** A lambda can be a scaling, for instance LongRoPE's with its own factor for each pair. */
  @Test
  void aScalingMayBeTheCallersOwn() {
    double[] factors = {1, 1.5, 4, 32};
    Rotary own =
        Rotary.of(8)
            .withScaling(
                (rotaryDim, base) -> {
                  double[] frequencies = RotaryScaling.none().frequencies(rotaryDim, base);
                  Arrays.setAll(frequencies, i -> frequencies[i] / factors[i]);
                  return frequencies;
                });
    Heads x = Heads.of(new float[] {1, 1, 1, 1, 0, 0, 0, 0}, 1, 1, 1, 8);
    own.apply(x, x, 3);
    for (int i = 0; i < 4; i++) {
      double angle = 3 * Math.pow(10, -i) / factors[i];
      assertThat((double) x.data()[i]).isCloseTo(Math.cos(angle), within(1e-7));
      assertThat((double) x.data()[i + 4]).isCloseTo(Math.sin(angle), within(1e-7));
    }
  }

  @Test
  void settingsDoNotUndoEachOther() {
    Rotary rotary =
        Rotary.of(10, 8)
            .withScaling(RotaryScaling.linear(2))
            .withForm(RotaryTable.Form.INTERLEAVED)
            .withBase(16)
            .withKernels(Kernels.scalar());
    assertThat(rotary.headDim()).isEqualTo(10);
    assertThat(rotary.rotaryDim()).isEqualTo(8);
    assertThat(rotary.table().form()).isEqualTo(RotaryTable.Form.INTERLEAVED);
    Heads x = Heads.of(new float[] {1, 0, 1, 0, 1, 0, 1, 0, 5, 6}, 1, 1, 1, 10);
    rotary.apply(x, x, 1);
    for (int i = 0; i < 4; i++) {
      assertThat((double) x.data()[2 * i]).isCloseTo(Math.cos(0.5 * Math.pow(2, -i)), within(1e-7));
    }
    assertThat(x.data()).endsWith(5, 6);
  }

  /** Sections and form stay when base and scaling change, and the other way round. */
  @Test
  void settingsDoNotUndoSections() {
    int[] ids = {3, 40, 500};
    List<Rotary> same =
        List.of(
            Rotary.of(12).withSections(2, 3, 1).withForm(RotaryTable.Form.INTERLEAVED).withBase(500).withScaling(RotaryScaling.linear(2)),
            Rotary.of(12).withScaling(RotaryScaling.linear(2)).withBase(500).withForm(RotaryTable.Form.INTERLEAVED).withSections(2, 3, 1),
            Rotary.of(12, Rotary.of(12).withBase(500).withScaling(RotaryScaling.linear(2)).table())
                .withSections(2, 3, 1)
                .withForm(RotaryTable.Form.INTERLEAVED));
    for (Rotary rotary : same) {
      Heads x = Heads.of(new float[] {1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0}, 1, 1, 1, 12);
      rotary.apply(x, x, ids);
      for (int pair = 0; pair < 6; pair++) {
        double angle = ids[pair < 2 ? 0 : pair < 5 ? 1 : 2] * Math.pow(500, -pair / 6.0) / 2;
        assertThat((double) x.data()[2 * pair]).isCloseTo(Math.cos(angle), within(1e-7));
        assertThat((double) x.data()[2 * pair + 1]).isCloseTo(Math.sin(angle), within(1e-7));
      }
    }
  }

  /** On plain Java, since SIMD kernels allocate their vectors as long as they are interpreted. */
  @ParameterizedTest
  @EnumSource(RotaryTable.Form.class)
  void steadyCallsAllocateNothing(RotaryTable.Form form) {
    Rotary rotary = Rotary.of(80, 64).withForm(form).withKernels(Kernels.scalar());
    Heads x = Views.random(Views.Layout.DENSE, 2, 4, 33, 80, SEED);
    Rotary sections = rotary.withSections(10, 12, 10);
    int[] positions = new SplittableRandom(SEED).ints(66, 0, 500_000).toArray();
    int[] ids = new SplittableRandom(SEED).ints(3 * 66, 0, 500_000).toArray();
    var memory = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long allocated = Long.MAX_VALUE;
    for (int i = 0; i < 4; i++) {
      long before = memory.getCurrentThreadAllocatedBytes();
      rotary.apply(x, x, positions);
      sections.apply(x, x, ids);
      rotary.apply(x, x, 5);
      allocated = Math.min(allocated, memory.getCurrentThreadAllocatedBytes() - before);
    }
    assertThat(allocated).isLessThan(64);
  }
}
