package dev.lanewise.core.position;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.testing.GoldenReader;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RotaryTable;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Lanewise computes what PyTorch computes in double by the formulas of the papers, for every scaling. */
@Tag("twice")
class GoldenRotaryTest {
  private static final List<Golden> CASES = load();

  /** A case of rotary.py: its input and its output. */
  record Golden(
      GoldenReader reader, Heads input, int[] positions, double[] frequencies, double attentionFactor, double[] output, double largest) {
    static Golden read(GoldenReader reader) {
      Heads input = reader.heads(reader.size("H"), reader.size("L"), reader.size("D"));
      double[] frequencies = reader.doubles(reader.size("R") / 2);
      double attentionFactor = reader.doubles(1)[0];
      double[] output = reader.doubles(input.data().length);
      double largest = 0;
      for (double x : output) {
        largest = Math.max(largest, Math.abs(x));
      }
      return new Golden(reader, input, reader.ints("positions"), frequencies, attentionFactor, output, largest);
    }

    Rotary rotary() {
      Rotary rotary = Rotary.of(input.width(), reader.size("R")).withBase(number("base")).withScaling(scaling());
      return reader.text("form").equals("half") ? rotary : rotary.withForm(RotaryTable.Form.INTERLEAVED);
    }

    RotaryScaling scaling() {
      if (!reader.has("scaling")) {
        return RotaryScaling.none();
      }
      double factor = number("factor");
      return switch (reader.text("scaling")) {
        case "linear" -> RotaryScaling.linear(factor);
        case "ntk" -> RotaryScaling.ntk(factor);
        case "dynamic" -> RotaryScaling.dynamicNtk(factor, reader.size("original"), reader.size("length"));
        case "yarn" -> yarn(factor);
        case "llama3" -> RotaryScaling.llama3(factor, number("low"), number("high"), reader.size("original"));
        default -> throw new IllegalStateException(reader.name + ": unknown scaling " + reader.text("scaling"));
      };
    }

    private RotaryScaling yarn(double factor) {
      int original = reader.size("original");
      if (!reader.has("fast") && !reader.has("truncate") && !reader.has("attention")) {
        return RotaryScaling.yarn(factor, original);
      }
      double fast = reader.has("fast") ? number("fast") : 32;
      double slow = reader.has("fast") ? number("slow") : 1;
      double attention = reader.has("attention") ? number("attention") : 0.1 * Math.log(factor) + 1;
      return RotaryScaling.yarn(factor, original, fast, slow, !reader.has("truncate"), attention);
    }

    private double number(String setting) {
      return Double.parseDouble(reader.text(setting));
    }

    @Override
    public String toString() {
      return reader.name;
    }
  }

  private static List<Golden> load() {
    ByteBuffer numbers = GoldenReader.numbers("rotary.bin");
    List<Golden> cases = new ArrayList<>();
    for (String line : GoldenReader.lines("rotary.txt")) {
      cases.add(Golden.read(new GoldenReader(line, numbers)));
    }
    GoldenReader.assertAllRead(numbers, "rotary.bin");
    return cases;
  }

  static List<Golden> cases() {
    return CASES;
  }

  @Test
  void thereAreEnoughCases() {
    assertThat(CASES).hasSizeGreaterThanOrEqualTo(25);
    for (String scaling : List.of("linear", "ntk", "dynamic", "yarn", "llama3")) {
      assertThat(CASES).as(scaling).filteredOn(golden -> golden.reader.has("scaling")).anyMatch(golden -> is(golden, scaling));
    }
  }

  private static boolean is(Golden golden, String scaling) {
    return golden.reader.text("scaling").equals(scaling);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void frequencies(Golden golden) {
    double[] frequencies = golden.scaling().frequencies(golden.reader.size("R"), golden.number("base"));
    assertThat(frequencies).hasSameSizeAs(golden.frequencies);
    for (int i = 0; i < frequencies.length; i++) {
      assertThat(frequencies[i]).as("frequency %d", i).isCloseTo(golden.frequencies[i], within(1e-14 * golden.frequencies[i]));
    }
    assertThat(golden.scaling().attentionFactor()).isCloseTo(golden.attentionFactor, within(1e-15));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void vectorKernels(Golden golden) {
    assertOutput(golden, golden.rotary());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void scalarKernels(Golden golden) {
    assertOutput(golden, golden.rotary().withKernels(Kernels.scalar()));
  }

  private static void assertOutput(Golden golden, Rotary rotary) {
    Heads input = golden.input;
    Heads output = Views.filled(Views.Layout.DENSE, input.batch(), input.heads(), input.rows(), input.width(), Views.SENTINEL);
    rotary.apply(input, output, golden.positions);
    for (int i = 0; i < golden.output.length; i++) {
      assertThat((double) output.data()[i]).as("element %d", i).isCloseTo(golden.output[i], within(2e-7 * golden.largest));
    }
  }
}
