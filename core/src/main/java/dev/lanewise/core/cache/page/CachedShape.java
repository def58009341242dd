package dev.lanewise.core.cache.page;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;

/**
 * The shape of a cache after a later append, to check a call before the append.
 *
 * @param rows number of rows, including those that will be appended
 */
public record CachedShape(KeyValueLayout layout, int rows) implements CachedSequence {
  @Override
  public KeyValueMemory memory(int block) {
    throw new AssertionError("only the shape is known");
  }

  @Override
  public int physicalBlock(int block) {
    throw new AssertionError("only the shape is known");
  }
}
