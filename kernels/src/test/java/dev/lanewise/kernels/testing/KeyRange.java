package dev.lanewise.kernels.testing;

import dev.lanewise.kernels.call.Visibility;

/**
 * A mask in which every query sees the same range of keys.
 *
 * @param from first key
 * @param to end of the keys
 */
public record KeyRange(int from, int to) implements Visibility {
  @Override
  public int firstKey(int batchEntry, int queryHead, int query) {
    return from;
  }

  @Override
  public int endKey(int batchEntry, int queryHead, int query) {
    return to;
  }
}
