package dev.lanewise.core.parallel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.runtime.ScratchPool;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("once")
class ScratchTest {
  @Test
  void aReleasedScratchIsReused() {
    ScratchPool<Scratch> pool = Scratch.pool(2, 1);
    Scratch scratch = pool.take();
    float[] array = scratch.floats(0, 100);
    pool.give(scratch);
    assertThat(pool.take()).isSameAs(scratch);
    assertThat(scratch.floats(0, 60)).isSameAs(array);
    assertThat(scratch.floats(0, 101)).hasSizeGreaterThanOrEqualTo(101).isNotSameAs(array);
  }

  @Test
  void noScratchIsGivenOutTwiceAndNoMoreAreKeptThanFit() {
    ScratchPool<Scratch> pool = Scratch.pool(2, 1);
    Scratch[] scratches = {pool.take(), pool.take(), pool.take()};
    assertThat(scratches).doesNotHaveDuplicates();
    for (Scratch scratch : scratches) {
      pool.give(scratch);
    }
    assertThat(new Scratch[] {pool.take(), pool.take(), pool.take()})
        .doesNotHaveDuplicates()
        .contains(scratches[0], scratches[1])
        .doesNotContain(scratches[2]);
  }
}
