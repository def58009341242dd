package dev.lanewise.bench.throughput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.bench.throughput.data.DecoderModel;
import dev.lanewise.bench.throughput.data.RandomWeights;
import dev.lanewise.bench.throughput.options.CacheOptions;
import dev.lanewise.bench.throughput.options.ModelOptions;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.bench.throughput.options.VariantOptions;
import dev.lanewise.bench.throughput.timing.Team;
import dev.lanewise.core.Attention;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.LanguageModel;
import dev.lanewise.core.layer.StackState;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** Whatever model {@code throughput --op token} is asked for, it is right, and work and bytes are counted exactly. */
class TokenOperationTest {
  private static final String SIZES =
      "--layers 2 --embed-dim 48 --heads 6 --kv-heads 2 --head-dim 16 --value-dim 12 --feed-forward 56 --vocabulary 131 --batch 3 ";

  private static final long LAYER_WEIGHTS = 48 * (6 * 16 + 2 * 16 + 2 * 12) + 6 * 12 * 48 + 3 * 48 * 56;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--queries 1 --keys 37",
        "--queries 1 --keys 0",
        "--queries 40 --keys 0 --tied",
        "--queries 5 --keys 300 --kv f16 --off-heap",
        "--queries 2 --keys 37 --kv int8 --tied",
        "--queries 17 --keys 20 --kv bf16",
        "--queries 1 --keys 20 --weights f16",
        "--queries 3 --keys 20 --weights bf16 --tied",
        "--queries 1 --keys 20 --weights q8",
        "--queries 17 --keys 20 --weights q8-row",
        "--queries 1 --keys 20 --weights q4 --tied",
        "--queries 17 --keys 20 --weights q4-zero",
      })
  void agreesWithPlainJava(String options) {
    for (Kernels kernels : List.of(Kernels.selected(), Kernels.scalar())) {
      for (int threads = 1; threads <= 2; threads++) {
        try (Team team = new Team(threads);
            Operation operation = operation(SIZES + options, kernels, team)) {
          double largest = operation.accuracy().maxAbsError(); // the logits are still 0
          assertThat(largest).isGreaterThan(0.5);
          operation.run();
          double error = operation.accuracy().maxAbsError();
          assertThat(error).isLessThan(1e-5 * largest);
          operation.run();
          assertThat(operation.accuracy().maxAbsError()).as("the same pass again").isEqualTo(error);
          assertThat(operation.accuracy().referenceError()).isNull();
        }
      }
    }
  }

  @Test
  void countsProductsAttentionAndOneRowOfTheHead() {
    try (Team team = new Team(1);
        Operation operation = operation(SIZES + "--queries 5 --keys 7", Kernels.selected(), team)) {
      long pairs = 8 + 9 + 10 + 11 + 12;
      assertThat(operation.flops()).isEqualTo(2 * 3 * (2 * (5 * LAYER_WEIGHTS + pairs * 6 * (16 + 12)) + 48 * 131));
      assertThat(operation.tokens()).isEqualTo(15);
      assertThat(operation.scores()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({"f32, 112", "f16, 56", "bf16, 56", "int8, 36"})
  void countsTheBytesOfWeightsAndCaches(String format, long rowBytes) {
    try (Team team = new Team(1);
        Operation operation = operation(SIZES + "--queries 2 --keys 7 --kv " + format, Kernels.selected(), team)) {
      assertThat(operation.bytes()).isEqualTo(4 * (2 * LAYER_WEIGHTS + 48 * 131) + 3 * 2 * 9 * 2 * rowBytes);
    }
  }

  /** A row of 48 inputs: two blocks of 32; a row of 72 (the output of the heads): three; of 56: two. */
  @ParameterizedTest
  @CsvSource({"f16, 2, 0, 0", "bf16, 2, 0, 0", "q8-row, 1, 4, 0", "q8, 1, 0, 4", "q4, 0.5, 0, 4", "q4-zero, 0.5, 0, 8"})
  void countsTheBytesOfNarrowWeights(String format, double element, long row, long block) {
    try (Team team = new Team(1);
        Operation operation = operation(SIZES + "--queries 1 --keys 0 --weights " + format, Kernels.selected(), team)) {
      long rows48 = 2 * (6 * 16 + 2 * 16 + 2 * 12 + 2 * 56) + 131;
      long rows = rows48 + 2 * (48 + 48);
      long blocks = 2 * rows48 + 2 * (48 * 3 + 48 * 2);
      assertThat(operation.bytes())
          .isEqualTo((long) (element * (2 * LAYER_WEIGHTS + 48 * 131)) + row * rows + block * blocks + 3 * 2 * 2 * 112);
    }
  }

  @Test
  void theDefaultIsTheModelOfTheBars() {
    ShapeOptions sizes = new ShapeOptions();
    ModelOptions model = new ModelOptions();
    assertThat(List.of(model.layers, model.embedDim, model.feedForward, model.vocabulary)).containsExactly(24, 1024, 2816, 32_000);
    assertThat(model.weights).isEqualTo("f32");
    DecoderModel decoder = new DecoderModel(24, 1024, 16, 4, 64, 64, 2816, 32_000, false);
    assertThat(decoder.layerWeights()).isEqualTo(11_272_192);
    assertThat(decoder.projections()).hasSize(24 * 7 + 1);
    assertThat(decoder.projections().stream().mapToLong(shape -> (long) shape[0] * shape[1]).sum())
        .isEqualTo(24 * decoder.layerWeights() + decoder.headWeights());
    assertThat(sizes.keyValueHeads()).isEqualTo(sizes.heads);
  }

  /** A double implementation over the same weights, without rotation: it takes place at position 0 only. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theModelIsWhatItsDescriptionSays(boolean tied) {
    DecoderModel decoder = new DecoderModel(2, 24, 4, 2, 8, 6, 40, 17, tied);
    LanguageModel model = decoder.create(linear -> linear);
    SequenceBatch logits = SequenceBatch.zeros(1, 1, 17);
    try (StackState state = model.stack().start(1, 1)) {
      model.forward(new int[] {5}, state, logits);
    }
    ReferenceLayers layers = ReferenceLayers.inDouble();
    RandomWeights weights = new RandomWeights();
    Attention causal = Attention.standard().withMask(Mask.causal());
    float[][][] read = new float[2][9][];
    for (int layer = 0; layer < 2; layer++) {
      read[layer][0] = weights.norm(24);
      read[layer][1] = weights.norm(24);
      int[] shapes = {24, 32, 24, 16, 24, 12, 24, 24, 24, 40, 24, 40, 40, 24};
      for (int i = 0; i < 7; i++) {
        read[layer][i + 2] = weights.next(shapes[2 * i], shapes[2 * i + 1]);
      }
    }
    float[] last = weights.norm(24);
    float[] head = weights.next(24, 17);
    float[] table = tied ? head : weights.next(24, 17);
    double[][] x = new double[1][24];
    for (int i = 0; i < 24; i++) {
      x[0][i] = table[5 * 24 + i];
    }
    for (float[][] w : read) {
      double[][] normed = layers.norm(x, false, w[0], null, DecoderModel.EPSILON);
      double[][] query = layers.linear(normed, w[2], null);
      double[][] attended = layers.attention(query, layers.linear(normed, w[3], null), layers.linear(normed, w[4], null), 4, 2, causal);
      x = layers.add(x, layers.linear(attended, w[5], null));
      double[][] between = layers.norm(x, false, w[1], null, DecoderModel.EPSILON);
      double[][] opened = layers.activated(Activation.SILU, layers.linear(between, w[6], null));
      double[][] hidden = layers.multiply(opened, layers.linear(between, w[7], null));
      x = layers.add(x, layers.linear(hidden, w[8], null));
    }
    double[][] expected = layers.linear(layers.norm(x, false, last, null, DecoderModel.EPSILON), head, null);
    for (int id = 0; id < 17; id++) {
      assertThat((double) logits.data()[id]).as("logit " + id).isCloseTo(expected[0][id], within(1e-5));
    }
  }

  @ParameterizedTest
  @EnumSource(KeyValueFormat.class)
  void aFilledCacheHasItsRowsAndChangesTheLogits(KeyValueFormat format) {
    DecoderModel decoder = new DecoderModel(2, 24, 4, 2, 8, 6, 40, 17, true);
    LanguageModel model = decoder.create(linear -> linear);
    SequenceBatch[] logits = {SequenceBatch.zeros(2, 1, 17), SequenceBatch.zeros(2, 1, 17)};
    for (int n = 0; n < 2; n++) {
      try (StackState state = model.stack().state().batch(2).capacity(600).format(format).build()) {
        decoder.fill(state, n * 599);
        assertThat(state.rows(1)).isEqualTo(n * 599);
        model.forward(new int[] {1, 1}, state, logits[n]);
      }
    }
    assertThat(logits[0].data()).doesNotContain(Float.NaN);
    assertThat(logits[1].data()).doesNotContain(Float.NaN).isNotEqualTo(logits[0].data());
    assertThat(logits[1].data()[0]).as("sequences differ").isNotEqualTo(logits[1].data()[17]);
  }

  private static Operation operation(String options, Kernels kernels, Team team) {
    ShapeOptions sizes = new ShapeOptions();
    CacheOptions cache = new CacheOptions();
    ModelOptions model = new ModelOptions();
    new CommandLine(CommandLine.Model.CommandSpec.forAnnotatedObject(new Holder(sizes, cache, model))).parseArgs(options.split(" "));
    sizes.check("token");
    cache.check("token", sizes);
    model.check("token", sizes);
    return TokenOperation.of(new Setup(sizes, new VariantOptions(), cache, model, kernels, team));
  }

  /** Lets picocli fill the options, defaults and all. */
  @CommandLine.Command
  private record Holder(
      @CommandLine.Mixin ShapeOptions sizes, @CommandLine.Mixin CacheOptions cache, @CommandLine.Mixin ModelOptions model) {}
}
