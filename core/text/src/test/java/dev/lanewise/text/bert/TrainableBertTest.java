package dev.lanewise.text.bert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.TrainablePooling;
import dev.lanewise.core.pooling.Pooling;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.kernels.data.PackedSequences;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A BERT that learns: its files, its forward pass against the encoder, and its gradients against {@link PlainBert}. */
class TrainableBertTest {
  private static final int WIDTH = 12;
  private static final int HIDDEN = 20;
  private static final int HEADS = 3;
  private static final int VOCABULARY = 30;
  private static final int[] IDS = {11, 7, 12, 11, 0, 29, 23, 7, 12, 5};
  private static final int[] TYPES = {0, 0, 1, 0, 1, 1, 0, 0, 0, 1};
  private static final PackedSequences TEXTS = PackedSequences.of(0, 3, 3, 9, 10);

  @TempDir Path folder;

  /** A model of two layers whose numbers are all different, with a pooler. */
  static NamedTensors file(String prefix, boolean old) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    shapes.put("embeddings.word_embeddings.weight", new long[] {VOCABULARY, WIDTH});
    shapes.put("embeddings.position_embeddings.weight", new long[] {17, WIDTH});
    shapes.put("embeddings.token_type_embeddings.weight", new long[] {2, WIDTH});
    norm(shapes, "embeddings.", old);
    for (int layer = 0; layer < 2; layer++) {
      String to = "encoder.layer." + layer + ".";
      for (String square : List.of("self.query", "self.key", "self.value", "output.dense")) {
        linear(shapes, to + "attention." + square, WIDTH, WIDTH);
      }
      norm(shapes, to + "attention.output.", old);
      linear(shapes, to + "intermediate.dense", HIDDEN, WIDTH);
      linear(shapes, to + "output.dense", WIDTH, HIDDEN);
      norm(shapes, to + "output.", old);
    }
    linear(shapes, "pooler.dense", WIDTH, WIDTH);
    Random random = new Random(5);
    NamedTensors.Builder builder = NamedTensors.builder();
    shapes.forEach(
        (name, shape) -> {
          float[] values = new float[(int) Arrays.stream(shape).reduce(1, (x, y) -> x * y)];
          for (int i = 0; i < values.length; i++) {
            values[i] = 0.4f * (float) random.nextGaussian();
          }
          builder.add(prefix + name, values, shape);
        });
    return builder.build();
  }

  private static void linear(Map<String, long[]> shapes, String name, int outputs, int inputs) {
    shapes.put(name + ".weight", new long[] {outputs, inputs});
    shapes.put(name + ".bias", new long[] {outputs});
  }

  private static void norm(Map<String, long[]> shapes, String prefix, boolean old) {
    shapes.put(prefix + "LayerNorm." + (old ? "gamma" : "weight"), new long[] {WIDTH});
    shapes.put(prefix + "LayerNorm." + (old ? "beta" : "bias"), new long[] {WIDTH});
  }

  private static BertWeights weights(NamedTensors file) {
    return BertWeights.of(file, HEADS).withEpsilon(1e-3f).withFirstPosition(2);
  }

  @ParameterizedTest
  @CsvSource({"'',false", "bert.,false", "'',true", "model.bert.,true"})
  void tensorsAreThoseOfTheFile(String prefix, boolean old) throws IOException {
    NamedTensors file = file(prefix, old);
    TrainableBert bert = weights(file).trainable(0);
    Path path = folder.resolve("model.safetensors");
    Safetensors.write(path, bert.tensors());
    try (Safetensors written = Safetensors.open(path)) {
      assertThat(written.names()).containsExactlyInAnyOrderElementsOf(file.names());
      for (String name : file.names()) {
        assertThat(written.shape(name)).as(name).isEqualTo(file.shape(name));
        assertThat(written.floats(name)).as(name).isEqualTo(file.floats(name));
      }
      assertThat(hidden(weights(written).encoder())).isEqualTo(hidden(weights(file).encoder()));
    }
  }

  @Test
  void changedValuesAreWrittenAndRead() {
    NamedTensors file = file("bert.", false);
    TrainableBert bert = weights(file).trainable(0);
    Random random = new Random(9);
    for (Parameter parameter : bert.parameters()) {
      for (int i = 0; i < parameter.size(); i++) {
        parameter.values()[i] += 0.1f * (float) random.nextGaussian();
      }
    }
    float[] changed = hidden(bert.toLayer());
    assertThat(changed).isNotEqualTo(hidden(weights(file).encoder()));
    assertThat(hidden(weights(bert.tensors()).encoder())).isEqualTo(changed);
    TrainableBert other = weights(file).trainable(0);
    other.load(bert.tensors());
    assertThat(hidden(other.toLayer())).isEqualTo(changed);
    BertEncoder before = bert.toLayer();
    bert.parameters().forEach(parameter -> Arrays.fill(parameter.values(), 0));
    assertThat(hidden(before)).isEqualTo(changed);
  }

  private static float[] hidden(BertEncoder encoder) {
    SequenceBatch output = SequenceBatch.zeros(1, IDS.length, WIDTH);
    encoder.forward(IDS, TYPES, TEXTS, output);
    return output.data();
  }

  @Test
  void forwardIsThatOfTheEncoder() {
    TrainableBert bert = weights(file("", false)).trainable(0.3f);
    Trace trace = Trace.create();
    SequenceBatch output = SequenceBatch.zeros(1, IDS.length, WIDTH);
    bert.forward(IDS, TYPES, TEXTS, output, trace);
    float[] expected = hidden(bert.toLayer());
    for (int i = 0; i < expected.length; i++) {
      assertThat(output.data()[i]).isCloseTo(expected[i], within(1e-5f));
    }
    SequenceBatch sentences = SequenceBatch.zeros(TEXTS.count(), 1, WIDTH);
    SequenceBatch pooled = SequenceBatch.zeros(TEXTS.count(), 1, WIDTH);
    bert.forward(IDS, TEXTS, TrainablePooling.mean(), sentences, trace.evaluate());
    bert.toLayer().forward(IDS, TEXTS, Pooling.mean(), pooled);
    for (int i = 0; i < pooled.data().length; i++) {
      assertThat(sentences.data()[i]).isCloseTo(pooled.data()[i], within(1e-5f));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void gradients(boolean recompute) {
    NamedTensors file = file("", false);
    TrainableBert bert = weights(file).trainable(0);
    bert.encoder().setRecompute(recompute);
    SequenceBatch gradient = SequenceBatch.zeros(TEXTS.count(), 1, WIDTH);
    Random random = new Random(3);
    for (int i = 0; i < gradient.data().length; i++) {
      gradient.data()[i] = (float) random.nextGaussian();
    }
    for (TrainablePooling pooling : List.of(TrainablePooling.mean(), TrainablePooling.firstToken())) {
      PlainBert plain = new PlainBert(file, pooling.toLayer().toString().equals("mean"), gradient.data());
      Map<String, double[]> expected = plain.gradients(IDS, TEXTS, false);
      Map<String, double[]> rounded = plain.gradients(IDS, TEXTS, true);
      bert.clearGradients();
      Trace trace = Trace.create();
      SequenceBatch sentences = SequenceBatch.zeros(TEXTS.count(), 1, WIDTH);
      bert.forward(IDS, TEXTS, pooling, sentences, trace);
      trace.setPackedSequences(null); // another call may have set others in between
      bert.backward(trace, pooling, gradient);
      assertThat(trace.size()).isZero();
      assertThat(trace.borrowed()).isZero();
      BertNames names = BertNames.of(file, "", bert);
      for (Parameter parameter : bert.parameters()) {
        names
            .parts()
            .forEach(
                (name, part) -> {
                  if (part.values() == parameter.values()) {
                    compare(name, Arrays.copyOfRange(parameter.gradient(), part.from(), part.from() + part.size()), rounded, expected);
                  }
                });
      }
      compare("output", sentences.data(), rounded, expected);
    }
  }

  /** The error is within twice that of plain float code and 1e-6 of the largest gradient of the same module. */
  private static void compare(String name, float[] actual, Map<String, double[]> rounded, Map<String, double[]> expected) {
    double[] truth = expected.get(name);
    // The gradient of a bias of keys is 0 by the formula, so that of the queries counts for its size.
    double[] large = expected.get(name.replace(".key.bias", ".query.bias"));
    double largest = Arrays.stream(large).map(Math::abs).max().orElse(0);
    double error = 0;
    for (int i = 0; i < truth.length; i++) {
      error = Math.max(error, Math.abs(rounded.get(name)[i] - truth[i]));
    }
    for (int i = 0; i < truth.length; i++) {
      assertThat((double) actual[i]).as("%s[%d]", name, i).isCloseTo(truth[i], within(2 * error + 1e-6 * largest));
    }
  }

  @Test
  void frozenTablesHaveNoGradient() {
    TrainableBert bert = weights(file("", false)).trainable(0);
    SequenceBatch sentences = SequenceBatch.zeros(TEXTS.count(), 1, WIDTH);
    SequenceBatch gradient = SequenceBatch.zeros(TEXTS.count(), 1, WIDTH);
    Arrays.fill(gradient.data(), 1);
    gradient.data()[3] = -4;
    Map<String, float[]> before = run(bert, sentences, gradient);
    bert.parameters().stream().filter(parameter -> parameter.name().startsWith("embeddings.")).forEach(p -> p.setFrozen(true));
    Map<String, float[]> after = run(bert, sentences, gradient);
    before.keySet().removeIf(name -> name.startsWith("embeddings."));
    assertThat(after.keySet()).isEqualTo(before.keySet());
    after.forEach((name, values) -> assertThat(values).as(name).isEqualTo(before.get(name)));
  }

  private static Map<String, float[]> run(TrainableBert bert, SequenceBatch sentences, SequenceBatch gradient) {
    bert.clearGradients();
    Trace trace = Trace.create();
    bert.forward(IDS, TEXTS, TrainablePooling.mean(), sentences, trace);
    bert.backward(trace, TrainablePooling.mean(), gradient);
    assertThat(trace.size()).isZero();
    Map<String, float[]> gradients = new LinkedHashMap<>();
    bert.parameters().stream().filter(p -> !p.isFrozen()).forEach(p -> gradients.put(p.name(), p.gradient().clone()));
    return gradients;
  }

  @Test
  void dropoutRepeatsAndIsOffInEvaluation() {
    TrainableBert bert = weights(file("", false)).trainable(0.2f);
    SequenceBatch one = SequenceBatch.zeros(1, IDS.length, WIDTH);
    SequenceBatch two = SequenceBatch.zeros(1, IDS.length, WIDTH);
    Trace trace = Trace.create();
    bert.forward(IDS, TYPES, TEXTS, one, trace.train(7, 3));
    bert.forward(IDS, TYPES, TEXTS, two, trace.train(7, 3));
    assertThat(one.data()).isEqualTo(two.data());
    bert.forward(IDS, TYPES, TEXTS, two, trace.train(7, 4));
    assertThat(one.data()).isNotEqualTo(two.data());
    bert.forward(IDS, TYPES, TEXTS, one, trace.evaluate());
    bert.forward(IDS, TYPES, TEXTS, two, trace.evaluate());
    assertThat(one.data()).isEqualTo(two.data());
  }

  @Test
  void badArgumentsAreNamed() {
    TrainableBert bert = weights(file("", false)).trainable(0);
    Trace trace = Trace.create();
    SequenceBatch output = SequenceBatch.zeros(1, IDS.length, WIDTH);
    assertThatThrownBy(() -> bert.forward(new int[] {1, 30}, null, PackedSequences.of(0, 2), SequenceBatch.zeros(1, 2, WIDTH), trace))
        .hasMessageContaining("ids[1] is 30");
    assertThatThrownBy(() -> bert.forward(IDS, TYPES, TEXTS, SequenceBatch.zeros(1, 9, WIDTH), trace))
        .hasMessage("output.rows is 9, but ids.length is 10");
    assertThatThrownBy(() -> bert.forward(new int[16], null, PackedSequences.of(0, 16), SequenceBatch.zeros(1, 16, WIDTH), trace))
        .hasMessageContaining("text 0 has 16 tokens, but maxTokens is 15");
    assertThatThrownBy(() -> bert.forward(IDS, TYPES, PackedSequences.of(0, 9), output, trace)).hasMessageContaining("ids.length is 10");
    assertThatThrownBy(() -> weights(file("", false)).trainable(1)).hasMessage("dropout is 1.0, must be at least 0 and below 1");
    assertThatThrownBy(() -> bert.load(NamedTensors.builder().build())).hasMessageContaining("embeddings.word_embeddings.weight");
    assertThat(trace.size()).isZero();
  }
}
