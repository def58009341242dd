package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.testing.ReadmeBlocks;
import dev.lanewise.testing.ShownOutput;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The code of core/README.zh.md compiles, runs, and prints what the page shows below it. */
class ReadmeZhTest {
  private static final Pattern PRINTED = Pattern.compile("```java\n[^`]*```\n+```text\n([^`]*)```");

  private static String readme() throws IOException {
    return Files.readString(Path.of("README.zh.md"));
  }

  @Test
  void blocksCompile() throws IOException {
    assertThat(ReadmeBlocks.shown(readme())).isEqualTo(ReadmeBlocks.compiled("ReadmeZhExample.java")).hasSize(10);
  }

  @Test
  void examplesPrintWhatThePageShows() throws IOException {
    List<String> printed =
        Stream.<Runnable>of(
                ReadmeZhExample::threeSteps,
                ReadmeZhExample::oneCall,
                ReadmeZhExample::scale,
                ReadmeZhExample::self,
                ReadmeZhExample::causal,
                ReadmeZhExample::heads,
                ReadmeZhExample::learn,
                ReadmeZhExample::cross,
                ReadmeZhExample::pooling,
                ReadmeZhExample::recurrent)
            .map(ReadmeZhTest::printed)
            .toList();
    List<String> shown = PRINTED.matcher(readme()).results().map(found -> found.group(1)).toList();
    assertThat(printed).hasSameSizeAs(shown);
    for (int i = 0; i < shown.size(); i++) {
      ShownOutput.assertSame(printed.get(i), shown.get(i));
    }
  }

  private static String printed(Runnable example) {
    PrintStream out = System.out;
    Locale locale = Locale.getDefault();
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    Locale.setDefault(Locale.ROOT);
    try {
      example.run();
    } finally {
      System.setOut(out);
      Locale.setDefault(locale);
    }
    return printed.toString(StandardCharsets.UTF_8);
  }
}
