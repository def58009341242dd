package dev.lanewise.core.pooling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.testing.Budget;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Pooling to one row for each sequence, compared with plain double formulas. */
@Tag("twice")
class PoolingTest {
  private static final long SEED = Problem.SEED;
  private static final int[][] SHAPES = {{1, 1, 1}, {2, 3, 8}, {3, 17, 24}, {1, 130, 60}, {2, 64, 128}, {2, 0, 4}};

  /** Each kind of pooling, at a width of 24, with two heads of 12 for attention. */
  static List<Pooling> kinds() {
    AttentionPooling attention = AttentionPooling.of(Views.randomArray(24, 1, SEED), 2, 12);
    return List.of(Pooling.firstToken(), Pooling.mean(), attention, attention.withScale(3).withThreads(2));
  }

  @Test
  void firstToken() {
    for (int[] shape : SHAPES) {
      SequenceBatch x = Views.randomSequences(Layout.GAPS, shape[0], shape[1], shape[2], SEED);
      SequenceBatch output = Views.emptySequences(Layout.GAPS, shape[0], 1, shape[2]);
      Pooling.firstToken().forward(x, output);
      for (int b = 0; b < shape[0]; b++) {
        for (int i = 0; i < shape[2]; i++) {
          assertThat(output.get(b, 0, i)).isEqualTo(shape[1] == 0 ? 0 : x.get(b, 0, i));
        }
      }
      Views.assertOnlyTheViewWritten(output.split(1), "the first token");
    }
  }

  @Test
  void mean() {
    for (int[] shape : SHAPES) {
      for (Pooling pooling : List.of(Pooling.mean(), Pooling.mean().withKernels(Kernels.scalar()))) {
        SequenceBatch x = Views.randomSequences(Layout.GAPS, shape[0], shape[1], shape[2], SEED);
        SequenceBatch output = Views.emptySequences(Layout.GAPS, shape[0], 1, shape[2]);
        pooling.forward(x, output);
        double[] expected = new double[shape[0] * shape[2]];
        double[] plain = new double[expected.length];
        for (int element = 0; element < expected.length; element++) {
          double sum = 0;
          float plainSum = 0;
          for (int row = 0; row < shape[1]; row++) {
            sum += x.get(element / shape[2], row, element % shape[2]);
            plainSum += x.get(element / shape[2], row, element % shape[2]);
          }
          expected[element] = sum / Math.max(1, shape[1]);
          plain[element] = plainSum / Math.max(1, shape[1]);
        }
        Budget.assertWithin(Arrays.toString(shape), Views.dense(output), plain, expected);
        Views.assertOnlyTheViewWritten(output.split(1), Arrays.toString(shape));
      }
    }
  }

