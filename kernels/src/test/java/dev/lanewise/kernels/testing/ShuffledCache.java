package dev.lanewise.kernels.testing;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.lang.foreign.Arena;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** A cached sequence whose blocks lie in no order; its last block also holds rows past its end, and rows in the middle may be dropped. */
public final class ShuffledCache implements CachedSequence {
  private static final int BLOCK = KeyValueLayout.BLOCK_ROWS;

  private final KeyValueMemory memory;
  private final int[] order;
  private final int rows;
  private final int droppedFrom;
  private final int droppedTo;

  private ShuffledCache(KeyValueMemory memory, int[] order, int rows, int droppedFrom, int droppedTo) {
    this.memory = memory;
    this.order = order;
    this.rows = rows;
    this.droppedFrom = droppedFrom;
    this.droppedTo = droppedTo;
  }

  /**
   * Stores the rows of a batch entry.
   *
   * @param isNative whether the memory is outside of the heap
   * @param dropped whether rows 7 to 45, as far as there are so many before the last, have been dropped
   */
  public static ShuffledCache of(KeyValueFormat format, Heads key, Heads value, boolean isNative, boolean dropped, RandomGenerator random) {
    KeyValueLayout layout = new KeyValueLayout(format, key.heads(), key.width(), value.width());
    int blocks = Math.ceilDiv(key.rows(), BLOCK);
    float[] channels = format == KeyValueFormat.INT8 && random.nextBoolean() ? channels(layout, random) : null;
    KeyValueMemory memory = memory(layout, blocks + 2, channels, isNative);
    int[] order = new int[blocks];
    for (int i = 0; i < blocks; i++) {
      int other = random.nextInt(i + 1);
      order[i] = order[other];
      order[other] = i + 1;
    }
    int end = dropped ? Math.clamp(key.rows() - 1L, 0, 45) : 0;
    ShuffledCache cache = new ShuffledCache(memory, order, key.rows(), Math.min(7, end), end);
    Heads finite = Heads.zeros(1, key.heads(), 1, Math.max(key.width(), value.width()));
    for (int row = 0; row < blocks * BLOCK; row++) {
      boolean past = row >= key.rows();
      memory.write(order[row / BLOCK], row % BLOCK, past ? view(finite, key) : key, past ? view(finite, value) : value, 0, past ? 0 : row);
    }
    return cache;
  }

  private static Heads view(Heads zeros, Heads shape) {
    return new Heads(zeros.data(), 0, 1, shape.heads(), 1, shape.width(), 0, 0, 0);
  }

  private static float[] channels(KeyValueLayout layout, RandomGenerator random) {
    float[] channels = new float[layout.heads() * layout.keyWidth()];
    for (int i = 0; i < channels.length; i++) {
      channels[i] = random.nextFloat(0.25f, 4);
    }
    return channels;
  }

  private static KeyValueMemory memory(KeyValueLayout layout, int blocks, float @Nullable [] channels, boolean isNative) {
    return isNative ? KeyValueMemory.offHeap(layout, blocks, channels, Arena.ofAuto()) : KeyValueMemory.heap(layout, blocks, channels);
  }

  /** K or V as stored, dense; NaN in rows that have been dropped. */
  Heads stored(boolean key, Heads shape) {
    Heads stored = Heads.zeros(1, shape.heads(), rows, shape.width());
    HeadsLayout.forEach(
        stored,
        (b, head, row, d) -> {
          int block = order[row / BLOCK];
          float x = key ? StoredElement.key(memory, block, head, row % BLOCK, d) : StoredElement.value(memory, block, head, row % BLOCK, d);
          stored.data()[stored.index(b, head, row, d)] = isDropped(row) ? Float.NaN : x;
        });
    return stored;
  }

  /** Whether a row has been dropped. */
  public boolean isDropped(int row) {
    return row >= droppedFrom && row < droppedTo;
  }

  @Override
  public KeyValueLayout layout() {
    return memory.layout();
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public KeyValueMemory memory(int block) {
    if (block * BLOCK >= droppedFrom && (block + 1) * BLOCK <= droppedTo) {
      throw new AssertionError("block " + block + " has been dropped");
    }
    return memory;
  }

  @Override
  public int physicalBlock(int block) {
    return order[block];
  }

  @Override
  public int droppedFrom() {
    return droppedFrom;
  }

  @Override
  public int droppedTo() {
    return droppedTo;
  }
}
