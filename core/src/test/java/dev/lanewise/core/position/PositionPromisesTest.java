package dev.lanewise.core.position;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.Attention;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.RotaryTable;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Promises of the public Javadoc of positions: values, limits and exceptions. */
@Tag("twice")
class PositionPromisesTest {
  /** "1 up to originalContext" holds for any factor and context. */
  @Test
  void dynamicFactorNeverFallsBelowOne() {
    for (double factor : new double[] {1, 1.1, 2.3, 8, 1e17, 1e300}) {
      for (int context : new int[] {1, 3, 49, 2048, 3000, Integer.MAX_VALUE}) {
        for (int length : new int[] {1, context / 2 + 1, context}) {
          double[] actual = RotaryScaling.dynamicNtk(factor, context, length).frequencies(8, 10_000);
          assertThat(actual).as("%s, %s, %s", factor, context, length).isEqualTo(RotaryScaling.none().frequencies(8, 10_000));
        }
      }
    }
    double[] twice = RotaryScaling.dynamicNtk(2, 100, 300).frequencies(8, 10_000);
    assertThat(twice).usingComparatorWithPrecision(1e-15).containsExactly(RotaryScaling.ntk(5).frequencies(8, 10_000));
  }

  @Test
  void defaultsAreThoseOfTheJavadoc() {
    assertThat(RotaryScaling.yarn(4, 4096)).isEqualTo(RotaryScaling.yarn(4, 4096, 32, 1, true, 0.1 * Math.log(4) + 1));
    Rotary rotary = Rotary.of(8);
    assertThat(rotary.rotaryDim()).isEqualTo(8);
    assertThat(rotary.table().form()).isEqualTo(RotaryTable.Form.HALF);
    Heads turned = Heads.zeros(1, 1, 1, 8);
    Heads ones = Heads.of(new float[] {1, 1, 1, 1, 0, 0, 0, 0}, 1, 1, 1, 8);
    rotary.apply(ones, turned, 1);
    assertThat(turned.data()[1]).isEqualTo((float) Math.cos(0.1)); // 10 000^(−2/8)
    SequenceBatch row = SequenceBatch.zeros(1, 1, 4);
    Positions.sinusoidal(4).apply(row, 1);
    assertThat(row.data()[2]).isEqualTo((float) Math.sin(0.01));
  }

  @ParameterizedTest
  @MethodSource("positions")
  void throwsAndWritesNothing(Wrong wrong) {
    wrong.verify();
  }

  static List<Wrong> positions() {
    InputPositions learned = Positions.learned(new float[20], 5, 4);
    Attention tree = Attention.standard().withMask(Mask.tree(-1, 0, 0, 1));
    LayerPositions alibi = Positions.alibi(2);
    LayerPositions buckets = Positions.relativeBuckets(new float[64], 32, 128, true);
    RotaryScaling infinite =
        new RotaryScaling() {
          @Override
          public double[] frequencies(int rotaryDim, double base) {
            return new double[rotaryDim / 2];
          }

          @Override
          public double attentionFactor() {
            return Double.POSITIVE_INFINITY;
          }
        };
    return List.of(
        Wrong.argument("odd headDim", out -> Rotary.of(7), "headDim", "7", "2"),
        Wrong.argument("no headDim", out -> Rotary.of(0), "headDim", "0", "2"),
        Wrong.argument("too wide", out -> Rotary.of(131_074), "headDim", "131074", "131072"),
        Wrong.argument("too wide a part", out -> Rotary.of(Integer.MAX_VALUE, 131_074), "rotaryDim", "131074", "131072"),
        Wrong.argument("attention factor", out -> Rotary.of(8).withScaling(infinite), "factor", "Infinity"),
        Wrong.argument("grown factor", out -> RotaryScaling.dynamicNtk(1e308, 1, 3), "factor", "1.0E308", "sequenceLength", "3"),
        Wrong.argument("tree, queries", out -> alibi.apply(tree, 3, 9), "parents.length", "4", "queries", "3"),
        Wrong.argument("tree, keys", out -> alibi.apply(tree, 9, 3), "parents.length", "4", "keys", "3"),
        Wrong.argument("tree, buckets", out -> buckets.apply(tree, 3, 9), "parents.length", "4", "queries", "3"),
        Wrong.argument("sizes", out -> alibi.apply(tree, 9, -1), "keys", "-1", "0"),
        Wrong.argument("both slopes", out -> alibi.apply(Attention.standard().withAlibi(1, 2), 1, 1), "withAlibi", "alibi", "2"),
        Wrong.argument("slopes of no head", out -> Positions.alibi(0), "numHeads", "0", "1"),
        Wrong.argument(
            "behind the table", out -> learned.apply(SequenceBatch.of(out, 1, 2, 4), 4), "firstPosition", "4", "maxPositions", "5"),
        Wrong.argument(
            "no such row", out -> learned.apply(SequenceBatch.of(out, 1, 1, 4), new int[] {5}), "positions[0]", "5", "maxPositions"),
        Wrong.argument(
            "longest sequence",
            out -> learned.apply(SequenceBatch.of(out, 1, 9, 4), Positions.ofRows(PackedSequences.of(0, 2, 9))),
            "positions[7]",
            "5",
            "maxPositions"),
        Wrong.argument("tree behind the last", out -> Positions.ofTree(Integer.MAX_VALUE, -1, 0), "position", "2147483648", "2147483647"));
  }
}
