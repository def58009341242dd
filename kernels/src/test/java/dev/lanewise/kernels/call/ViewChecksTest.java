package dev.lanewise.kernels.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.testing.AttentionCall;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The checks of views against lists of the indexes of their elements. */
@Tag("once")
class ViewChecksTest {
  private static final int ROUNDS = 20_000;
  private static final long SEED = 20261126;

  private final float[] data = IntStream.range(0, 400).collect(() -> new float[400], (x, i) -> x[i] = i, (x, y) -> {});

  /** The indexes of a view's elements in order, by definition. */
  private static int[] places(Heads view) {
    int[] places = new int[view.batch() * view.heads() * view.rows() * view.width()];
    int next = 0;
    for (int b = 0; b < view.batch(); b++) {
      for (int head = 0; head < view.heads(); head++) {
        for (int row = 0; row < view.rows(); row++) {
          for (int column = 0; column < view.width(); column++) {
            places[next++] =
                view.offset() + b * view.batchStride() + head * view.headStride() + row * view.rowStride() + column * view.columnStride();
          }
        }
      }
    }
    return places;
  }

  private static Set<Integer> set(int[] places) {
    Set<Integer> set = new HashSet<>();
    Arrays.stream(places).forEach(set::add);
    return set;
  }

  private Heads random(SplittableRandom random) {
    int[] strides = {0, 1, 2, 3, 4, 5, 6, 8, 9, 12, 16, 24};
    return new Heads(
        data,
        random.nextInt(12),
        random.nextInt(3),
        random.nextInt(1, 4),
        random.nextInt(1, 4),
        random.nextInt(1, 4),
        strides[random.nextInt(strides.length)],
        strides[random.nextInt(strides.length)],
        strides[random.nextInt(strides.length)],
        strides[random.nextInt(strides.length)]);
  }

  private static boolean passes(Runnable check) {
    try {
      check.run();
      return true;
    } catch (IllegalArgumentException e) {
      assertThat(e.getMessage()).startsWith("x").containsPattern("[0-9]");
      return false;
    }
  }

  /** Views that pass share no element, and enough of the views that share no element pass. */
  @Test
  void viewsThatPassShareNoElement() {
    SplittableRandom random = new SplittableRandom(SEED);
    int[] right = new int[3];
    int[] passed = new int[3];
    for (int round = 0; round < ROUNDS; round++) {
      Heads x = random(random);
      Heads y =
          random.nextInt(8) == 0 ? new Heads(data, x.offset(), x.batch(), x.heads(), x.rows(), x.width(), 24, 8, 4, 1) : random(random);
      int[] ofX = places(x);
      int[] ofY = places(y);
      Set<Integer> both = set(ofX);
      both.retainAll(set(ofY));
      boolean[] truth = {set(ofX).size() == ofX.length, both.isEmpty(), !x.isEmpty() && sameShape(x, y) && Arrays.equals(ofX, ofY)};
      boolean[] found = {
        passes(() -> ViewChecks.writable("x", x)),
        passes(() -> ViewChecks.disjoint("x", x, "y", y)),
        !x.isEmpty() && ViewChecks.sameElements(x, y)
      };
      for (int i = 0; i < 3; i++) {
        assertThat(found[i] && !truth[i]).as("check %s of %s and %s, round %s", i, x, y, round).isFalse();
        right[i] += truth[i] ? 1 : 0;
        passed[i] += found[i] ? 1 : 0;
      }
      assertThat(x.end()).isEqualTo(ofX.length == 0 ? x.offset() : Arrays.stream(ofX).max().orElseThrow() + 1);
      assertThat(x.isEmpty()).isEqualTo(ofX.length == 0);
    }
    assertThat(passed[0]).isGreaterThan(right[0] * 8 / 10);
    assertThat(passed[1]).isGreaterThan(right[1] * 8 / 10);
    assertThat(passed[2]).isEqualTo(right[2]).isGreaterThan(20);
  }

