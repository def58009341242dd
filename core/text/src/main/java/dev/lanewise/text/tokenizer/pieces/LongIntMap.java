package dev.lanewise.text.tokenizer.pieces;

import java.util.Arrays;
import java.util.SplittableRandom;

/** A hash table from non-negative keys to non-negative values in two flat arrays. Half a million pairs take 12 MB. */
final class LongIntMap {
  /** Answer of {@link #get} for a key that is not in the table. */
  static final int NONE = -1;

  private static final long EMPTY = -1;

  /** Odd number that spreads the bits of a key, from the golden ratio. */
  private static final long SPREAD = 0x9e3779b97f4a7c15L;

  /** Secret of this JVM, so that no file can be made whose keys all have one place. */
  private static final long SECRET = new SplittableRandom().nextLong();

  private long[] keys;
  private int[] values;
  private int size;

  /** An empty table with room for a number of keys. */
  LongIntMap(int expected) {
    int capacity = Math.max(16, Integer.highestOneBit(Math.max(1, expected)) * 2);
    keys = new long[capacity + capacity / 2 < expected * 2L ? capacity * 2 : capacity];
    values = new int[keys.length];
    Arrays.fill(keys, EMPTY);
  }

  /** The value of a key, or {@link #NONE}. */
  int get(long key) {
    int slot = slot(key);
    return keys[slot] == key ? values[slot] : NONE;
  }

  /** Sets the value of a key. */
  void put(long key, int value) {
    if (size * 4L >= keys.length * 3L) {
      grow();
    }
    int slot = slot(key);
    size += keys[slot] == key ? 0 : 1;
    keys[slot] = key;
    values[slot] = value;
  }

  /** The place of a key, or the empty place where it belongs. */
  private int slot(long key) {
    int mask = keys.length - 1;
    long mixed = (key ^ SECRET) * SPREAD;
    int slot = (int) (((mixed ^ mixed >>> Integer.SIZE) * SPREAD) >>> Integer.SIZE) & mask;
    while (keys[slot] != key && keys[slot] != EMPTY) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private void grow() {
    long[] oldKeys = keys;
    int[] oldValues = values;
    keys = new long[oldKeys.length * 2];
    values = new int[keys.length];
    Arrays.fill(keys, EMPTY);
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldKeys[i] != EMPTY) {
        int slot = slot(oldKeys[i]);
        keys[slot] = oldKeys[i];
        values[slot] = oldValues[i];
      }
    }
  }
}
