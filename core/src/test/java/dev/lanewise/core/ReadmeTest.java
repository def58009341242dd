package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.Heads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What the README shows is what compiles and runs. */
class ReadmeTest {
  @Test
  void examplesAreThoseThatCompile() throws IOException {
    assertThat(ReadmeBlocks.shown(Files.readString(Path.of("..", "README.md"))))
        .isEqualTo(ReadmeBlocks.compiled("ReadmeExample.java"))
        .hasSize(2);
  }

  @Test
  void exampleRuns() {
    assertThat(ReadmeExample.run()).hasSize(12 * 128 * 64).containsOnly(0f);
  }

  @Test
  void variantsRun() {
    Heads query = Heads.zeros(1, 4, 128, 8);
    Heads output = Heads.zeros(1, 4, 128, 8);
    TopKeys top = ReadmeExample.variants(Attention.standard(), query, query, query, output);
    // Scores are 0 but for ALiBi, so the nearest key leads, and behind the 100 keys there is none.
    assertThat(top.key(0, 3, 50, 0)).isEqualTo(50);
    assertThat(top.key(0, 3, 127, 0)).isEqualTo(99);
  }
}
