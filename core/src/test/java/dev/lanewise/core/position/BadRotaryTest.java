package dev.lanewise.core.position;

import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RotaryTable;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each impossible rotary embedding, or call that does not fit it, throws before anything is written. */
@Tag("once")
class BadRotaryTest {
  private static final Rotary ROTARY = Rotary.of(10, 8);

  @ParameterizedTest
  @MethodSource({"made", "tables", "scalings", "used"})
  void throwsAndWritesNothing(Wrong wrong) {
    wrong.verify();
  }

  static List<Wrong> made() {
    return List.of(
        Wrong.argument("odd rotaryDim", out -> Rotary.of(10, 7), "rotaryDim", "7", "2"),
        Wrong.argument("odd headDim, all of which turns", out -> Rotary.of(111), "headDim", "111", "2"),
        Wrong.argument("rotaryDim above headDim", out -> Rotary.of(10, 12), "rotaryDim", "12", "headDim", "10"),
        Wrong.argument("no rotaryDim", out -> Rotary.of(10, 0), "rotaryDim", "0", "2"),
        Wrong.argument("negative headDim", out -> Rotary.of(-4), "headDim", "-4", "2"),
        Wrong.argument("base of 1", out -> ROTARY.withBase(1), "base", "1.0", "1"),
        Wrong.argument("base that is no number", out -> ROTARY.withBase(Double.NaN), "base", "NaN", "1"),
        Wrong.argument("infinite base", out -> ROTARY.withBase(Double.POSITIVE_INFINITY), "base", "Infinity", "1"),
        Wrong.isNull("form", out -> ROTARY.withForm(Wrong.nothing())),
        Wrong.isNull("scaling", out -> ROTARY.withScaling(Wrong.nothing())),
        Wrong.isNull("kernels", out -> ROTARY.withKernels(Wrong.nothing())),
        Wrong.isNull("frequencies", out -> ROTARY.withScaling((rotaryDim, base) -> Wrong.nothing())),
        Wrong.argument(
            "a scaling of too few pairs",
            out -> ROTARY.withScaling((rotaryDim, base) -> new double[3]),
            "frequencies.length",
            "3",
            "rotaryDim",
            "4"),
        Wrong.argument(
            "a scaling that is no number",
            out -> ROTARY.withScaling((rotaryDim, base) -> new double[] {1, 1, Double.NaN, 1}),
            "frequencies[2]",
            "NaN",
            "finite"));
  }

  static List<Wrong> tables() {
    RotaryTable table = RotaryTable.of(RotaryTable.Form.HALF, new float[20], new float[20], 5, 4);
    Rotary given = Rotary.of(10, table);
    Heads in = Heads.zeros(2, 3, 4, 10);
    return List.of(
        Wrong.isNull("table", out -> Rotary.of(10, Wrong.<RotaryTable>nothing())),
        Wrong.argument("a wider table", out -> Rotary.of(7, table), "table.rotaryDim", "8", "headDim", "7"),
        Wrong.incomplete("base of a table", out -> given.withBase(500), "table", "caller's", "base", "scaling"),
        Wrong.incomplete("scaling of a table", out -> given.withScaling(RotaryScaling.none()), "table", "caller's", "base", "scaling"),
        Wrong.argument("sections", out -> given.withSections(2, 3), "sections[1]", "last", "pair", "3"),
        Wrong.argument("sections in turn", out -> given.withInterleavedSections(3), "sections", "3", "pairs", "4"),
        Wrong.argument("past the table", out -> given.apply(in, to(out), 2), "firstPosition", "2", "input.rows", "4"),
        Wrong.argument(
            "a position past the table", out -> given.apply(in, to(out), Positions.ofRows(4, 0, 2)), "positions[7]", "5", "last", "4"),
        Wrong.argument(
            "neither a position a row nor one for each section",
            out -> ROTARY.withSections(2, 2).apply(in, to(out), new int[24]),
            "positions.length",
            "24",
            "16"));
  }