  /** The same for matrices, which have checks of their own. */
  @Test
  void matricesThatPassShareNoElement() {
    SplittableRandom random = new SplittableRandom(SEED + 1);
    int[] right = new int[3];
    int[] passed = new int[3];
    for (int round = 0; round < ROUNDS; round++) {
      Matrix x = matrix(random);
      Matrix y = random.nextInt(8) == 0 ? new Matrix(data, x.offset(), x.rows(), x.columns(), 12, 2) : matrix(random);
      int[] ofX = places(Heads.of(x));
      int[] ofY = places(Heads.of(y));
      Set<Integer> both = set(ofX);
      both.retainAll(set(ofY));
      boolean alone = set(ofX).size() == ofX.length;
      boolean same = x.rows() == y.rows() && x.columns() == y.columns() && Arrays.equals(ofX, ofY);
      boolean[] truth = {alone, both.isEmpty(), alone && (both.isEmpty() || same)};
      boolean[] found = {
        passes(() -> ViewChecks.writable("x", x)),
        passes(() -> ViewChecks.disjoint("x", x, "y", y)),
        passes(() -> ViewChecks.writableInPlace("x", x, "y", y))
      };
      for (int i = 0; i < 3; i++) {
        assertThat(found[i] && !truth[i]).as("check %s of %s and %s, round %s", i, x, y, round).isFalse();
        right[i] += truth[i] ? 1 : 0;
        passed[i] += found[i] ? 1 : 0;
      }
      assertThat(x.end()).isEqualTo(ofX.length == 0 ? x.offset() : Arrays.stream(ofX).max().orElseThrow() + 1);
      assertThat(x.isDense() && !x.isEmpty() && Arrays.stream(ofX).max().orElseThrow() - x.offset() + 1 != ofX.length).isFalse();
    }
    for (int i = 0; i < 3; i++) {
      assertThat(passed[i]).isGreaterThan(right[i] * 8 / 10);
    }
  }

  private Matrix matrix(SplittableRandom random) {
    int[] strides = {0, 1, 1, 2, 3, 4, 6, 8, 12, 16};
    int rowStride = strides[random.nextInt(strides.length)];
    int columnStride = strides[random.nextInt(strides.length)];
    return new Matrix(data, random.nextInt(24), random.nextInt(6), random.nextInt(6), rowStride, columnStride);
  }

  private static boolean sameShape(Heads x, Heads y) {
    return x.batch() == y.batch() && x.heads() == y.heads() && x.rows() == y.rows() && x.width() == y.width();
  }

