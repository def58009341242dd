package dev.lanewise.core.cache.page;

import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.cache.KeyValueRows;

/**
 * A cache as it will be once rows have been appended, to check a call before that.
 *
 * @param rows those to come included
 */
public record CachedShape(KeyValueLayout layout, int rows) implements KeyValueRows {
  @Override
  public KeyValueMemory memory(int block) {
    throw new AssertionError("only the shape is known");
  }

  @Override
  public int place(int block) {
    throw new AssertionError("only the shape is known");
  }
}