  static List<Wrong> scalings() {
    double nan = Double.NaN;
    return List.of(
        Wrong.argument("linear below 1", out -> RotaryScaling.linear(0.5), "factor", "0.5", "1"),
        Wrong.argument("linear by no number", out -> RotaryScaling.linear(nan), "factor", "NaN", "1"),
        Wrong.argument("NTK below 1", out -> RotaryScaling.ntk(0.99), "factor", "0.99", "1"),
        Wrong.argument("infinite NTK", out -> RotaryScaling.ntk(Double.POSITIVE_INFINITY), "factor", "Infinity", "1"),
        Wrong.argument("dynamic below 1", out -> RotaryScaling.dynamicNtk(0.5, 10, 20), "factor", "0.5", "1"),
        Wrong.argument("dynamic without context", out -> RotaryScaling.dynamicNtk(2, 0, 20), "originalContext", "0", "1"),
        Wrong.argument("dynamic without sequence", out -> RotaryScaling.dynamicNtk(2, 10, 0), "sequenceLength", "0", "1"),
        Wrong.argument("YaRN below 1", out -> RotaryScaling.yarn(0, 4096), "factor", "0.0", "1"),
        Wrong.argument("YaRN without context", out -> RotaryScaling.yarn(4, 0), "originalContext", "0", "1"),
        Wrong.argument("YaRN, betaSlow 0", out -> RotaryScaling.yarn(4, 4096, 32, 0, true, 1), "betaSlow", "0.0", "0"),
        Wrong.argument(
            "YaRN, betas the wrong way round", out -> RotaryScaling.yarn(4, 4096, 1, 32, true, 1), "betaFast", "1.0", "betaSlow", "32.0"),
        Wrong.argument("YaRN, attention factor 0", out -> RotaryScaling.yarn(4, 4096, 32, 1, true, 0), "attentionFactor", "0.0", "0"),
        Wrong.argument("Llama 3 below 1", out -> RotaryScaling.llama3(0.5, 1, 4, 8192), "factor", "0.5", "1"),
        Wrong.argument("Llama 3, no low factor", out -> RotaryScaling.llama3(8, 0, 4, 8192), "lowFrequencyFactor", "0.0", "0"),
        Wrong.argument(
            "Llama 3, factors that meet", out -> RotaryScaling.llama3(8, 4, 4, 8192), "highFrequencyFactor", "4.0", "lowFrequencyFactor"),
        Wrong.argument("Llama 3 without context", out -> RotaryScaling.llama3(8, 1, 4, -1), "originalContext", "-1", "1"));
  }

  /** Calls on two batch entries of three heads of four rows. */
  static List<Wrong> used() {
    Heads in = Heads.zeros(2, 3, 4, 10);
    int[] none = Wrong.nothing();
    return List.of(
        Wrong.argument("width", out -> ROTARY.apply(Heads.zeros(2, 3, 4, 9), to(out), 0), "input.width", "9", "headDim", "10"),
        Wrong.argument("output width", out -> ROTARY.apply(in, Heads.of(out, 2, 3, 4, 11), 0), "output.width", "11", "10"),
        Wrong.argument("output rows", out -> ROTARY.apply(in, Heads.of(out, 2, 3, 5, 10), 0), "output.rows", "5", "4"),
        Wrong.argument("negative position", out -> ROTARY.apply(in, to(out), -1), "firstPosition", "-1", "0"),
        Wrong.argument(
            "a position past the last",
            out -> ROTARY.apply(in, to(out), Integer.MAX_VALUE - 2),
            "firstPosition",
            "2147483645",
            "input.rows",
            "4",
            "2147483647"),
        Wrong.argument("negative first position", out -> Positions.ofRows(4, 3, -2), "firstPositions[1]", "-2", "0"),
        Wrong.argument("negative number of rows", out -> Positions.ofRows(-1, 3), "rows", "-1"),
        Wrong.argument("rows past the last position", out -> Positions.ofRows(2, 3, Integer.MAX_VALUE), "2147483648", "2147483647"),
        Wrong.argument("too few positions", out -> ROTARY.apply(in, to(out), new int[7]), "positions.length", "7", "8"),
        Wrong.argument(
            "negative given position", out -> ROTARY.apply(in, to(out), new int[] {0, 1, 2, 3, 0, 1, -9, 3}), "positions[6]", "-9", "0"),
        Wrong.overlap("output", "input", 1, out -> ROTARY.apply(new Heads(out, 1, 2, 3, 4, 10, 120, 40, 10), to(out), 0)),
        Wrong.isNull("input", out -> ROTARY.apply(Wrong.nothing(), to(out), 0)),
        Wrong.isNull("output", out -> ROTARY.apply(in, Wrong.nothing(), 0)),
        Wrong.isNull("positions", out -> ROTARY.apply(in, to(out), none)),
        Wrong.isNull("firstPositions", out -> Positions.ofRows(4, none)));
  }

  private static Heads to(float[] out) {
    return Heads.of(out, 2, 3, 4, 10);
  }
}