  /** Padding holds NaN, and is never read. */
  @ParameterizedTest
  @MethodSource("kinds")
  void paddingIsNotRead(Pooling pooling) {
    int[] lengths = {5, 0, 9, 1};
    SequenceBatch x = Views.randomSequences(Layout.GAPS, 4, 9, 24, SEED);
    for (int b = 0; b < 4; b++) {
      for (int row = lengths[b]; row < 9; row++) {
        Arrays.fill(x.data(), x.index(b, row), x.index(b, row) + 24, Float.NaN);
      }
    }
    SequenceBatch output = Views.emptySequences(Layout.GAPS, 4, 1, 24);
    pooling.withLengths(lengths).forward(x, output);
    Views.assertOnlyTheViewWritten(output.split(1), pooling);
    for (int b = 0; b < 4; b++) {
      SequenceBatch alone = SequenceBatch.zeros(1, 1, 24);
      pooling.forward(part(x, b, 0, lengths[b]), alone);
      SequenceBatch padded = part(output, b, 0, 1);
      float[] expected = alone.data();
      for (int i = 0; i < 24; i++) {
        assertThat(padded.get(0, 0, i)).as("%d of sequence %d", i, b).isCloseTo(expected[i], within(1e-6f));
      }
    }
    assertThat(Views.dense(part(output, 1, 0, 1))).containsOnly(0f);
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void packedEqualsSingleSequences(Pooling pooling) {
    int[] starts = {0, 5, 5, 150, 151, 215};
    SequenceBatch x = Views.randomSequences(Layout.GAPS, 1, 215, 24, SEED);
    SequenceBatch output = Views.emptySequences(Layout.GAPS, 5, 1, 24);
    pooling.withThreads(3).withPackedSequences(PackedSequences.of(starts)).forward(x, output);
    Views.assertOnlyTheViewWritten(output.split(1), pooling);
    for (int s = 0; s < 5; s++) {
      SequenceBatch alone = SequenceBatch.zeros(1, 1, 24);
      pooling.forward(part(x, 0, starts[s], starts[s + 1] - starts[s]), alone);
      Views.assertSameBits(Views.dense(part(output, s, 0, 1)), alone.data(), "sequence " + s + " of " + pooling);
    }
    assertThat(Views.dense(part(output, 1, 0, 1))).containsOnly(0f);
    SequenceBatch none = SequenceBatch.zeros(0, 1, 24);
    pooling.withPackedSequences(PackedSequences.of(0)).forward(SequenceBatch.zeros(1, 0, 24), none);
  }

  private static SequenceBatch part(SequenceBatch x, int b, int row, int rows) {
    return x.batch(b, b + 1).rows(row, row + rows);
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void throwsAndWritesNothing(Pooling pooling) {
    SequenceBatch x = SequenceBatch.zeros(2, 3, 24);
    int[] none = Wrong.nothing();
    List<Wrong> wrong = new ArrayList<>();
    wrong.add(Wrong.argument("batch", out -> pooling.forward(x, SequenceBatch.of(out, 3, 1, 24)), "output.batch", "3", "2"));
    wrong.add(Wrong.argument("rows", out -> pooling.forward(x, SequenceBatch.of(out, 2, 3, 24)), "output.rows", "3", "1"));
    wrong.add(Wrong.argument("width", out -> pooling.forward(x, SequenceBatch.of(out, 2, 1, 22)), "output.width"));
    wrong.add(Wrong.argument("lengths", out -> pooling.withLengths(1, 2, 3).forward(x, to(out)), "lengths.length", "3", "2"));
    wrong.add(Wrong.argument("long", out -> pooling.withLengths(1, 4).forward(x, to(out)), "lengths[1]", "4", "3"));
    wrong.add(Wrong.argument("negative", out -> pooling.withLengths(-1, 3).forward(x, to(out)), "lengths[0]", "-1", "0"));
    wrong.add(
        Wrong.argument("packed batch", out -> pooling.withPackedSequences(PackedSequences.of(0, 1, 3)).forward(x, to(out)), "2", "1"));
    SequenceBatch packed = SequenceBatch.zeros(1, 4, 24);
    wrong.add(
        Wrong.argument(
            "packed rows",
            out -> pooling.withPackedSequences(PackedSequences.of(0, 1, 3)).forward(packed, to(out)),
            "keyStarts[last]",
            "3",
            "4"));
    wrong.add(
        Wrong.argument(
            "sequences", out -> pooling.withPackedSequences(PackedSequences.of(0, 4)).forward(packed, to(out)), "output.batch", "2", "1"));
    wrong.add(Wrong.argument("overlap", out -> pooling.forward(SequenceBatch.of(out, 2, 3, 24), to(out)), "output", "overlaps"));
    wrong.add(
        Wrong.argument("on itself", out -> pooling.forward(x, new SequenceBatch(out, 0, 2, 1, 24, 3, 24)), "output.batchStride", "3"));
    wrong.add(Wrong.isNull("x", out -> pooling.forward(Wrong.nothing(), to(out))));
    wrong.add(Wrong.isNull("output", out -> pooling.forward(x, Wrong.nothing())));
    wrong.add(Wrong.isNull("lengths", out -> pooling.withLengths(none).forward(x, to(out))));
    wrong.add(Wrong.isNull("sequences", out -> pooling.withPackedSequences(Wrong.<PackedSequences>nothing()).forward(x, to(out))));
    wrong.add(Wrong.isNull("kernels", out -> pooling.withKernels(Wrong.nothing())));
    wrong.forEach(Wrong::verify);
  }

  private static SequenceBatch to(float[] out) {
    return SequenceBatch.of(out, 2, 1, 24);
  }

  @Test
  void examplesCompile() throws IOException {
    List<String> shown = new ArrayList<>(ReadmeBlocks.shownInJavadoc("Pooling.java"));
    shown.addAll(ReadmeBlocks.shownInJavadoc("AttentionPooling.java"));
    assertThat(shown).isEqualTo(ReadmeBlocks.compiled("PoolingExample.java")).hasSize(2);
  }

  @Test
  void examplesRun() {
    SequenceBatch pooled = SequenceBatch.zeros(2, 1, 8);
    PoolingExample.plain(SequenceBatch.zeros(2, 24, 8), SequenceBatch.zeros(1, 41, 8), pooled);
    PoolingExample.attention(
        new float[8], SequenceBatch.zeros(2, 24, 8), SequenceBatch.zeros(2, 24, 6), pooled, SequenceBatch.zeros(2, 1, 6));
    assertThat(pooled.data()).containsOnly(0f);
  }
}
