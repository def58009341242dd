package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.testing.ReadmeBlocks;
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
  private static final Pattern NUMBER = Pattern.compile("\\d+\\.(\\d+)");

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
      assertSame(printed.get(i), shown.get(i));
    }
  }

  /** The words are equal, and the numbers to one unit of their last digit: paths of other lanes round otherwise. */
  private static void assertSame(String printed, String shown) {
    assertThat(NUMBER.matcher(printed).replaceAll("#")).isEqualToNormalizingNewlines(NUMBER.matcher(shown).replaceAll("#"));
    List<String> numbers = NUMBER.matcher(printed).results().map(found -> found.group()).toList();
    List<String> expected = NUMBER.matcher(shown).results().map(found -> found.group()).toList();
    for (int n = 0; n < numbers.size(); n++) {
      double unit = Math.pow(10, -(expected.get(n).length() - expected.get(n).indexOf('.') - 1));
      assertThat(Double.parseDouble(numbers.get(n))).as(shown).isCloseTo(Double.parseDouble(expected.get(n)), within(1.01 * unit));
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
