package dev.lanewise.bench.throughput;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.options.CacheOptions;
import dev.lanewise.bench.throughput.options.ModelOptions;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.bench.throughput.options.VariantOptions;
import dev.lanewise.bench.throughput.timing.Team;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.PackedSequences;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** Every variant that {@code throughput --op attention} takes is the one that its accuracy is measured against, and counted exactly. */
class VariantsTest {
  private static final String SIZES = "--batch 2 --heads 6 --kv-heads 3 --queries 37 --keys 45 --head-dim 16 --value-dim 11 ";
  private static final String SQUARE = "--heads 6 --kv-heads 3 --queries 45 --keys 45 --head-dim 16 --value-dim 11 ";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--causal",
        "--causal --window 7",
        "--causal --window 1",
        "--softcap 1.5",
        "--causal --alibi",
        "--sinks",
        "--mask boolean",
        "--mask predicate",
        "--causal --mask boolean",
        "--causal --window 3 --mask predicate",
        "--bias",
        "--normaliser relu",
        "--normaliser squared-relu",
        "--normaliser sigmoid",
        "--normaliser linear",
        "--causal --mask boolean --normaliser relu",
        "--similarity cosine",
        "--similarity additive",
        "--layout blhd",
        "--causal --window 9 --softcap 2 --alibi --sinks --mask boolean --bias --similarity cosine --layout blhd",
      })
  void isRight(String options) {
    for (Kernels kernels : List.of(Kernels.selected(), Kernels.scalar())) {
      try (Team team = new Team(2)) {
        OperationsTest.checkAccuracy(operation(SIZES + options, kernels, team));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--sequences 1",
        "--sequences 4",
        "--sequences 4 --causal --window 7 --softcap 2 --alibi --sinks",
        "--sequences 4 --mask boolean --bias --layout blhd",
        "--sequences 4 --causal --mask predicate --normaliser sigmoid",
      })
  void packedSequencesAreRight(String options) {
    try (Team team = new Team(2)) {
      OperationsTest.checkAccuracy(operation(SQUARE + options, Kernels.selected(), team));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--softcap 1.5",
        "--alibi",
        "--sinks",
        "--mask boolean",
        "--mask predicate",
        "--bias",
        "--window 7",
        "--normaliser relu",
        "--normaliser squared-relu",
        "--normaliser sigmoid",
        "--normaliser linear",
        "--similarity cosine",
        "--similarity additive",
        "--layout blhd",
      })
  void changesTheResult(String option) {
    try (Team team = new Team(1)) {
      Operation plain = operation(SIZES + "--causal", Kernels.selected(), team);
      Operation variant = operation(SIZES + "--causal " + option, Kernels.selected(), team);
      assertThat(variant.accuracy().maxAbsError()).isNotEqualTo(plain.accuracy().maxAbsError());
    }
  }

  @Test
  void countsTheScoresThatAreVisible() {
    // Query i of 37 stands at key 8 + i; it sees up to window + 1 keys, and none before the first.
    assertThat(scores(SIZES + "--causal --window 7")).isEqualTo(2 * 6 * (37 * 8));
    assertThat(scores(SIZES + "--causal --window 10")).isEqualTo(2 * 6 * (9 + 10 + 35 * 11));
    assertThat(scores(SIZES + "--softcap 1 --sinks --bias")).isEqualTo(2 * 6 * 37 * 45);
    assertThat(scores("--queries 40 --keys 8 --heads 1 --causal")).isEqualTo(8 * 9 / 2);
  }

  @Test
  void countsTheNineTenthsThatAMaskShows() {
    long shown = scores("--heads 3 --queries 200 --keys 300 --mask boolean");
    assertThat(shown % 3).isZero();
    assertThat(shown / (3.0 * 200 * 300)).isBetween(0.895, 0.905);
    assertThat(scores("--heads 3 --queries 200 --keys 300 --mask predicate")).isEqualTo(shown);
    boolean[] elements = new SeededData().booleans(200 * 300, 0.9);
    long causal = 0;
    for (int i = 0; i < 200; i++) {
      for (int j = 0; j <= i + 100; j++) {
        causal += j >= i + 100 - 20 && elements[i * 300 + j] ? 3 : 0;
      }
    }
    assertThat(scores("--heads 3 --queries 200 --keys 300 --mask boolean --causal --window 20")).isEqualTo(causal);
  }

  @Test
  void packedSequencesHaveLengthsFromFiveOnAndCountNoPadding() {
    PackedSequences starts = new SeededData().sequences(1000, 5, 60);
    long squares = 0;
    int shortest = 60;
    int longest = 0;
    for (int s = 0; s < 1000; s++) {
      shortest = Math.min(shortest, starts.queries(s));
      longest = Math.max(longest, starts.queries(s));
      squares += (long) starts.queries(s) * starts.keys(s);
    }
    assertThat(shortest).isEqualTo(5);
    assertThat(longest).isEqualTo(60);
    assertThat(scores("--heads 2 --queries 60 --keys 60 --head-dim 1 --value-dim 1 --sequences 1000")).isEqualTo(2 * squares);
  }

  @Test
  void flopsAndBytesFollow() {
    try (Team team = new Team(1)) {
      Operation plain = operation(SIZES + "--causal", Kernels.selected(), team);
      Operation variant = operation(SIZES + "--causal --window 3 --mask boolean --bias", Kernels.selected(), team);
      assertThat(variant.flops()).isEqualTo(2 * variant.scores() * (16 + 11)).isPositive();
      assertThat(variant.bytes()).isEqualTo(plain.bytes() + 37 * 45 * (1 + 4));
    }
  }

  @Test
  void shapeListsWhatWasAskedFor() {
    try (Team team = new Team(1)) {
      String options = "--causal --window 3 --softcap 2 --alibi --sinks --mask predicate --bias --similarity additive --layout blhd";
      assertThat(operation(SIZES + options, Kernels.selected(), team).shape())
          .hasToString(
              "{batch=2, heads=6, kvHeads=3, queries=37, keys=45, headDim=16, valueDim=11, causal=true, window=3, softcap=2.0,"
                  + " alibi=true, sinks=true, mask=predicate, bias=true, similarity=additive, layout=blhd}");
      assertThat(operation(SQUARE + "--sequences 4 --normaliser squared-relu", Kernels.selected(), team).shape())
          .containsEntry("sequences", 4)
          .containsEntry("normaliser", "squared-relu");
    }
  }

  private static long scores(String options) {
    try (Team team = new Team(1)) {
      return operation(options, Kernels.selected(), team).scores();
    }
  }

  private static Operation operation(String options, Kernels kernels, Team team) {
    ShapeOptions sizes = new ShapeOptions();
    VariantOptions variant = new VariantOptions();
    new CommandLine(CommandLine.Model.CommandSpec.forAnnotatedObject(new Holder(sizes, variant))).parseArgs(options.split(" "));
    variant.check("attention", sizes);
    return AttentionOperation.of(new Setup(sizes, variant, new CacheOptions(), new ModelOptions(), kernels, team));
  }

  /** Lets picocli fill the options, defaults and all. */
  @CommandLine.Command
  private record Holder(@CommandLine.Mixin ShapeOptions sizes, @CommandLine.Mixin VariantOptions variant) {}
}
