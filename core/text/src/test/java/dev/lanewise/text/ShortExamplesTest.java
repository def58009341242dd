package dev.lanewise.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.testing.ReadmeBlocks;
import dev.lanewise.text.causal.RandomCheckpoint;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.TextPooling;
import dev.lanewise.text.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The short examples in Javadoc are those that compile, and they run. */
class ShortExamplesTest {
  @Test
  void examplesAreThoseThatCompile() throws IOException {
    List<String> shown = new ArrayList<>();
    for (String type :
        List.of("tokenizer/Tokenizer", "Encoding", "StreamingDecoder", "LongTexts", "OnnxModel", "EncoderModel", "CausalModel")) {
      shown.add(ReadmeBlocks.shownInJavadoc(type + ".java").getFirst());
    }
    assertThat(shown).isEqualTo(ReadmeBlocks.compiled("ShortExamples.java"));
  }

  @Test
  void examplesOfReadmeAreThoseThatCompile() throws IOException {
    List<String> compiled = new ArrayList<>(ReadmeBlocks.compiled("ReadmeExample.java"));
    compiled.addAll(ReadmeBlocks.compiled("ShortExamples.java"));
    assertThat(ReadmeBlocks.shown(Files.readString(Path.of("README.md")))).hasSize(6).isSubsetOf(compiled);
  }

  @Test
  void examplesOfTokenizersRun(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("tokenizer.json");
    try (InputStream json = Objects.requireNonNull(getClass().getResourceAsStream("/all-minilm-l6-v2-tokenizer.json"))) {
      Files.copy(json, file);
    }
    assertThat(ShortExamples.tokenizer(folder)).isEqualTo("the law will never be perfect.");
    Tokenizer tokenizer = Tokenizer.read(file);
    String text = "A lawless day";
    assertThat(ReadmeTest.printed(() -> ShortExamples.encoding(tokenizer, text)))
        .isEqualToNormalizingNewlines("1037 A\n2375 law\n3238 less\n2154 day\n");
    assertThat(ReadmeTest.printed(() -> ShortExamples.stream(tokenizer, tokenizer.encode(text).ids())))
        .isEqualToNormalizingNewlines("a lawless day\n");
  }

  @Test
  void examplesOfModelsRun(@TempDir Path folder) throws IOException {
    RandomCheckpoint.of(RandomCheckpoint.Family.LLAMA, 5).write(folder);
    assertThat(ShortExamples.logits(folder).data()).isNotEmpty().doesNotContain(Float.NaN);
    SequenceBatch rows = ShortExamples.rows();
    assertThat(rows.rows()).isEqualTo(9);
    assertThat(rows.data()).doesNotContain(0);
  }

  @Test
  void examplesRun(@TempDir Path folder) throws IOException {
    SmallModels.encoder(folder, 1, 0);
    TextEncoder encoder = TextEncoder.of(EncoderModel.load(folder), TextPooling.MEAN);
    assertThat(ShortExamples.longTexts(encoder).getFirst().embed("river ".repeat(90))).hasSize(SmallModels.WIDTH);
    Path file = folder.resolve("model.onnx");
    try (InputStream model = Objects.requireNonNull(getClass().getResourceAsStream("/all-minilm-l6-v2.onnx"))) {
      Files.copy(model, file);
    }
    assertThat(ShortExamples.width(file)).isEqualTo(384);
  }
}
