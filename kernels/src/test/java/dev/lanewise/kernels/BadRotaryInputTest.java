package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RotaryTable;
import dev.lanewise.kernels.testing.Comparisons;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every wrong rotation throws before anything is written; the message names the argument and contains both numbers. */
@Tag("once")
class BadRotaryInputTest {
  private static final int MAX = Integer.MAX_VALUE;
  private static final RotaryTable TABLE = RotaryTable.of(RotaryTable.Form.HALF, new double[] {1, 0.5}, 1);

  /** Heads of 5 columns over this array are 2 × 3 × 4 × 5 = 120 elements. */
  private final float[] data = new float[300];

  record Wrong(String name, BiConsumer<Kernels, float[]> call, Class<? extends Exception> type, List<String> words) {
    @Override
    public String toString() {
      return name;
    }
  }

  @ParameterizedTest
  @MethodSource({"shapes", "positions", "overlaps", "nulls", "tables", "limits"})
  void aWrongRotationThrowsAndWritesNothing(Wrong wrong) {
    Arrays.fill(data, 7);
    float[] before = data.clone();
    Comparisons.paths()
        .forEach(
            path -> {
              var thrown = assertThatThrownBy(() -> wrong.call.accept(path.getPayload(), data)).isInstanceOf(wrong.type);
              thrown.message().contains(wrong.words);
              assertThat(data).isEqualTo(before);
            });
  }

  private static Wrong argument(String name, BiConsumer<Kernels, float[]> call, String... words) {
    return new Wrong(name, call, IllegalArgumentException.class, List.of(words));
  }

  private static Heads in() {
    return Heads.zeros(2, 3, 4, 5);
  }

  private static Heads out(float[] data) {
    return Heads.of(data, 2, 3, 4, 5);
  }

  static List<Wrong> shapes() {
    return List.of(
        argument(
            "narrower than the table",
            (k, out) -> k.rotate(Heads.zeros(1, 1, 1, 3), Heads.of(out, 1, 1, 1, 3), TABLE, 0),
            "table.rotaryDim is 4",
            "input.width is 3"),
        argument("width", (k, out) -> k.rotate(in(), Heads.of(out, 2, 3, 4, 6), TABLE, 0), "output.width is 6", "input.width is 5"),
        argument("batch", (k, out) -> k.rotate(in(), Heads.of(out, 1, 3, 4, 5), TABLE, 0), "output.batch is 1", "input.batch is 2"),
        argument("heads", (k, out) -> k.rotate(in(), Heads.of(out, 2, 4, 4, 5), TABLE, 0), "output.heads is 4", "input.heads is 3"),
        argument("rows", (k, out) -> k.rotate(in(), Heads.of(out, 2, 3, 3, 5), TABLE, 0), "output.rows is 3", "input.rows is 4"),
        argument(
            "rows, by positions",
            (k, out) -> k.rotate(in(), Heads.of(out, 2, 3, 3, 5), TABLE, new int[8]),
            "output.rows is 3",
            "input.rows is 4"));
  }

  static List<Wrong> positions() {
    return List.of(
        argument("negative first", (k, out) -> k.rotate(in(), out(out), TABLE, -1), "firstPosition is -1", "at least 0"),
        argument("first too far", (k, out) -> k.rotate(in(), out(out), TABLE, MAX - 2), "firstPosition is 2147483645", "rows is 4"),
        argument("too few positions", (k, out) -> k.rotate(in(), out(out), TABLE, new int[7]), "positions.length is 7", "input.rows is 8"),
        argument("too many positions", (k, out) -> k.rotate(in(), out(out), TABLE, new int[9]), "positions.length is 9", "input.rows is 8"),
        argument(
            "negative position",
            (k, out) -> k.rotate(in(), out(out), TABLE, new int[] {0, 0, 0, 0, 0, 0, 0, -3}),
            "positions[7] is -3",
            "at least 0"));
  }

  static List<Wrong> overlaps() {
    return List.of(
        argument(
            "shifted by one",
            (k, out) -> k.rotate(out(out), new Heads(out, 1, 2, 3, 4, 5, 60, 20, 5), TABLE, 0),
            "output [1, 121)",
            "input [0, 120)"),
        argument(
            "in place with another stride",
            (k, out) -> k.rotate(out(out), new Heads(out, 0, 2, 3, 4, 5, 63, 21, 5), TABLE, 0),
            "output [0, 125)",
            "input [0, 120)"),
        argument(
            "in place, turned",
            (k, out) -> k.rotate(Heads.of(out, 1, 1, 5, 5), Heads.of(out, 1, 1, 5, 5).transposed(), TABLE, 0),
            "output [0, 25)",
            "input [0, 25)"),
        argument(
            "rows on top of each other",
            (k, out) -> k.rotate(in(), new Heads(out, 0, 2, 3, 4, 5, 60, 20, 4), TABLE, 0),
            "output.rowStride is 4",
            "5"),
        argument(
            "heads on top of each other",
            (k, out) -> k.rotate(in(), new Heads(out, 0, 2, 3, 4, 5, 60, 19, 5), TABLE, 0),
            "output.headStride is 19",
            "20"),
        argument(
            "a view that repeats, in place",
            (k, out) -> {
              Heads view = Heads.of(out, 1, 3, 4, 5).broadcast(2);
              k.rotate(view, view, TABLE, 0);
            },
            "output.batchStride is 0",
            "at least 5"));
  }

