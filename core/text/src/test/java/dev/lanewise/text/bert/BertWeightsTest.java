package dev.lanewise.text.bert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.core.pooling.Pooling;
import dev.lanewise.core.weights.Initialisation;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.core.weights.TorchWeights;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** BERT's names compared with PyTorch's names, which golden values test: the same weights give the same bits. */
class BertWeightsTest {
  private static final int WIDTH = 24;
  private static final int HIDDEN = 40;
  private static final int HEADS = 3;
  private static final long SEED = 20261124;
  private static final int VOCABULARY = 120;
  private static final int POSITIONS = 17;
  private static final int[] IDS = {101, 7, 102, 101, 0, 119, 33, 7, 102, 5};
  private static final int[] TYPES = {0, 0, 1, 0, 1, 1, 0, 0, 0, 1};
  private static final PackedSequences TEXTS = PackedSequences.of(0, 3, 3, 9, 10);

  @TempDir Path folder;

  /** A tensor that a test changes. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Tensor(float[] data, long... shape) {}

  /** Two encoder layers under PyTorch's names, with biases and norms that are not the initial 0 and 1, and without a final norm. */
  private static NamedTensors torch() {
    NamedTensors made = Initialisation.xavier(SEED).encoder(WIDTH, HIDDEN, 2);
    NamedTensors.Builder builder = NamedTensors.builder();
    int salt = 0;
    for (String name : made.names().stream().filter(name -> name.startsWith("layers.")).toList()) {
      long[] shape = made.shape(name);
      builder.add(name, shape.length == 2 ? made.floats(name) : numbers((int) shape[0], SEED + ++salt), shape);
    }
    return builder.build();
  }

  private static Map<String, Tensor> bert() {
    return bert(VOCABULARY);
  }

