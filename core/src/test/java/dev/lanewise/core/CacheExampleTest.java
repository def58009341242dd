package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

import dev.lanewise.kernels.Heads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the Javadoc of caches shows is what compiles and runs. */
class CacheExampleTest {
  private static final Pattern SNIPPET = Pattern.compile("\\{@snippet :\n(.*?)\n \\* }\n \\*\n", Pattern.DOTALL);

  @Test
  void examplesAreThoseThatCompile() throws IOException {
    assertThat(ReadmeBlocks.compiled("CacheExample.java")).containsExactly(shown("KeyValueCache"), shown("KeyValuePool"));
  }

  private static String shown(String name) throws IOException {
    String source = Files.readString(Path.of("src/main/java/dev/lanewise/core", name + ".java"));
    Matcher matcher = SNIPPET.matcher(source);
    assertThat(matcher.find()).isTrue();
    return matcher.group(1).replaceAll("(?m)^ \\* ?", "");
  }

  @Test
  void examplesRun() {
    Heads prompt = Heads.zeros(1, 2, 20, 8);
    Heads draft = Heads.zeros(1, 2, 4, 8);
    Heads step = Heads.zeros(2, 2, 1, 8);
    assertThatNoException().isThrownBy(() -> CacheExample.cache(2, 8, prompt, prompt, draft, draft));
    assertThatNoException().isThrownBy(() -> CacheExample.pool(2, 8, prompt, prompt, step, step));
  }
}
