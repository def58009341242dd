package dev.lanewise.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.tokenizer.Encoding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compares with one pair at a time, and a classifier in double. */
class RerankerTest {
  private static final String QUERY = "will the law be just";
  private static final int LABELS = 3;

  @TempDir private static Path one;
  @TempDir private static Path several;
  @TempDir private static Path none;
  private static Reranker reranker;
  private static Reranker labelled;

  @BeforeAll
  static void load() throws IOException {
    SmallModels.encoder(one, 21, 1);
    SmallModels.encoder(several, 22, LABELS);
    SmallModels.encoder(none, 23, 0);
    reranker = Reranker.load(one);
    labelled = Reranker.load(several);
  }

  private static List<String> texts(int count) {
    Random random = new Random(6);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      StringBuilder text = new StringBuilder();
      for (int word = random.nextInt(50); word > 0; word--) {
        text.append(SmallModels.WORDS.get(random.nextInt(SmallModels.WORDS.size()))).append(' ');
      }
      texts.add(text.toString());
    }
    return texts;
  }

  /** The outputs of the classifier for a pair. */
  private static double[] expected(EncoderModel model, Path folder, String text) throws IOException {
    Encoding pair = model.tokenizer().withMaxTokens(SmallModels.POSITIONS).encode(QUERY, text);
    assertThat(pair.types()).contains(0, 1);
    SequenceBatch rows = SequenceBatch.zeros(1, pair.length(), SmallModels.WIDTH);
    model.encoder().forward(pair.ids(), pair.types(), PackedSequences.of(0, pair.length()), rows);
    double[] first = new double[SmallModels.WIDTH];
    Arrays.setAll(first, i -> rows.data()[i]);
    try (Safetensors file = Safetensors.open(folder.resolve("model.safetensors"))) {
      double[] pooled = Arrays.stream(linear(file, "bert.pooler.dense", first)).map(Math::tanh).toArray();
      return linear(file, "classifier", pooled);
    }
  }

  private static double[] linear(Safetensors file, String name, double[] x) {
    float[] weight = file.floats(name + ".weight");
    float[] bias = file.floats(name + ".bias");
    double[] y = new double[bias.length];
    for (int output = 0; output < y.length; output++) {
      y[output] = bias[output];
      for (int i = 0; i < x.length; i++) {
        y[output] += weight[output * x.length + i] * x[i];
      }
    }
    return y;
  }

  @Test
  void scoresAreThoseOfOnePairAtATime() throws IOException {
    List<String> texts = texts(60);
    float[] scores = reranker.score(QUERY, texts);
    float[][] labels = labelled.scores(QUERY, texts);
    for (int i = 0; i < texts.size(); i++) {
      double logit = expected(reranker.model(), one, texts.get(i))[0];
      assertThat((double) scores[i]).isCloseTo(logit, within(1e-5));
      assertThat((double) reranker.withSigmoid(true).score(QUERY, texts.get(i))).isCloseTo(1 / (1 + Math.exp(-logit)), within(1e-5));
      double[] logits = expected(labelled.model(), several, texts.get(i));
      assertThat(labels[i]).hasSize(LABELS);
      for (int label = 0; label < LABELS; label++) {
        assertThat((double) labels[i][label]).isCloseTo(logits[label], within(1e-5));
      }
    }
    assertThat(labelled.labels()).containsExactly("label 0", "label 1", "label 2");
    assertThat(reranker.labels()).hasSize(1);
  }

  @Test
  void scoresAreAsTheFilesSay(@TempDir Path folder) throws IOException {
    SmallModels.encoder(folder, 21, 1);
    String plain = Files.readString(folder.resolve("config.json"));
    float x = reranker.score(QUERY, "law");
    float sigmoid = (float) (1 / (1 + Math.exp(-x)));
    assertThat(sigmoid).isNotEqualTo(x).isNotEqualTo((float) Math.tanh(x));
    Map<String, Float> said =
        Map.of(
            "\"sbert_ce_default_activation_function\":\"torch.nn.modules.activation.Sigmoid\"", sigmoid,
            "\"sbert_ce_default_activation_function\":\"torch.nn.modules.linear.Identity\"", x,
            "\"sentence_transformers\":{\"activation_fn\":\"torch.nn.modules.activation.Sigmoid\"}", sigmoid,
            "\"sentence_transformers\":{\"activation_fn\":\"torch.nn.modules.linear.Identity\"}", x,
            "\"sentence_transformers\":{\"activation_fn\":\"torch.nn.modules.activation.Tanh\"}", (float) Math.tanh(x));
    for (Map.Entry<String, Float> each : said.entrySet()) {
      Files.writeString(folder.resolve("config.json"), "{" + each.getKey() + "," + plain.substring(1));
      Reranker loaded = Reranker.load(folder);
      assertThat(loaded.score(QUERY, "law")).as(each.getKey()).isEqualTo(each.getValue());
      assertThat(loaded.withMaxTokens(20).withThreads(2).score(QUERY, "law")).as(each.getKey()).isEqualTo(each.getValue());
      assertThat(loaded.withKernels(Kernels.scalar()).score(QUERY, "law")).as(each.getKey()).isCloseTo(each.getValue(), within(1e-5f));
      assertThat(loaded.withSigmoid(true).score(QUERY, "law")).isEqualTo(sigmoid);
      assertThat(loaded.withSigmoid(false).withThreads(2).score(QUERY, "law")).isEqualTo(x);
    }
  }

  @Test
  void aScoreHasTheSameBitsInAnyBatchWithAnyThreads() {
    List<String> texts = texts(300);
    float[] alone = new float[texts.size()];
    for (int i = 0; i < alone.length; i++) {
      alone[i] = reranker.score(QUERY, texts.get(i));
    }
    for (int threads = 1; threads <= 3; threads++) {
      assertThat(reranker.withThreads(threads).score(QUERY, texts)).isEqualTo(alone);
      assertThat(reranker.withThreads(threads).score(QUERY, texts.subList(0, 3))).isEqualTo(Arrays.copyOf(alone, 3));
    }
    assertThat(reranker.score(QUERY, List.of())).isEmpty();
  }

  @Test
  void theLongerTextIsCut() {
    Reranker shorter = reranker.withMaxTokens(14);
    assertThat(shorter.score(QUERY, "river ".repeat(50))).isEqualTo(reranker.score(QUERY, "river ".repeat(6)));
    assertThat(shorter.maxTokens()).isEqualTo(14);
  }

  @Test
  void oddTextsHaveScores() {
    List<String> odd = List.of("", "  ", "\ud800", "[SEP]", "x".repeat(1 << 18));
    float[] scores = reranker.withThreads(2).score("", odd);
    for (int i = 0; i < scores.length; i++) {
      assertThat(scores[i]).isFinite().isEqualTo(reranker.score("", odd.get(i)));
    }
  }

  @Test
  void argumentsAreChecked() {
    assertThatThrownBy(() -> labelled.score(QUERY, "law"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("[label 0, label 1, label 2]");
    assertThatThrownBy(() -> Reranker.load(none)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("classifier");
    assertThatThrownBy(() -> reranker.score(QUERY, Arrays.asList("law", null))).hasMessage("texts[1]");
    assertThatThrownBy(() -> reranker.score(null, List.of())).hasMessage("query");
    assertThatThrownBy(() -> reranker.withThreads(0)).hasMessage("threads is 0, must be at least 1");
    assertThatThrownBy(() -> reranker.withMaxTokens(41)).hasMessageContaining("41").hasMessageContaining("40");
    assertThatThrownBy(() -> reranker.withMaxTokens(1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> reranker.withMaxTokens(3)).hasMessage("maxTokens is 3, must be at least 4");
  }
}
