package dev.lanewise.bench.throughput;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.throughput.data.Accuracy;
import dev.lanewise.bench.throughput.options.CacheOptions;
import dev.lanewise.bench.throughput.options.ModelOptions;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.bench.throughput.options.VariantOptions;
import dev.lanewise.bench.throughput.timing.Team;
import dev.lanewise.kernels.Kernels;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

class OperationsTest {
  private static final String[] SIZES = {
    "--batch",
    "2",
    "--heads",
    "6",
    "--kv-heads",
    "3",
    "--queries",
    "37",
    "--keys",
    "45",
    "--head-dim",
    "16",
    "--value-dim",
    "11",
    "--m",
    "33",
    "--k",
    "20",
    "--n",
    "53"
  };

  /** Query i of 37 sees 9 + i of 45 keys. */
  private static final long CAUSAL_PAIRS = 37 * 9 + 37 * 36 / 2;

  static Stream<Arguments> operations() {
    return Stream.of(
        Arguments.of("attention", 2L * 2 * 6 * 37 * 45 * (16 + 11), 4L * 2 * (6 * 37 * 16 + 3 * 45 * (16 + 11) + 6 * 37 * 11)),
        Arguments.of(
            "backward", 2L * 2 * 6 * 37 * 45 * (3 * 16 + 2 * 11), 8L * 2 * (6 * 37 * (16 + 11) + 3 * 45 * (16 + 11)) + 4L * 2 * 6 * 37),
        Arguments.of("gemm", 2L * 33 * 20 * 53, 4L * (33 * 20 + 20 * 53 + 33 * 53)),
        Arguments.of("scores", 2L * 37 * 45 * 16, 4L * (37 * 16 + 45 * 16 + 37 * 45)),
        Arguments.of("softmax", 0L, 8L * 37 * 45),
        Arguments.of("output", 2L * 37 * 45 * 11, 4L * (37 * 45 + 45 * 11 + 37 * 11)),
        Arguments.of("exp", 0L, 8L * 37 * 45),
        Arguments.of(
            "encoder", 2L * 37 * (2 * 96 * 96 * (4 + 8) + 4 * 37 * 96), 4L * (12 * 96 * 96 + (4 + 4 + 3) * 96 + 2 * (2 * 37 * 96))));
  }

  @ParameterizedTest
  @MethodSource("operations")
  void countsItsWorkAndIsRight(String name, long flops, long bytes) {
    for (Kernels kernels : new Kernels[] {Kernels.selected(), Kernels.scalar()}) {
      for (int threads = 1; threads <= 3; threads++) {
        try (Team team = new Team(threads)) {
          Operation operation =
              Operations.named(name).apply(new Setup(sizes(), new VariantOptions(), new CacheOptions(), new ModelOptions(), kernels, team));
          assertThat(operation.flops()).isEqualTo(flops);
          assertThat(operation.bytes()).isEqualTo(bytes);
          checkAccuracy(operation);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("operations")
  void causalLeavesOutFlopsOfAttentionOnly(String name, long flops) {
    try (Team team = new Team(1)) {
      ShapeOptions sizes = sizes();
      sizes.causal = true;
      Operation operation =
          Operations.named(name)
              .apply(new Setup(sizes, new VariantOptions(), new CacheOptions(), new ModelOptions(), Kernels.selected(), team));
      long aPair =
          switch (name) {
            case "attention" -> 16 + 11;
            case "backward" -> 3 * 16 + 2 * 11;
            default -> 0;
          };
      assertThat(operation.flops()).isEqualTo(aPair > 0 ? 2L * 2 * 6 * CAUSAL_PAIRS * aPair : flops);
      checkAccuracy(operation);
    }
  }

  static void checkAccuracy(Operation operation) {
    // The result is still 0, so its error is the largest value.
    double largest = operation.accuracy().maxAbsError();
    assertThat(largest).isGreaterThan(0.01);
    operation.run();
    Accuracy accuracy = operation.accuracy();
    assertThat(accuracy.referenceError()).isBetween(Double.MIN_VALUE, 1e-5 * largest);
    assertThat(accuracy.maxAbsError()).isLessThanOrEqualTo(2 * accuracy.referenceError() + 1e-6 * largest);
  }

  static ShapeOptions sizes() {
    ShapeOptions sizes = new ShapeOptions();
    new CommandLine(CommandLine.Model.CommandSpec.forAnnotatedObject(new Holder(sizes))).parseArgs(SIZES);
    return sizes;
  }

  /** Lets picocli fill the options, defaults and all. */
  @CommandLine.Command
  private record Holder(@CommandLine.Mixin ShapeOptions sizes) {}
}
