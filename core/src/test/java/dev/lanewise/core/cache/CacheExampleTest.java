package dev.lanewise.core.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The examples in the Javadoc of caches compile and run. */
class CacheExampleTest {
  @Test
  void examplesCompile() throws IOException {
    List<String> shown = new ArrayList<>(ReadmeBlocks.shownInJavadoc("KeyValueCache.java"));
    shown.addAll(ReadmeBlocks.shownInJavadoc("KeyValuePool.java"));
    assertThat(shown).isEqualTo(ReadmeBlocks.compiled("CacheExample.java")).hasSize(2);
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
