package dev.lanewise.kernels.testing;

import dev.lanewise.kernels.cache.KeyValueMemory;

/** Single elements of cached rows; the library reads whole rows. */
public final class StoredElement {
  private StoredElement() {}

  /** Element {@code d} of a key, with its scales applied. */
  public static float key(KeyValueMemory memory, int block, int head, int row, int d) {
    float[] key = new float[2 * memory.layout().keyWidth() + 1];
    memory.readKey(block, head, row, key, 1, 2);
    return key[1 + 2 * d];
  }

  /** Column {@code d} of a value, with its scale applied. */
  public static float value(KeyValueMemory memory, int block, int head, int row, int d) {
    float[] value = new float[2 * memory.layout().valueWidth() + 1];
    memory.readValue(block, head, row, value, 1, 2);
    return value[1 + 2 * d];
  }
}
