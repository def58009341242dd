package dev.lanewise.core.position;

import dev.lanewise.core.Attention;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.data.PackedSequences;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Impossible positions, and calls that do not fit them, throw before anything is written. */
@Tag("once")
class BadPositionsTest {
  private static final InputPositions LEARNED = Positions.learned(new float[6 * 4], 6, 4);
  private static final InputPositions SINUSOIDAL = Positions.sinusoidal(4);

  @ParameterizedTest
  @MethodSource({"made", "used"})
  void throwsAndWritesNothing(Wrong wrong) {
    wrong.verify();
  }

  static List<Wrong> made() {
    float[] table = new float[24];
    return List.of(
        Wrong.argument("no width", out -> Positions.sinusoidal(0), "embedDim", "0", "1"),
        Wrong.argument("base of 1", out -> Positions.sinusoidal(4, 1), "base", "1.0", "1"),
        Wrong.argument("no positions", out -> Positions.learned(table, 0, 4), "maxPositions", "0", "1"),
        Wrong.argument("a table too short", out -> Positions.learned(table, 7, 4), "table.length", "24", "maxPositions", "28"),
        Wrong.isNull("table", out -> Positions.learned(Wrong.nothing(), 7, 4)),
        Wrong.argument("no heads", out -> Positions.alibi(0), "numHeads", "0", "1"),
        Wrong.argument("odd table", out -> Positions.relativeBuckets(table, 32, 128, false), "table.length", "24", "32"),
        Wrong.argument("uneven table", out -> Positions.relativeBuckets(table, 10, 128, true), "table.length", "24", "numBuckets", "10"),
        Wrong.argument("odd buckets", out -> Positions.relativeBuckets(table, 7, 128, true), "numBuckets", "7", "2"),
        Wrong.argument("too few buckets", out -> Positions.relativeBuckets(table, 2, 128, true), "numBuckets", "2", "4"),
        Wrong.argument("no far bucket", out -> Positions.relativeBuckets(table, 8, 4, false), "maxDistance", "4", "5"),
        Wrong.isNull("table", out -> Positions.relativeBuckets(Wrong.nothing(), 32, 128, true)));
  }

  /** Calls on two batch entries of three rows of width four. */
  static List<Wrong> used() {
    int[] none = Wrong.nothing();
    LayerPositions relative = Positions.relativeBuckets(new float[24], 8, 16, true);
    return List.of(
        Wrong.argument("width", out -> LEARNED.apply(SequenceBatch.of(out, 2, 3, 5), 0), "x.width", "5", "embedDim", "4"),
        Wrong.argument("rows that meet", out -> LEARNED.apply(new SequenceBatch(out, 0, 2, 3, 4, 12, 3), 0), "x.rowStride", "3", "4"),
        Wrong.argument("negative position", out -> SINUSOIDAL.apply(to(out), -1), "firstPosition", "-1", "0"),
        Wrong.argument("past the table", out -> LEARNED.apply(to(out), 4), "firstPosition", "4", "3", "rows", "maxPositions", "6"),
        Wrong.argument("past all", out -> SINUSOIDAL.apply(to(out), Integer.MAX_VALUE - 1), "firstPosition", "2147483646", "2147483647"),
        Wrong.argument("too few", out -> LEARNED.apply(to(out), new int[5]), "positions.length", "5", "x.batch", "x.rows", "6"),
        Wrong.argument(
            "one past the table", out -> LEARNED.apply(to(out), Positions.ofRows(3, 0, 4)), "positions[5]", "6", "maxPositions", "6"),
        Wrong.argument(
            "packed past the table",
            out -> LEARNED.apply(SequenceBatch.of(out, 1, 9, 4), Positions.ofRows(PackedSequences.of(0, 2, 9))),
            "positions[8]",
            "6",
            "maxPositions"),
        Wrong.isNull("sequences", out -> Positions.ofRows(Wrong.<PackedSequences>nothing())),
        Wrong.isNull("x", out -> LEARNED.apply(Wrong.nothing(), 0)),
        Wrong.isNull("positions", out -> LEARNED.apply(to(out), none)),
        Wrong.argument("queries", out -> relative.apply(Attention.standard(), -1, 3), "queries", "-1", "0"),
        Wrong.argument("too large", out -> relative.apply(Attention.standard(), 50_000, 50_000), "queries", "50000", "keys", "2147483647"),
        Wrong.isNull("attention", out -> relative.apply(Wrong.nothing(), 3, 3)),
        Wrong.isNull("attention", out -> Positions.alibi(3).apply(Wrong.nothing(), 3, 3)));
  }

  private static SequenceBatch to(float[] out) {
    return SequenceBatch.of(out, 2, 3, 4);
  }
}
