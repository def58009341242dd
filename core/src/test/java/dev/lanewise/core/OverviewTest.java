package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the overview of the Javadoc shows is what compiles and runs. */
@Tag("once")
class OverviewTest {
  @Test
  void examplesAreThoseThatCompile() throws IOException {
    List<String> shown = ReadmeBlocks.shownInJavadoc("overview.html").stream().filter(block -> !block.contains("TextEncoder")).toList();
    assertThat(shown).isEqualTo(ReadmeBlocks.compiled("OverviewExample.java")).hasSize(3);
  }

  @Test
  void examplesRun() {
    assertThat(OverviewExample.attention(2, 5).data()).hasSize(2 * 12 * 5 * 64).containsOnly(0f);
    float[] weight = new float[768 * 768];
    SequenceBatch token = SequenceBatch.zeros(1, 1, 768);
    assertThat(OverviewExample.layer(weight, weight, weight, weight, SequenceBatch.zeros(1, 3, 768), token).data()).containsOnly(0f);
  }
}
