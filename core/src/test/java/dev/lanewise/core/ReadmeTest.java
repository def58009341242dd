package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What the README shows is what compiles and runs. */
class ReadmeTest {
  @Test
  void exampleIsTheOneThatCompiles() throws IOException {
    String readme = Files.readString(Path.of("..", "README.md"));
    String shown = readme.substring(readme.indexOf("```java\n") + 8, readme.indexOf("```", readme.indexOf("```java\n") + 8));
    String source = Files.readString(Path.of("src/test/java/dev/lanewise/core/ReadmeExample.java"));
    String compiled = source.substring(source.indexOf("// begin\n") + 9, source.indexOf("// end")).stripIndent().strip();
    assertThat(shown.lines().filter(line -> !line.startsWith("import ")).toList()).containsSubsequence(compiled.lines().toList());
  }

  @Test
  void exampleRuns() {
    assertThat(ReadmeExample.run()).hasSize(12 * 128 * 64).containsOnly(0f);
  }
}
