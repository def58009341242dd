package dev.lanewise.bench.cli.console;

import dev.lanewise.kernels.data.WeightFormat;
import java.util.Arrays;
import java.util.stream.Collectors;

/** Names of weight formats on the command line. */
public final class WeightNames {
  /** All names, for the description of an option. */
  public static final String ALL =
      "f32, f16, bf16, q8 (8 bits, a scale for 32), q8-row (a scale for each output), q4 (4 bits, a scale for 32)"
          + " or q4-zero (with a zero point)";

  private WeightNames() {}

  /**
   * The format of a name.
   *
   * @param option the option that has this value, for the message
   * @throws IllegalArgumentException if no format has this name
   */
  public static WeightFormat format(String option, String name) {
    return Arrays.stream(WeightFormat.values())
        .filter(format -> name(format).equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(option + " is " + name + ", must be one of " + names()));
  }

  private static String names() {
    return Arrays.stream(WeightFormat.values()).map(WeightNames::name).collect(Collectors.joining(", "));
  }

  /** The name of a format. */
  public static String name(WeightFormat format) {
    return switch (format) {
      case F32 -> "f32";
      case F16 -> "f16";
      case BF16 -> "bf16";
      case INT8 -> "q8-row";
      case INT8_BLOCK -> "q8";
      case INT4 -> "q4";
      case INT4_ZERO -> "q4-zero";
    };
  }
}
