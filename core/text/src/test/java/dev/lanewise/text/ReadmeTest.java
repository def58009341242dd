package dev.lanewise.text;

import static org.assertj.core.api.Assertions.assertThat;

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

/** The code of README.md, of the Javadoc of {@link MiniLm} and of the overview compiles, runs, and prints what they say. */
class ReadmeTest {
  private static final Pattern PRINTED = Pattern.compile("println.*// (-?[0-9.]+)");

  @Test
  void exampleCompiles() throws IOException {
    String readme = Files.readString(Path.of("..", "..", "README.md"));
    String source = Files.readString(Path.of("src/test/java/dev/lanewise/text/ReadmeExample.java"));
    String compiled = source.substring(source.indexOf("// begin\n") + 9, source.indexOf("    // end")).stripTrailing().stripIndent();
    assertThat(readme).contains("import java.util.List;\n\n" + compiled + "\n```");
    String javadoc = Files.readString(Path.of("src/main/java/dev/lanewise/text/MiniLm.java")).replaceAll("(?m)^ \\* ?", "");
    String overview = Files.readString(Path.of("..", "src/main/javadoc/overview.html"));
    assertThat(List.of(javadoc, overview)).allMatch(text -> text.contains("<pre>{@code\n" + compiled + "\n}</pre>"));
  }

  @Test
  void itPrintsWhatTheCommentsSay() throws IOException {
    List<String> said = PRINTED.matcher(Files.readString(Path.of("..", "..", "README.md"))).results().map(found -> found.group(1)).toList();
    PrintStream out = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      ReadmeExample.run();
    } finally {
      System.setOut(out);
    }
    assertThat(printed.toString(StandardCharsets.UTF_8).lines().map(x -> String.format(Locale.ROOT, "%.2f", Double.parseDouble(x))))
        .isNotEmpty()
        .isEqualTo(said);
  }
}