  /** The stride of an axis with one element is ignored; any other difference makes a different view. */
  @Test
  void viewsOfTheSameElementsAreRecognised() {
    Heads view = new Heads(data, 3, 2, 2, 2, 2, 100, 40, 10, 2);
    assertThat(ViewChecks.sameElements(view, view)).isTrue();
    assertThat(ViewChecks.sameElements(view, new Heads(data.clone(), 3, 2, 2, 2, 2, 100, 40, 10, 2))).isFalse();
    int[] numbers = {3, 2, 2, 2, 2, 100, 40, 10, 2};
    for (int i = 0; i < numbers.length; i++) {
      int[] n = numbers.clone();
      n[i]--;
      assertThat(ViewChecks.sameElements(view, new Heads(data, n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8])))
          .as("%s", i)
          .isFalse();
    }
    assertThat(ViewChecks.sameElements(new Heads(data, 3, 1, 1, 1, 1, 1, 2, 3, 4), new Heads(data, 3, 1, 1, 1, 1, 5, 6, 7, 8))).isTrue();
  }

  /** Parts of a packed array pass in any order of axes; parts that share a column do not pass. */
  @Test
  void partsOfOneArrayPassUnlessTheyShareAColumn() {
    Heads packed = Heads.ofRows(data, 2, 5, 9, 4);
    for (int from = 1; from < 9; from++) {
      ViewChecks.disjoint("x", packed.heads(0, from), "y", packed.heads(from, 9));
      ViewChecks.disjoint("x", packed.heads(from, 9).transposed(), "y", packed.heads(0, from).transposed());
      Heads one = packed.heads(0, from);
      Heads next = packed.heads(from - 1, 9);
      assertThatThrownBy(() -> ViewChecks.disjoint("x", one, "y", next))
          .hasMessage("x [0, " + one.end() + ") overlaps y [" + 4 * (from - 1) + ", 360) in the same array");
    }
    Matrix left = new Matrix(data, 0, 4, 3, 10);
    ViewChecks.disjoint("x", left, "y", new Matrix(data, 3, 4, 7, 10));
    ViewChecks.disjoint("x", left, "y", new Matrix(data, 33, 4, 3, 9));
    assertThatThrownBy(() -> ViewChecks.disjoint("x", left, "y", new Matrix(data, 2, 4, 8, 10))).hasMessageContaining("overlaps");
    assertThatThrownBy(() -> ViewChecks.disjoint("x", left, "y", new Matrix(data, 3, 4, 8, 10))).hasMessageContaining("overlaps");
    assertThatThrownBy(() -> ViewChecks.disjoint("x", left, "y", new Matrix(data, 32, 4, 3, 9))).hasMessageContaining("overlaps");
    assertThatThrownBy(() -> ViewChecks.disjoint("x", left, "y", new Matrix(data, 3, 4, 3, 9))).hasMessageContaining("overlaps");
    ViewChecks.disjoint("x", left, "y", new Matrix(data.clone(), 0, 4, 3, 10));
    ViewChecks.disjoint("x", left, "y", new Matrix(data, 5, 0, 3, 10));
    ViewChecks.disjoint("x", new Matrix(data, 0, 4, 0, 10), "y", left);
    ViewChecks.writableInPlace("x", left, "y", new Matrix(data, 0, 4, 3, 10));
    ViewChecks.writableInPlace(
        "x", new Matrix(data, 5, 1, 3, 10), "y", new Matrix(data, 5, 1, 3, 3)); // the stride of a single row is ignored
    assertThatThrownBy(() -> ViewChecks.writableInPlace("x", left, "y", new Matrix(data, 1, 4, 3, 10))).hasMessageContaining("overlaps");
    assertThatThrownBy(() -> ViewChecks.writable("x", new Matrix(data, 0, 2, 3, 2)))
        .hasMessageContaining("x.rowStride is 2")
        .hasMessageContaining("3");
    ViewChecks.writable("x", new Matrix(data, 0, 2, 3, 3));
    ViewChecks.writable("x", new Matrix(data, 0, 1, 3, 2));
  }

  @Test
  void viewsOfViewsHaveTheRightElements() {
    Heads view = new Heads(data, 7, 2, 3, 4, 5, 100, 30, 6, 1);
    for (int b = 0; b < 2; b++) {
      for (int head = 0; head < 3; head++) {
        for (int row = 0; row < 4; row++) {
          for (int column = 0; column < 5; column++) {
            int place = 7 + 100 * b + 30 * head + 6 * row + column;
            assertThat(view.get(b, head, row, column)).isEqualTo(place);
            assertThat(view.transposed().get(b, head, column, row)).isEqualTo(place);
            if (head > 0) {
              assertThat(view.heads(1, 3).get(b, head - 1, row, column)).isEqualTo(place);
            }
          }
        }
      }
    }
    assertThat(view.heads(2, 2)).extracting(Heads::heads, Heads::offset).containsExactly(0, 7);
    assertThat(view.matrix(1, 2, 1, 3)).isEqualTo(new Matrix(data, 7 + 100 + 60 + 6, 2, 5, 6));
    assertThat(view.matrix(1, 2, 4, 4)).isEqualTo(new Matrix(data, 7, 0, 5, 6));
    assertThat(view.transposed().matrix(1, 2, 1, 3)).isEqualTo(new Matrix(data, 7 + 100 + 60 + 1, 2, 4, 1, 6));
    Heads one = new Heads(data, 7, 1, 3, 4, 5, 100, 30, 6, 1);
    assertThat(one.broadcast(9).get(8, 2, 3, 4)).isEqualTo(one.get(0, 2, 3, 4));
    assertThatThrownBy(() -> view.broadcast(2)).hasMessageContaining("batch is 2");
    int[][] outside = {{2, 0, 0, 0}, {0, 3, 0, 0}, {0, 0, 4, 0}, {0, 0, 0, 5}, {-1, 0, 0, 0}, {0, -1, 0, 0}, {0, 0, -1, 0}, {0, 0, 0, -1}};
    for (int[] at : outside) {
      assertThatThrownBy(() -> view.get(at[0], at[1], at[2], at[3])).isInstanceOf(IndexOutOfBoundsException.class);
    }
    float[] row = new float[6];
    new Heads(data, 0, 1, 1, 3, 4, 0, 0, 1, 3).copyRow(2, 1, row, 2);
    assertThat(row).containsExactly(0, 0, 5, 8, 11, 0);
  }

  /** A view may end with its array but not after it, also if the sum of products overflows a long. */
  @Test
  void viewsMustEndWithinTheirArray() {
    float[] exact = new float[3 + 100 + 2 * 30 + 3 * 6 + 4 + 1];
    assertThat(new Heads(exact, 3, 2, 3, 4, 5, 100, 30, 6, 1).end()).isEqualTo(exact.length);
    assertThatThrownBy(() -> new Heads(exact, 4, 2, 3, 4, 5, 100, 30, 6, 1))
        .hasMessage("data has " + exact.length + " elements, but the view needs " + (exact.length + 1));
    int max = Integer.MAX_VALUE;
    int[][] huge = {
      {max, max, max, max, max, max, max, max},
      {max, max, max, 1, max, max, max, 1},
      {max, max, 1, 1, max, max, 1, 1},
      {1, max, max, max, 1, max, max, max},
      {1, 1, max, max, 1, 1, max, max},
      {max, 1, max, max, max, 1, max, max},
      {max, 1, 1, 1, max, 1, 1, 1},
      {1, 1, 1, max, 1, 1, 1, 1}
    };
    for (int[] n : huge) {
      assertThatThrownBy(() -> new Heads(data, 0, n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("data has 400 elements, but the view needs ");
    }
    assertThat(new Heads(data, max, max, max, max, 0, max, max, max).isEmpty()).isTrue();
  }

  @Test
  void matricesHaveTheRightElements() {
    Matrix matrix = new Matrix(data, 7, 3, 4, 10);
    assertThat(matrix.get(2, 3)).isEqualTo(7 + 20 + 3);
    assertThat(matrix.rows(1, 3)).isEqualTo(new Matrix(data, 17, 2, 4, 10));
    assertThat(matrix.rows(3, 3)).isEqualTo(new Matrix(data, 7, 0, 4, 10));
    assertThat(new Matrix(data, 400, 3, 0, 10).rows(2, 3)).isEqualTo(new Matrix(data, 400, 1, 0, 10));
    assertThat(matrix.isDense()).isFalse();
    assertThat(new Matrix(data, 7, 3, 4, 4).isDense()).isTrue();
    assertThat(new Matrix(data, 7, 1, 4, 10).isDense()).isTrue();
    assertThat(new Matrix(data, 7, 3, 4, 4).flat()).isEqualTo(new Matrix(data, 7, 1, 12, 12));
    Matrix one = new Matrix(data, 7, 1, 4, 10);
    assertThat(one.flat()).isSameAs(one);
    assertThat(new Matrix(data, 376, 3, 4, 10).end()).isEqualTo(400);
    assertThatThrownBy(() -> new Matrix(data, 377, 3, 4, 10)).hasMessage("data has 400 elements, but the view needs 401");
    assertThatThrownBy(() -> matrix.get(3, 0)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> matrix.get(0, 4)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> matrix.rows(2, 4)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThat(Checks.product("x", 46340, "y", 46341)).isEqualTo(46340 * 46341);
    assertThat(Checks.product("x", Integer.MAX_VALUE, "y", 1)).isEqualTo(Integer.MAX_VALUE);
    assertThatThrownBy(() -> Checks.product("x", 1L << 31, "y", 1)).hasMessageContaining("x is 2147483648 and y is 1");
  }

  @Test
  void sequencesHaveTheRightStarts() {
    PackedSequences starts = PackedSequences.of(new int[] {0, 2, 2, 7}, new int[] {0, 1, 9, 11});
    assertThat(starts.count()).isEqualTo(3);
    assertThat(IntStream.range(0, 3).map(starts::queries)).containsExactly(2, 0, 5);
    assertThat(IntStream.range(0, 3).map(starts::keys)).containsExactly(1, 8, 2);
    assertThat(IntStream.range(0, 4).map(starts::queryStart)).containsExactly(0, 2, 2, 7);
    assertThat(IntStream.range(0, 4).map(starts::keyStart)).containsExactly(0, 1, 9, 11);
    assertThat(starts.mostQueries()).isEqualTo(5);
    assertThat(starts.mostKeys()).isEqualTo(8);
    int[] good = {0, 1};
    assertThatThrownBy(() -> PackedSequences.of(good, new int[] {0, -1})).hasMessageContaining("keyStarts[1] is -1");
    assertThatThrownBy(() -> PackedSequences.of(new int[] {1, 2}, good)).hasMessageContaining("queryStarts[0] is 1");
    assertThatThrownBy(() -> PackedSequences.of(good, new int[] {0})).hasMessageContaining("keyStarts.length is 1");
    assertThatThrownBy(PackedSequences::of).hasMessageContaining("starts.length is 0");
  }

  /** Every setter of a problem returns its builder, and a missing or wrong setting is named. */
  @Test
  void settersReturnTheBuilderAndNameWrongSettings() {
    Heads query = Heads.zeros(2, 4, 3, 8);
    Heads key = Heads.zeros(2, 2, 5, 8);
    RowFunction nothing = (row, offset, length, b, head, i, first) -> {};
    AttentionCall builder = AttentionCall.of(query, key);
    assertThat(builder.output(Heads.zeros(2, 2, 5, 6), Heads.zeros(2, 4, 3, 6))).isSameAs(builder);
    assertThat(builder.scale(2).softcap(3).slopes(new float[4]).normaliser(Normaliser.softmax())).isSameAs(builder);
    assertThat(builder.observe(Stage.RAW, nothing).weightFunction(nothing).scoreFunction(nothing)).isSameAs(builder);
    assertThat(builder.logSumExp(new float[24]).similarity(Similarity.dot())).isSameAs(builder);
    assertThat(builder.build().units()).isEqualTo(4);
    assertThatThrownBy(() -> builder.rows(new int[] {0}).build()).hasMessageContaining("queries can be chosen only");
    AttentionCall observing = AttentionCall.of(query, key);
    assertThat(observing.rows(new int[] {0, 2}).sequences(PackedSequences.of(0, 3))).isSameAs(observing);
    assertThatThrownBy(observing::build).hasMessageContaining("batch");
    for (int[] rows : new int[][] {{-1}, {1, 1}, {2, 1}, {0, 3}}) {
      assertThatThrownBy(() -> AttentionCall.of(query, key).rows(rows).build()).hasMessageContaining("queries[" + (rows.length - 1) + "]");
    }
    assertThatThrownBy(() -> AttentionCall.of(query, Heads.zeros(2, 3, 5, 8)).build()).hasMessageContaining("query.heads is 4");
    assertThatThrownBy(() -> AttentionCall.of(query, key).softcap(Float.POSITIVE_INFINITY).build()).hasMessageContaining("softcap");
    assertThatThrownBy(() -> AttentionCall.of(query, key).logSumExp(new float[23]).build()).hasMessageContaining("logSumExp.length is 23");
    assertThatThrownBy(() -> AttentionCall.of(query, key).logSumExp(query.data()).build()).hasMessageContaining("logSumExp");
    Heads own = Heads.zeros(1, 1, 24, 1);
    Heads value = Heads.zeros(1, 1, 24, 1);
    Heads output = Heads.zeros(1, 1, 24, 1);
    float[] bias = new float[24];
    for (float[] written : new float[][] {value.data(), output.data(), bias}) {
      AttentionCall whole =
          AttentionCall.of(own, Heads.zeros(1, 1, 24, 1)).output(value, output).bias(new Bias(bias, 0, 0, 0, 0, 1)).logSumExp(written);
      assertThatThrownBy(whole::build)
          .hasMessageContaining("logSumExp [0, 24) overlaps " + (written == bias ? "bias" : written == output.data() ? "output" : "value"));
    }
    Heads small = Heads.zeros(1, 1, 4, 2);
    Heads other = Heads.zeros(1, 1, 4, 2);
    for (Heads operand : new Heads[] {small, other}) {
      float[] four = operand.data();
      Heads view = new Heads(four, 0, 1, 1, 8, 1, 0, 0, 1);
      assertThatThrownBy(() -> AttentionCall.of(view, new Heads(new float[8], 0, 1, 1, 8, 1, 0, 0, 1)).logSumExp(four).build())
          .hasMessageContaining("overlaps query");
      assertThatThrownBy(() -> AttentionCall.of(new Heads(new float[8], 0, 1, 1, 8, 1, 0, 0, 1), view).logSumExp(four).build())
          .hasMessageContaining("overlaps key");
    }
  }
}
