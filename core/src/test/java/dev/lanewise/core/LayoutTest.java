package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.testing.TestedKernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operand and every result in every layout: the bits are those of a dense layout, and nothing outside the view is written. */
class LayoutTest {
  private static final int LANES = Kernels.selected().lanes();

  /** Layout of a view in its array. */
  enum Place {
    BATCH_HEAD_ROW,
    BATCH_ROW_HEAD,
    /** The middle of three views in each row, with one more head on each side. */
    PACKED,
    /** Consecutive elements of a row are not adjacent, and its neighbours are between them. */
    TRANSPOSED,
    /** Like TRANSPOSED, in an array with other elements between the rows, so that no stride is 1. */
    SPREAD;

    Heads filled(int batch, int heads, int rows, int width, float fill) {
      float[] data = new float[3 * batch * (heads + 2) * rows * width + 7];
      Arrays.fill(data, fill);
      return switch (this) {
        case BATCH_HEAD_ROW -> Heads.of(data, batch, heads, rows, width);
        case BATCH_ROW_HEAD -> Heads.ofRows(data, batch, rows, heads, width);
        case PACKED -> Heads.ofRows(data, batch, rows, heads + 2, width).heads(1, heads + 1);
        case TRANSPOSED -> Heads.of(data, batch, heads, width, rows).transposed();
        case SPREAD -> {
          int head = 3 * rows * width;
          yield new Heads(data, 5, batch, heads, rows, width, heads * head, head, 3, 3 * rows);
        }
      };
    }

    Heads like(Heads view, float fill) {
      return filled(view.batch(), view.heads(), view.rows(), view.width(), fill);
    }

    /** The elements of a dense view, surrounded by NaN. */
    Heads of(Heads dense) {
      return of(dense, Float.NaN);
    }

    Heads of(Heads dense, float around) {
      Heads view = like(dense, around);
      int[] next = {0};
      Views.forEach(view, index -> view.data()[index] = dense.data()[next[0]++]);
      return view;
    }
  }

  /** Dense operands with an attention. */
  private record Call(String name, Heads query, Heads key, Heads value, Attention attention) {
    static Call of(String name, int[] rows, int[] dims, Attention attention) {
      return new Call(
          name + ", rows " + Arrays.toString(rows) + ", dims " + Arrays.toString(dims) + ", seed " + Problem.SEED,
          Views.random(Views.Layout.DENSE, 2, 4, rows[0], dims[0], Problem.SEED + 1),
          Views.random(Views.Layout.DENSE, 2, 2, rows[1], dims[0], Problem.SEED + 2),
          Views.random(Views.Layout.DENSE, 2, 2, rows[1], dims[1], Problem.SEED + 3),
          attention);
    }

    float[] run(Place queryPlace, Place keyPlace, Place valuePlace, Place outputPlace) {
      Heads output = outputPlace.filled(2, 4, query.rows(), value.width(), Views.SENTINEL);
      attention.compute(queryPlace.of(query), keyPlace.of(key), valuePlace.of(value), output);
      Views.assertOnlyTheViewWritten(output, name);
      return Views.dense(output);
    }

