package dev.lanewise.bench.throughput;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.data.StoredNumbers;
import dev.lanewise.bench.throughput.options.CacheOptions;
import dev.lanewise.bench.throughput.options.ModelOptions;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.bench.throughput.options.VariantOptions;
import dev.lanewise.bench.throughput.timing.Team;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.Matrix;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** Whatever cache {@code throughput --op decode} is asked for, it is right, and work and bytes are counted exactly. */
class DecodeOperationTest {
  private static final String SIZES = "--batch 3 --heads 6 --kv-heads 3 --queries 2 --keys 150 --head-dim 19 --value-dim 21 ";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--kv f32",
        "--kv f16",
        "--kv bf16",
        "--kv int8",
        "--kv f32 --page 16 --causal",
        "--kv f16 --page 32 --ragged",
        "--kv bf16 --page 16 --ragged --off-heap --causal",
        "--kv int8 --page 16 --ragged --off-heap",
        "--kv int8 --off-heap --causal --ragged",
        "--kv f32 --off-heap --ragged --causal",
        "--kv f16 --page 160 --causal",
      })
  void isRight(String options) {
    for (Kernels kernels : List.of(Kernels.selected(), Kernels.scalar())) {
      for (int threads = 1; threads <= 3; threads++) {
        try (Team team = new Team(threads);
            Operation operation = operation(SIZES + options, kernels, team)) {
          OperationsTest.checkAccuracy(operation);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"--queries 17 --keys 60", "--queries 20 --keys 60 --causal", "--queries 30 --keys 17 --causal"})
  void manyQueriesAreRight(String options) {
    try (Team team = new Team(2);
        Operation operation =
            operation("--heads 4 --kv-heads 2 --head-dim 16 --value-dim 16 --kv bf16 " + options, Kernels.selected(), team)) {
      OperationsTest.checkAccuracy(operation);
    }
  }

  /** A row of int8 has a scale for its key and one for its value. */
  @ParameterizedTest
  @CsvSource({"f32, 160", "f16, 80", "bf16, 80", "int8, 48"})
  void countsTheBytesOfRowsAndNoPadding(String format, long rowBytes) {
    for (String page : List.of("", " --page 64 --off-heap")) {
      try (Team team = new Team(1);
          Operation operation = operation(SIZES + "--kv " + format + page, Kernels.selected(), team)) {
        assertThat(operation.bytes()).isEqualTo(3 * 3 * 150 * rowBytes + 4 * 3 * 6 * 2 * (19 + 21));
        assertThat(operation.scores()).isEqualTo(3 * 6 * 2 * 150);
        assertThat(operation.flops()).isEqualTo(2 * operation.scores() * (19 + 21));
      }
    }
  }

  @Test
  void countsTheScoresThatCausalQueriesSee() {
    try (Team team = new Team(1);
        Operation operation = operation(SIZES + "--causal", Kernels.selected(), team)) {
      assertThat(operation.scores()).isEqualTo(3 * 6 * (149 + 150));
    }
  }

  @Test
  void raggedLengthsLieInTheirRangeAndTheLastIsTheLongest() {
    ShapeOptions sizes = new ShapeOptions();
    CacheOptions cache = new CacheOptions();
    parse("--batch 1000 --keys 60 --ragged", sizes, cache);
    int[] lengths = cache.lengths(sizes, new SeededData());
    assertThat(lengths).hasSize(1000).endsWith(60).contains(CacheOptions.SHORTEST, 33, 59);
    assertThat(Arrays.stream(lengths).allMatch(length -> length >= CacheOptions.SHORTEST && length <= 60)).isTrue();
    try (Team team = new Team(1);
        Operation operation = operation(SIZES + "--ragged", Kernels.selected(), team)) {
      long rows = (Long) operation.shape().get("cachedRows");
      assertThat(rows).isBetween(150L + 2 * 17, 3 * 150L - 1);
      assertThat(operation.scores()).isEqualTo(6 * 2 * rows);
    }
  }

  @Test
  void formatErrorIsThatOfTheFormat() {
    assertThat(formatError("f32")).isNull();
    assertThat(formatError("f16")).isBetween(1e-6, 1e-3);
    assertThat(formatError("bf16")).isBetween(2 * formatError("f16"), 0.02);
    assertThat(formatError("int8")).isBetween(2 * formatError("f16"), 0.05);
  }

  private static Double formatError(String format) {
    try (Team team = new Team(1);
        Operation operation = operation(SIZES + "--kv " + format, Kernels.selected(), team)) {
      operation.run();
      return operation.accuracy().formatError();
    }
  }

  @Test
  void numbersAreRoundedToTheNearest() {
    Matrix rows = Matrix.of(new float[] {1 + 0x1p-8f, 1 + 3 * 0x1p-8f, 1 + 0x1p-8f + 0x1p-20f, -5, 12.7f, -6.34f}, 2, 3);
    assertThat(StoredNumbers.of(rows, KeyValueFormat.F32).data()).isEqualTo(rows.data());
    assertThat(StoredNumbers.of(rows, KeyValueFormat.BF16).data()).startsWith(1, 1 + 0x1p-6f, 1 + 0x1p-7f, -5);
    assertThat(StoredNumbers.of(rows, KeyValueFormat.F16).data()).startsWith(1 + 0x1p-8f, 1 + 3 * 0x1p-8f, 1 + 0x1p-8f, -5);
    float scale = 12.7f / 127;
    assertThat(StoredNumbers.of(rows, KeyValueFormat.INT8).data()).endsWith(-50 * scale, 127 * scale, -63 * scale);
  }

  @ParameterizedTest
  @EnumSource(KeyValueFormat.class)
  void zerosStayZeros(KeyValueFormat format) {
    assertThat(StoredNumbers.of(Matrix.zeros(1, 3), format).data()).containsOnly(0);
  }

  private static Operation operation(String options, Kernels kernels, Team team) {
    ShapeOptions sizes = new ShapeOptions();
    CacheOptions cache = new CacheOptions();
    parse(options, sizes, cache);
    cache.check("decode", sizes);
    return DecodeOperation.of(new Setup(sizes, new VariantOptions(), cache, new ModelOptions(), kernels, team));
  }

  private static void parse(String options, ShapeOptions sizes, CacheOptions cache) {
    new CommandLine(CommandLine.Model.CommandSpec.forAnnotatedObject(new Holder(sizes, cache))).parseArgs(options.split(" "));
  }

  /** Lets picocli fill the options, defaults and all. */
  @CommandLine.Command
  private record Holder(@CommandLine.Mixin ShapeOptions sizes, @CommandLine.Mixin CacheOptions cache) {}
}
