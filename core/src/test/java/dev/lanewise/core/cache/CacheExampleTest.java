package dev.lanewise.core.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples in the Javadoc of caches compile and run. */
@Tag("once")
class CacheExampleTest {
  @TempDir Path folder;

  @Test
  void examplesCompile() throws IOException {
    List<String> shown = new ArrayList<>(ReadmeBlocks.shownInJavadoc("KeyValueCache.java"));
    shown.addAll(ReadmeBlocks.shownInJavadoc("KeyValuePool.java"));
    shown.addAll(ReadmeBlocks.shownInJavadoc("CacheRows.java"));
    assertThat(shown).isEqualTo(ReadmeBlocks.compiled("CacheExample.java")).hasSize(5);
  }

  @Test
  void examplesRun() {
    Heads prompt = Heads.zeros(1, 2, 20, 8);
    Heads draft = Heads.zeros(1, 2, 4, 8);
    Heads step = Heads.zeros(2, 2, 1, 8);
    assertThatNoException().isThrownBy(() -> CacheExample.cache(2, 8, prompt, prompt, draft, draft));
    assertThatNoException().isThrownBy(() -> CacheExample.pool(2, 8, prompt, prompt, step, step));
  }

  @Test
  void examplesOfChangedRowsRun() throws IOException {
    LayerShape shape = LayerShape.of(16, 2);
    Rotary rotary = Rotary.of(shape.headDim());
    Heads prompt = Heads.zeros(1, shape.keyValueHeads(), 300, shape.headDim());
    try (KeyValueCache cache = KeyValueCache.builder(shape.keyValueHeads(), shape.headDim()).capacity(400).build()) {
      cache.append(prompt, prompt);
      CacheExample.save(cache, folder.resolve("prompt"));
      int[] parents = {-1, 0, 0, 1, 1, 2};
      CacheExample.keep(shape.layer().withPositions(rotary), cache, parents, SequenceBatch.zeros(1, 6, 16), SequenceBatch.zeros(1, 6, 16));
      assertThat(cache.rows()).isEqualTo(303);
      CacheExample.shift(cache, rotary);
      assertThat(cache.rows()).isEqualTo(47);
    }
  }
}
