package dev.lanewise.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.text.causal.RandomCheckpoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The code of README.md, of Javadoc, of the README of this module and of the overview compiles, runs, and prints what they say. */
class ReadmeTest {
  private static final Pattern PRINTED = Pattern.compile("println.*// (-?[0-9.]+)");
  private static final Pattern COMPILED = Pattern.compile("// begin\n(.*?) +// end", Pattern.DOTALL);

  @Test
  void examplesCompile() throws IOException {
    String readme = Files.readString(Path.of("..", "..", "README.md"));
    String source = Files.readString(Path.of("src/test/java/dev/lanewise/text/ReadmeExample.java"));
    List<String> compiled = COMPILED.matcher(source).results().map(found -> found.group(1).stripTrailing().stripIndent()).toList();
    assertThat(readme).contains("import java.util.List;\n\n" + compiled.getFirst() + "\n```");
    assertThat(compiled).hasSize(3).allMatch(example -> readme.contains("\n" + example + "\n```"));
    assertThat(Files.readString(Path.of("..", "src/main/javadoc/overview.html"))).contains(inJavadoc(compiled.getFirst()));
    assertThat(javadoc(TextEncoder.class)).contains(inJavadoc(compiled.get(0)));
    assertThat(javadoc(Reranker.class)).contains(inJavadoc(compiled.get(1)));
    assertThat(javadoc(TextGenerator.class)).contains(inJavadoc(compiled.get(2)));
    String module = Files.readString(Path.of("README.md"));
    assertThat(compiled).allMatch(example -> module.contains("```java\n" + example + "\n```"));
  }

  private static String inJavadoc(String example) {
    return "<pre>{@code\n" + example + "\n}</pre>";
  }

  private static String javadoc(Class<?> type) throws IOException {
    return Files.readString(Path.of("src/main/java/dev/lanewise/text/" + type.getSimpleName() + ".java")).replaceAll("(?m)^ \\* ?", "");
  }

  @Test
  void embeddingsPrintWhatTheCommentsSay() throws IOException {
    List<String> said = PRINTED.matcher(Files.readString(Path.of("..", "..", "README.md"))).results().map(found -> found.group(1)).toList();
    assertThat(printed(ReadmeExample::embed).lines().map(x -> String.format(Locale.ROOT, "%.2f", Double.parseDouble(x))))
        .isNotEmpty()
        .isEqualTo(said);
  }

  @Test
  void rerankerRuns(@TempDir Path folder) throws IOException {
    SmallModels.encoder(folder, 4, 1);
    assertThat(ReadmeExample.rerank(folder, List.of("the law", "rain"))).hasSize(2);
  }

  @Test
  void generatorPrintsItsText(@TempDir Path folder) throws IOException {
    RandomCheckpoint.of(RandomCheckpoint.Family.LLAMA, 5).write(folder);
    SmallModels.letterTokenizer(folder);
    String[] text = new String[1];
    assertThat(printed(() -> text[0] = ReadmeExample.generate(folder))).isEqualTo(text[0]).isNotEmpty();
  }

  interface Example {
    void run() throws IOException;
  }

  static String printed(Example example) throws IOException {
    PrintStream out = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      example.run();
    } finally {
      System.setOut(out);
    }
    return printed.toString(StandardCharsets.UTF_8);
  }
}
