package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ScratchTest {
  @Test
  void aReleasedScratchIsFoundAgain() {
    Scratch.Pool pool = new Scratch.Pool(2, 1);
    Scratch scratch = pool.acquire();
    float[] array = scratch.floats(0, 100);
    pool.release(scratch);
    assertThat(pool.acquire()).isSameAs(scratch);
    assertThat(scratch.floats(0, 60)).isSameAs(array);
    assertThat(scratch.floats(0, 101)).hasSizeGreaterThanOrEqualTo(101).isNotSameAs(array);
  }

  @Test
  void noScratchIsGivenOutTwiceAndNoMoreAreKeptThanFit() {
    Scratch.Pool pool = new Scratch.Pool(2, 1);
    Scratch[] scratches = {pool.acquire(), pool.acquire(), pool.acquire()};
    assertThat(scratches).doesNotHaveDuplicates();
    for (Scratch scratch : scratches) {
      pool.release(scratch);
    }
    assertThat(new Scratch[] {pool.acquire(), pool.acquire(), pool.acquire()})
        .doesNotHaveDuplicates()
        .contains(scratches[0], scratches[1])
        .doesNotContain(scratches[2]);
  }
}
