package dev.lanewise.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.TextPooling;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The short examples in Javadoc are those that compile, and they run. */
class ShortExamplesTest {
  private static final Pattern COMPILED = Pattern.compile("// begin\n(.*?) +// end", Pattern.DOTALL);

  @Test
  void examplesAreThoseThatCompile() throws IOException {
    String examples = Files.readString(Path.of("src/test/java/dev/lanewise/text/ShortExamples.java"));
    List<String> compiled = COMPILED.matcher(examples).results().map(found -> found.group(1).stripTrailing().stripIndent()).toList();
    Path sources = Path.of("src/main/java/dev/lanewise/text");
    assertThat(lines(sources.resolve("LongTexts.java"))).contains("<pre>{@code\n" + compiled.getFirst() + "\n}</pre>");
    assertThat(lines(sources.resolve("onnx/OnnxModel.java"))).contains("<pre>{@code\n" + compiled.getLast() + "\n}\n}</pre>");
  }

  private static String lines(Path source) throws IOException {
    return Files.readString(source).replaceAll("(?m)^ \\* ?", "");
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
