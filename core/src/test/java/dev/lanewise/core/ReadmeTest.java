package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The code of the README compiles and runs. */
@Tag("once")
class ReadmeTest {
  /** The door of each model that reads text. */
  private static final List<String> TEXT_MODELS =
      List.of("TextEncoder", "Reranker", "TextGenerator", "CausalModel", "LanewiseEmbeddingModel");

  @Test
  void examplesCompile() throws IOException {
    // the examples with a model are compiled in other modules
    assertThat(
            ReadmeBlocks.shown(Files.readString(Path.of("..", "README.md"))).stream()
                .filter(block -> TEXT_MODELS.stream().noneMatch(block::contains))
                .toList())
        .isEqualTo(ReadmeBlocks.compiled("ReadmeExample.java"))
        .hasSize(3);
  }

  @Test
  void exampleRuns() {
    assertThat(ReadmeExample.run()).hasSize(12 * 128 * 64).containsOnly(0f);
  }

  @Test
  void variantsRun() {
    Heads query = Heads.zeros(1, 4, 128, 8);
    Heads output = Heads.zeros(1, 4, 128, 8);
    TopKeys top = ReadmeExample.variants(query, query, query, output);
    // Only ALiBi makes scores other than 0, so the nearest key has the largest weight; there is none after the 100 keys.
    assertThat(top.key(0, 3, 50, 0)).isEqualTo(50);
    assertThat(top.key(0, 3, 127, 0)).isEqualTo(99);
  }

  @Test
  void decodingEqualsOnePass() {
    MultiHeadAttention layer = LayerShape.of(32, 4).grouped(2).layer();
    SequenceBatch x = Views.randomSequences(Views.Layout.DENSE, 1, 30, 32, Problem.SEED);
    SequenceBatch prompt = x.rows(0, 29);
    SequenceBatch token = x.rows(29, 30);
    SequenceBatch output = SequenceBatch.zeros(1, 1, 32);
    ReadmeExample.decode(layer, prompt, SequenceBatch.zeros(1, 29, 32), token, output);
    SequenceBatch whole = SequenceBatch.zeros(1, 30, 32);
    layer.withMask(Mask.causal()).withPositions(Rotary.of(8)).forward(x, whole);
    for (int column = 0; column < 32; column++) {
      assertThat(output.get(0, 0, column)).isCloseTo(whole.get(0, 29, column), within(2e-3f)); // halves have 11 bits
    }
  }
}
