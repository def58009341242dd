package dev.lanewise.core.cache.page;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;

/**
 * A cache as it will be once rows have been appended, to check a call before that.
 *
 * @param rows those to come included
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