  private static Map<String, Tensor> bert(int vocabulary) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("embeddings.word_embeddings.weight", random(1, vocabulary, WIDTH));
    tensors.put("embeddings.position_embeddings.weight", random(2, POSITIONS, WIDTH));
    tensors.put("embeddings.token_type_embeddings.weight", random(3, 2, WIDTH));
    tensors.put("embeddings.LayerNorm.weight", random(4, WIDTH));
    tensors.put("embeddings.LayerNorm.bias", random(5, WIDTH));
    NamedTensors from = torch();
    for (int layer = 0; layer < 2; layer++) {
      NamedTensors torch = from.under("layers." + layer + ".");
      String to = "encoder.layer." + layer + ".";
      List<String> inputs = List.of("query", "key", "value");
      for (int i = 0; i < inputs.size(); i++) {
        float[] weight = torch.floats("self_attn.in_proj_weight");
        float[] bias = torch.floats("self_attn.in_proj_bias");
        String name = to + "attention.self." + inputs.get(i);
        tensors.put(name + ".weight", new Tensor(Arrays.copyOfRange(weight, i * WIDTH * WIDTH, (i + 1) * WIDTH * WIDTH), WIDTH, WIDTH));
        tensors.put(name + ".bias", new Tensor(Arrays.copyOfRange(bias, i * WIDTH, (i + 1) * WIDTH), WIDTH));
      }
      Map.of(
              "self_attn.out_proj", "attention.output.dense",
              "linear1", "intermediate.dense",
              "linear2", "output.dense",
              "norm1", "attention.output.LayerNorm",
              "norm2", "output.LayerNorm")
          .forEach(
              (theirs, ours) -> {
                for (String part : List.of(".weight", ".bias")) {
                  tensors.put(to + ours + part, new Tensor(torch.floats(theirs + part), torch.shape(theirs + part)));
                }
              });
    }
    return tensors;
  }

  private static float[] numbers(int length, long seed) {
    Random random = new Random(seed);
    float[] result = new float[length];
    for (int i = 0; i < length; i++) {
      result[i] = (float) random.nextGaussian();
    }
    return result;
  }

  private static Tensor random(int salt, long... shape) {
    return new Tensor(numbers((int) Arrays.stream(shape).reduce(1, (a, b) -> a * b), SEED + 70 + salt), shape);
  }

  private static NamedTensors build(Map<String, Tensor> tensors, String prefix) {
    NamedTensors.Builder builder = NamedTensors.builder();
    tensors.forEach((name, tensor) -> builder.add(prefix + name, tensor.data, tensor.shape));
    return builder.build();
  }

  private static BertEncoder encoder() {
    return BertWeights.of(build(bert(), ""), HEADS).encoder();
  }

  private static float[] hidden(BertEncoder encoder) {
    SequenceBatch output = SequenceBatch.zeros(1, IDS.length, WIDTH);
    encoder.forward(IDS, TYPES, TEXTS, output);
    return output.data();
  }

  @Test
  void embeddingsAreTheNormOfThreeRows() {
    Map<String, Tensor> tensors = bert();
    for (int first : new int[] {0, 2}) {
      SequenceBatch x = SequenceBatch.zeros(1, IDS.length, WIDTH);
      BertWeights.of(build(tensors, ""), HEADS).withFirstPosition(first).encoder().embed(IDS, TYPES, TEXTS, x);
      int[] position = {0, 1, 2, 0, 1, 2, 3, 4, 5, 0};
      for (int row = 0; row < IDS.length; row++) {
        double[] sum = new double[WIDTH];
        for (int c = 0; c < WIDTH; c++) {
          sum[c] =
              (double) tensors.get("embeddings.word_embeddings.weight").data[IDS[row] * WIDTH + c]
                  + tensors.get("embeddings.position_embeddings.weight").data[(first + position[row]) * WIDTH + c]
                  + tensors.get("embeddings.token_type_embeddings.weight").data[TYPES[row] * WIDTH + c];
        }
        double mean = Arrays.stream(sum).average().orElseThrow();
        double variance = Arrays.stream(sum).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
        for (int c = 0; c < WIDTH; c++) {
          double expected =
              (sum[c] - mean) / Math.sqrt(variance + 1e-12) * tensors.get("embeddings.LayerNorm.weight").data[c]
                  + tensors.get("embeddings.LayerNorm.bias").data[c];
          assertThat((double) x.get(0, row, c)).as("first position %d, row %d, column %d", first, row, c).isEqualTo(expected, within(2e-6));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"GELU", "RELU"})
  void layersAreThoseOfPyTorch(Activation activation) {
    BertEncoder encoder = BertWeights.of(build(bert(), ""), HEADS).withActivation(activation).withEpsilon(1e-3f).encoder();
    SequenceBatch x = SequenceBatch.zeros(1, IDS.length, WIDTH);
    encoder.embed(IDS, TYPES, TEXTS, x);
    TorchWeights.of(torch(), HEADS).withActivation(activation).withEpsilon(1e-3f).encoder("").withPackedSequences(TEXTS).forward(x, x);
    assertThat(hidden(encoder)).isEqualTo(x.data());
    assertThat(hidden(encoder.withThreads(2))).isEqualTo(x.data());
  }

  @Test
  void textsOfABatchEqualSingleTexts() {
    float[] together = hidden(encoder());
    SequenceBatch pooled = SequenceBatch.zeros(4, 1, WIDTH);
    encoder().forward(IDS, TEXTS, Pooling.mean(), pooled);
    for (int text = 0; text < TEXTS.count(); text++) {
      int from = TEXTS.queryStart(text);
      int to = TEXTS.queryStart(text + 1);
      int[] ids = Arrays.copyOfRange(IDS, from, to);
      PackedSequences one = PackedSequences.of(0, ids.length);
      SequenceBatch alone = SequenceBatch.zeros(1, ids.length, WIDTH);
      encoder().forward(ids, Arrays.copyOfRange(TYPES, from, to), one, alone);
      assertThat(alone.data()).isEqualTo(Arrays.copyOfRange(together, from * WIDTH, to * WIDTH));
      SequenceBatch mean = SequenceBatch.zeros(1, 1, WIDTH);
      encoder().forward(ids, one, Pooling.mean(), mean);
      assertThat(mean.data()).isEqualTo(Arrays.copyOfRange(pooled.data(), text * WIDTH, (text + 1) * WIDTH));
    }
  }

  @ParameterizedTest
  @CsvSource({"bert., false", "model.roberta., true", "'', true"})
  void publishedNamesDiffer(String prefix, boolean old) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    bert()
        .forEach(
            (name, tensor) ->
                tensors.put(
                    old ? name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta") : name, tensor));
    tensors.put("pooler.dense.weight", random(11, WIDTH, WIDTH));
    tensors.put("embeddings.position_ids", new Tensor(new float[POSITIONS], 1, POSITIONS));
    NamedTensors.Builder builder = NamedTensors.builder();
    tensors.forEach((name, tensor) -> builder.add(prefix + name, tensor.data, tensor.shape));
    if (!prefix.isEmpty()) {
      builder.add("cls.predictions.bias", new float[VOCABULARY], VOCABULARY);
    }
    assertThat(hidden(BertWeights.of(builder.build(), HEADS).encoder())).isEqualTo(hidden(encoder()));
  }

  @Test
  void tensorsThatDoNotFitAreNamed() {
    List<String> query = List.of("encoder.layer.1.attention.self.query.weight", "[24, 24]");
    refused(tensors -> tensors.remove(query.get(0)), "missing", query.get(0), query.get(1));
    refused(tensors -> tensors.put(query.get(0), random(1, 24, 23)), "wrong shape", query.get(0), "[24, 23]", query.get(1));
    refused(tensors -> tensors.put("encoder.layer.0.output.dense.weight", random(1, 24, 41)), "[24, 41]", "[24, 40]");
    refused(
        tensors -> tensors.put("encoder.layer.0.attention.self.distance_embedding.weight", random(1, 3, 8)), "extra", "distance", "[3, 8]");
    refused(tensors -> tensors.put("encoder.layer.3.output.dense.bias", random(1, 24)), "encoder.layer.2.", "missing");
    refused(tensors -> tensors.put("embeddings.position_embeddings.weight", random(1, 17, 20)), "[17, 20]", "[17, 24]");
    refused(tensors -> tensors.remove("embeddings.word_embeddings.weight"), "0 tensors are called embeddings.word_embeddings.weight");
    refused(tensors -> tensors.put("b.embeddings.word_embeddings.weight", random(1, 3, 24)), "2 tensors are called", "b.embeddings");
    assertThatThrownBy(() -> BertWeights.of(build(bert(), ""), 5).encoder())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("24");
  }

  private static void refused(Consumer<Map<String, Tensor>> change, String... words) {
    Map<String, Tensor> tensors = bert();
    change.accept(tensors);
    assertThatThrownBy(() -> BertWeights.of(build(tensors, ""), HEADS).encoder())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(words);
  }

  @Test
  void wrongArguments() {
    BertEncoder encoder = encoder();
    SequenceBatch x = SequenceBatch.zeros(1, 3, WIDTH);
    PackedSequences three = PackedSequences.of(0, 3);
    int[] ids = {1, 2, 3};
    assertRefused(() -> encoder.forward(new int[18], PackedSequences.of(0, 18), x), "18", "maxTokens", "17");
    assertRefused(() -> encoder.forward(new int[] {1, 120, 3}, three, x), "ids[1]", "120", "120");
    assertRefused(() -> encoder.forward(new int[] {1, 2, -3}, three, x), "ids[2]", "-3", "120");
    assertRefused(() -> encoder.forward(ids, new int[] {0, 2, 0}, three, x), "types[1]", "2", "2");
    assertRefused(() -> encoder.forward(ids, new int[2], three, x), "types.length", "2", "3");
    assertRefused(() -> encoder.forward(ids, PackedSequences.of(0, 4), x), "ids.length", "3", "4");
    assertRefused(() -> encoder.forward(ids, three, SequenceBatch.zeros(1, 4, WIDTH)), "output.rows", "4", "3");
    assertRefused(() -> encoder.forward(ids, three, SequenceBatch.zeros(1, 3, 25)), "output.width", "25", "24");
    assertRefused(() -> encoder.forward(ids, three, Pooling.mean(), x), "output.rows", "3", "1");
    assertThat(x.data()).containsOnly(0f);
  }

  @Test
  void examples() throws IOException {
    List<String> shown = new ArrayList<>(ReadmeBlocks.shownInJavadoc("BertWeights.java"));
    shown.addAll(ReadmeBlocks.shownInJavadoc("BertEncoder.java"));
    assertThat(ReadmeBlocks.compiled("BertExample.java")).isEqualTo(shown);
    SequenceBatch sentences = SequenceBatch.zeros(2, 1, WIDTH);
    BertExample.run(BertWeights.of(build(bert(8000), ""), 12).encoder(), SequenceBatch.zeros(1, 7, WIDTH), sentences);
    Path path = folder.resolve("bert");
    Safetensors.write(path, build(bert(8000), ""));
    SequenceBatch sentence = SequenceBatch.zeros(1, 1, WIDTH);
    BertExample.load(path, sentence);
    assertThat(sentence.data()).isEqualTo(Arrays.copyOf(sentences.data(), WIDTH));
  }

  /** The buffers of the layers have the size of a group of texts, and a text has the same bits as on its own. */
  @Test
  void manyTextsArePooledInGroups() {
    BertEncoder encoder = BertWeights.of(build(bert(), ""), HEADS).encoder().withKernels(Kernels.scalar());
    int texts = 2500;
    int[] starts = new int[texts + 1];
    for (int s = 0; s < texts; s++) {
      starts[s + 1] = starts[s] + s % (POSITIONS + 1);
    }
    int[] ids = new int[starts[texts]];
    Arrays.setAll(ids, i -> (7 * i + i / 50) % VOCABULARY);
    SequenceBatch output = SequenceBatch.zeros(texts, 1, WIDTH);
    // The pool is empty now: another test may have left larger arrays in it.
    List<Scratch> kept = Stream.generate(BertEncoder.BUFFERS::takeInside).limit(8).toList();
    encoder.forward(ids, PackedSequences.of(starts), Pooling.mean(), output);
    Scratch used = BertEncoder.BUFFERS.takeInside();
    int size = used.floats(0, 0).length;
    BertEncoder.BUFFERS.giveInside(used);
    kept.forEach(BertEncoder.BUFFERS::giveInside);
    assertThat(size).isPositive().isLessThanOrEqualTo(BertEncoder.GROUP_TOKENS * WIDTH * 3 / 2); // an array grows by half
    for (int s = 0; s < texts; s += s < 40 ? 1 : 97) {
      SequenceBatch alone = SequenceBatch.zeros(1, 1, WIDTH);
      int[] own = Arrays.copyOfRange(ids, starts[s], starts[s + 1]);
      encoder.forward(own, PackedSequences.of(0, own.length), Pooling.mean(), alone);
      assertThat(Arrays.copyOfRange(output.data(), s * WIDTH, (s + 1) * WIDTH)).as("text %s", s).isEqualTo(alone.data());
    }
  }

  @Test
  void textsHaveTheirTokensAsKeys() {
    BertEncoder encoder = encoder();
    PackedSequences uneven = PackedSequences.of(new int[] {0, 2, 4}, new int[] {0, 3, 4});
    assertThatThrownBy(() -> encoder.forward(new int[4], uneven, SequenceBatch.zeros(1, 4, encoder.embedDim())))
        .hasMessage("keyStarts[1] is 3, but queryStarts[1] is 2");
  }

  /** Checks that the call is refused with these names and numbers. */
  private static void assertRefused(Runnable call, String... words) {
    assertThatThrownBy(call::run)
        .isExactlyInstanceOf(IllegalArgumentException.class)
        .satisfies(e -> assertThat(List.of(e.getMessage().split("[ ,:;()]+"))).contains(words));
  }

  @Test
  void epsilonIsFinite() {
    assertRefused(() -> BertWeights.of(NamedTensors.builder().build(), 1).withEpsilon(Float.NaN), "epsilon", "NaN", "0");
  }
}