  static List<Wrong> nulls() {
    return List.of(
        isNull("input", (k, out) -> k.rotate(absent(), out(out), TABLE, 0)),
        isNull("output", (k, out) -> k.rotate(in(), absent(), TABLE, 0)),
        isNull("table", (k, out) -> k.rotate(in(), out(out), absent(), 0)),
        isNull("positions", (k, out) -> k.rotate(in(), out(out), TABLE, BadRotaryInputTest.<int[]>absent())),
        isNull("form", (k, out) -> RotaryTable.of(absent(), new double[1], 1)),
        isNull("frequencies", (k, out) -> RotaryTable.of(RotaryTable.Form.HALF, absent(), 1)));
  }

  private static Wrong isNull(String name, BiConsumer<Kernels, float[]> call) {
    return new Wrong("null " + name, call, NullPointerException.class, List.of(name));
  }

  static List<Wrong> tables() {
    return List.of(
        argument("no pairs", (k, out) -> RotaryTable.of(RotaryTable.Form.HALF, new double[0], 1), "frequencies.length is 0", "at least 1"),
        argument(
            "too many pairs",
            (k, out) -> RotaryTable.of(RotaryTable.Form.HALF, new double[65_537], 1),
            "frequencies.length is 65537",
            "65536"),
        argument(
            "a frequency that is none",
            (k, out) -> RotaryTable.of(RotaryTable.Form.INTERLEAVED, new double[] {1, Double.NaN}, 1),
            "frequencies[1] is NaN",
            "finite"),
        argument(
            "an infinite factor",
            (k, out) -> RotaryTable.of(RotaryTable.Form.HALF, new double[] {1}, Double.POSITIVE_INFINITY),
            "factor is Infinity",
            "finite"),
        argument("no positions", (k, out) -> given(new float[0], new float[0], 0, 2), "maxPositions is 0", "at least 1"),
        argument("no given pairs", (k, out) -> given(new float[0], new float[0], 2, 0), "pairs is 0", "at least 1"),
        argument("too many given pairs", (k, out) -> given(new float[6], new float[6], 2, 65_537), "pairs is 65537", "65536"),
        argument(
            "too few cosines", (k, out) -> given(new float[5], new float[6], 3, 2), "cosines.length is 5", "maxPositions * pairs is 6"),
        argument("too many sines", (k, out) -> given(new float[6], new float[7], 3, 2), "sines.length is 7", "maxPositions * pairs is 6"),
        argument(
            "a table beyond arrays",
            (k, out) -> given(new float[6], new float[6], MAX, 65_536),
            "cosines.length is 6",
            "maxPositions * pairs is 140737488289792"),
        isNull("form", (k, out) -> RotaryTable.of(absent(), new float[2], new float[2], 1, 2)),
        isNull("cosines", (k, out) -> given(absent(), new float[2], 1, 2)),
        isNull("sines", (k, out) -> given(new float[2], absent(), 1, 2)),
        isNull("form", (k, out) -> TABLE.withForm(absent())),
        isNull("sections", (k, out) -> TABLE.withSections(BadRotaryInputTest.<int[]>absent())),
        argument("no sections", (k, out) -> TABLE.withSections(), "the sum of sections is 0", "the number of pairs is 2"),
        argument("too few pairs in sections", (k, out) -> TABLE.withSections(1), "the sum of sections is 1", "the number of pairs is 2"),
        argument("too many pairs in the first section", (k, out) -> TABLE.withSections(3), "the sum of sections is 3", "pairs is 2"),
        argument("too many pairs in sections", (k, out) -> TABLE.withSections(1, MAX), "sections[1] is 2", "the last pair is 1"),
        argument("sums beyond int", (k, out) -> TABLE.withSections(MAX, 1), "sections[1] is 2147483647", "the last pair is 1"),
        argument("an empty section", (k, out) -> TABLE.withSections(2, 0), "sections[1] is 0", "at least 1"),
        argument("no turn", (k, out) -> four().withInterleavedSections(1, 3), "sections[1] is 5", "the last pair is 3"),
        argument("too few pairs in turn", (k, out) -> four().withInterleavedSections(1, 2), "the sum of sections is 3", "pairs is 4"));
  }

  /** Calls with tables that end, or that have sections. */
  static List<Wrong> limits() {
    RotaryTable five = given(new float[10], new float[10], 5, 2);
    RotaryTable sections = TABLE.withSections(1, 1);
    int[] ids = new int[16];
    ids[11] = -4;
    return List.of(
        argument("past the last", (k, out) -> k.rotate(in(), out(out), five, 2), "firstPosition is 2", "input.rows is 4", "at most 4"),
        argument(
            "a position past the last",
            (k, out) -> k.rotate(in(), out(out), five, new int[] {0, 1, 2, 3, 4, 0, 5, 0}),
            "positions[6] is 5",
            "the last position of the table is 4"),
        argument(
            "positions of another number of sections",
            (k, out) -> k.rotate(in(), out(out), sections, new int[24]),
            "positions.length is 24",
            "2 * input.batch * input.rows is 16"),
        argument("negative, second section", (k, out) -> k.rotate(in(), out(out), sections, ids), "positions[11] is -4", "at least 0"));
  }

  private static RotaryTable given(float[] cosines, float[] sines, int maxPositions, int pairs) {
    return RotaryTable.of(RotaryTable.Form.HALF, cosines, sines, maxPositions, pairs);
  }

  private static RotaryTable four() {
    return RotaryTable.of(RotaryTable.Form.HALF, new double[4], 1);
  }

  private static <T> T absent() {
    return null;
  }
}