    float[] dense() {
      return run(Place.BATCH_HEAD_ROW, Place.BATCH_HEAD_ROW, Place.BATCH_HEAD_ROW, Place.BATCH_HEAD_ROW);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** All similarities; one row more than a tile, one more than a panel, whole and partial blocks of lanes. */
  static List<Call> calls() {
    List<Call> calls = new ArrayList<>();
    for (Kernels kernels : TestedKernels.all()) {
      Attention attention = Attention.standard().withKernels(kernels);
      String path = kernels.path();
      Attention cosine = attention.withSimilarity(Similarity.cosine()).withScale(3);
      Attention additive = attention.withSimilarity(Similarity.additive(Views.randomArray(LANES + 3, 1, Problem.SEED)));
      calls.add(Call.of(path + ", plain", new int[] {70, 350}, new int[] {2 * LANES, LANES}, attention));
      calls.add(Call.of(path + ", plain", new int[] {1, 1}, new int[] {1, 1}, attention));
      calls.add(Call.of(path + ", causal", new int[] {33, 59}, new int[] {LANES + 3, 2 * LANES + 1}, attention.withMask(Mask.causal())));
      calls.add(Call.of(path + ", two threads", new int[] {113, 203}, new int[] {64, 40}, attention.withThreads(2)));
      calls.add(Call.of(path + ", cosine", new int[] {17, 59}, new int[] {LANES + 3, 5}, cosine));
      calls.add(Call.of(path + ", additive", new int[] {17, 59}, new int[] {LANES + 3, 5}, additive));
      calls.add(poisoned(path, attention.withMask(Mask.causal())));
    }
    return calls;
  }

  /** The last keys of each head, which few queries see, hold infinity and NaN. */
  private static Call poisoned(String path, Attention attention) {
    Call call = Call.of(path + ", poisoned", new int[] {33, 59}, new int[] {16, LANES + 1}, attention);
    for (int head = 0; head < 2; head++) {
      call.value.data()[call.value.index(0, head, 57, LANES)] = Float.NaN;
      call.value.data()[call.value.index(1, head, 58, 0)] = Float.POSITIVE_INFINITY;
    }
    return call;
  }

  @ParameterizedTest
  @MethodSource("calls")
  void eachOperandInEachLayout(Call call) {
    float[] expected = call.dense();
    assertThat(expected).as("%s", call).isNotEqualTo(new float[expected.length]);
    Place plain = Place.BATCH_HEAD_ROW;
    for (Place place : Place.values()) {
      String what = " " + place + ", " + call;
      Views.assertSameBits(call.run(place, plain, plain, plain), expected, "query" + what);
      Views.assertSameBits(call.run(plain, place, plain, plain), expected, "key" + what);
      Views.assertSameBits(call.run(plain, plain, place, plain), expected, "value" + what);
      Views.assertSameBits(call.run(plain, plain, plain, place), expected, "output" + what);
      Views.assertSameBits(call.run(place, place, place, place), expected, "all" + what);
    }
  }

  /** One batch entry of an operand stands for all batch entries of the others. */
  @ParameterizedTest
  @EnumSource(Place.class)
  void broadcastBatch(Place place) {
    for (Call call : calls()) {
      Heads[] dense = {call.query, call.key, call.value};
      for (int which = 0; which < 3; which++) {
        Heads[] repeated = dense.clone();
        Heads[] broadcast = dense.clone();
        Heads entry = firstEntry(dense[which]);
        repeated[which] = Heads.of(twice(entry), 2, entry.heads(), entry.rows(), entry.width());
        broadcast[which] = place.of(entry).broadcast(2);
        Heads expected = Heads.zeros(2, 4, call.query.rows(), call.value.width());
        call.attention.compute(repeated[0], repeated[1], repeated[2], expected);
        Heads output = Heads.zeros(2, 4, call.query.rows(), call.value.width());
        call.attention.compute(broadcast[0], broadcast[1], broadcast[2], output);
        Views.assertSameBits(output.data(), expected.data(), "operand " + which + " " + place + ", " + call);
      }
    }
  }

  private static Heads firstEntry(Heads dense) {
    return Heads.of(Arrays.copyOf(dense.data(), dense.data().length / 2), 1, dense.heads(), dense.rows(), dense.width());
  }

  private static float[] twice(Heads dense) {
    float[] result = Arrays.copyOf(dense.data(), 2 * dense.data().length);
    System.arraycopy(dense.data(), 0, result, dense.data().length, dense.data().length);
    return result;
  }

  @ParameterizedTest
  @EnumSource(Place.class)
  void weightsAndScores(Place place) {
    for (Call call : calls()) {
      Heads dense = Heads.zeros(2, 4, call.query.rows(), call.key.rows());
      Heads denseScores = Heads.zeros(2, 4, call.query.rows(), call.key.rows());
      call.attention.compute(call.query, call.key, Results.of().withWeights(dense).withScores(Stage.MASKED, denseScores));
      Heads weights = place.like(dense, Views.SENTINEL);
      Heads scores = place.like(dense, Views.SENTINEL);
      call.attention.compute(place.of(call.query), place.of(call.key), Results.of().withWeights(weights).withScores(Stage.MASKED, scores));
      Views.assertOnlyTheViewWritten(weights, call);
      Views.assertOnlyTheViewWritten(scores, call);
      Views.assertSameBits(Views.dense(weights), dense.data(), "weights " + place + ", " + call);
      Views.assertSameBits(Views.dense(scores), denseScores.data(), "scores " + place + ", " + call);

      int last = call.query.rows() - 1;
      Heads chosen = place.filled(2, 4, 1, call.key.rows(), Views.SENTINEL);
      call.attention.compute(place.of(call.query), place.of(call.key), Results.of().withWeights(new int[] {last}, chosen));
      Views.assertOnlyTheViewWritten(chosen, call);
      Views.assertSameBits(Views.dense(chosen), Views.dense(dense.rows(last, last + 1)), "chosen weights " + place + ", " + call);
    }
  }

  /** Packed sequences: a sequence starts in the middle of a column. */
  @ParameterizedTest
  @EnumSource(Place.class)
  void packedSequences(Place place) {
    for (Kernels kernels : TestedKernels.all()) {
      Attention attention = Attention.standard().withKernels(kernels).withPackedSequences(PackedSequences.of(0, 5, 5, 38, 59));
      Heads[] dense = new Heads[3];
      for (int i = 0; i < 3; i++) {
        dense[i] = Views.random(Views.Layout.DENSE, 1, 2, 59, LANES + 2, Problem.SEED + i);
      }
      Heads expected = Heads.zeros(1, 2, 59, LANES + 2);
      attention.compute(dense[0], dense[1], dense[2], expected);
      Heads output = place.like(expected, Views.SENTINEL);
      Heads scores = place.filled(1, 2, 59, 33, Views.SENTINEL);
      Results results = Results.of().withOutput(output).withScores(Stage.RAW, scores);
      attention.compute(place.of(dense[0]), place.of(dense[1]), place.of(dense[2]), results);
      Views.assertOnlyTheViewWritten(output, place);
      Views.assertOnlyTheViewWritten(scores, place);
      Views.assertSameBits(Views.dense(output), expected.data(), kernels.path() + ", sequences " + place);
    }
  }

  @ParameterizedTest
  @EnumSource(Place.class)
  void merge(Place place) {
    Heads left = Views.random(Views.Layout.DENSE, 2, 3, 5, 7, Problem.SEED);
    Heads right = Views.random(Views.Layout.DENSE, 2, 3, 5, 7, Problem.SEED + 1);
    Heads output = place.of(left, Views.SENTINEL);
    Merge.into(left, Views.randomArray(30, 1, 3), right, Views.randomArray(30, 1, 4));
    Merge.into(output, Views.randomArray(30, 1, 3), place.of(right), Views.randomArray(30, 1, 4));
    Views.assertOnlyTheViewWritten(output, place);
    Views.assertSameBits(Views.dense(output), left.data(), "merged " + place);
  }

  @ParameterizedTest
  @EnumSource(Place.class)
  void referenceReadsEveryLayout(Place place) {
    for (Similarity similarity : new Similarity[] {Similarity.dot(), Similarity.cosine(), Similarity.additive(1, 2, -3, 4, 5)}) {
      Call call = Call.of("reference", new int[] {3, 7}, new int[] {5, 4}, Attention.standard());
      double[] expected = ReferenceAttention.of(Attention.standard().withSimilarity(similarity), call.query, call.key, call.value).output();
      double[] actual =
          ReferenceAttention.of(
                  Attention.standard().withSimilarity(similarity), place.of(call.query), place.of(call.key), place.of(call.value))
              .output();
      assertThat(actual).as("%s, %s", place, similarity.kind()).containsExactly(expected);
    }
  }

  /**
   * Query, key, value and output alternate element by element in one array, with rows along the columns: they are separate at every level.
   */
  @Test
  void transposedPartsOfOneArray() {
    Call call = Call.of("parts", new int[] {7, 7}, new int[] {5, 5}, Attention.standard());
    Heads[] dense = {call.query, call.key, call.value};
    for (int step : new int[] {1, 7, 5 * 7, 4 * 5 * 7}) {
      float[] packed = new float[4 * 2 * 4 * 7 * 5];
      Arrays.fill(packed, Views.SENTINEL);
      Heads[] parts = new Heads[4];
      for (int i = 0; i < 4; i++) {
        parts[i] = part(packed, step, i);
      }
      for (int i = 0; i < 3; i++) {
        Heads source = i == 0 ? dense[0] : grouped(dense[i]);
        int[] next = {0};
        Views.forEach(parts[i], index -> packed[index] = source.data()[next[0]++]);
      }
      call.attention.compute(parts[0], parts[1], parts[2], parts[3]);
      Views.assertSameBits(Views.dense(parts[3]), call.dense(), "parts " + step + " apart");
      Views.assertSameBits(Views.dense(parts[0]), call.query.data(), "query, parts " + step + " apart");
    }
  }

  /** View i of four: strides below {@code step} are those of a dense 2 × 4 × 5 × 7 array, larger strides leave room for all four views. */
  private static Heads part(float[] packed, int step, int i) {
    int[] strides = {4 * 5 * 7, 5 * 7, 1, 7};
    for (int axis = 0; axis < 4; axis++) {
      strides[axis] *= strides[axis] >= step ? 4 : 1;
    }
    return new Heads(packed, i * step, 2, 4, 7, 5, strides[0], strides[1], strides[2], strides[3]);
  }

  /** Each key/value head twice, so that all views have four heads. */
  private static Heads grouped(Heads dense) {
    Heads result = Heads.zeros(2, 4, 7, 5);
    for (int b = 0; b < 2; b++) {
      for (int head = 0; head < 4; head++) {
        System.arraycopy(dense.data(), dense.index(b, head / 2, 0), result.data(), result.index(b, head, 0), 7 * 5);
      }
    }
    return result;
  }
}
