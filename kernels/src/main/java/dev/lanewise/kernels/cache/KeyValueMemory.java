package dev.lanewise.kernels.cache;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.runtime.Checks;
import java.lang.foreign.Arena;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Blocks of cached rows, in an array or outside of the heap. It defines the layout and format of elements and knows no sequences. It is not
 * synchronised: a caller that writes a block must be its only user.
 */
public abstract sealed class KeyValueMemory permits HeapMemory, NativeMemory {
  private final KeyValueLayout layout;
  private final int blocks;
  private final long blockSize;
  private final float @Nullable [] keyChannels;
  private final float[] scales;

  /** The special rows of each block, one bit for each row. */
  private final short[] special;

  KeyValueMemory(KeyValueLayout layout, int blocks, float @Nullable [] keyChannels) {
    this.layout = layout;
    this.blocks = blocks;
    this.blockSize = layout.blockSize();
    this.keyChannels = keyChannels;
    boolean scaled = layout.format() == KeyValueFormat.INT8;
    this.scales = new float[scaled ? blocks * layout.heads() * KeyValueLayout.SCALES : 0];
    this.special = new short[blocks];
  }

  /**
   * Memory in one array.
   *
   * @param blocks number of blocks; at least 1, at most {@link #mostHeapBlocks}
   * @param keyChannels for {@link KeyValueFormat#INT8}, the divisors of the columns of K before they are stored, heads × keyWidth, see
   *     {@link #checkChannels}; not copied; null for none
   * @throws IllegalArgumentException if an array cannot hold that much, or keyChannels do not fit
   */
  public static KeyValueMemory heap(KeyValueLayout layout, int blocks, float @Nullable [] keyChannels) {
    Objects.requireNonNull(layout, "layout");
    Checks.atLeast("blocks", blocks, 1);
    checkChannels(layout, keyChannels);
    Checks.atMost("blocks", blocks, "the most that an array can hold", mostHeapBlocks(layout));
    return new HeapMemory(layout, blocks, keyChannels);
  }

  /**
   * Memory outside of the heap, freed with {@code arena}; see {@link #heap}. It may be larger than an array; the scales of {@link
   * KeyValueFormat#INT8} alone, 32 floats for each block and head, are in an array on the heap.
   *
   * @throws IllegalArgumentException if an array cannot hold the scales, or keyChannels do not fit
   */
  public static KeyValueMemory offHeap(KeyValueLayout layout, int blocks, float @Nullable [] keyChannels, Arena arena) {
    Objects.requireNonNull(layout, "layout");
    Checks.atLeast("blocks", blocks, 1);
    checkChannels(layout, keyChannels);
    Checks.atMost("blocks", blocks, "the most whose bytes can be counted", (Long.MAX_VALUE - 64) / layout.blockBytes());
    if (layout.format() == KeyValueFormat.INT8) {
      int most = Integer.MAX_VALUE / KeyValueLayout.SCALES / layout.heads();
      Checks.atMost("blocks", blocks, "the most whose scales an array can hold", most);
    }
    return new NativeMemory(layout, blocks, keyChannels, Objects.requireNonNull(arena, "arena"));
  }

  /** Number of blocks that an array can hold; 0 if a block is too large for an array. */
  public static int mostHeapBlocks(KeyValueLayout layout) {
    Objects.requireNonNull(layout, "layout");
    return HeapMemory.MOST_ELEMENTS / layout.blockSize();
  }

  /** Number of blocks that memory outside of the heap can have, which is limited because scales are in an array. */
  public static int mostOffHeapBlocks(KeyValueLayout layout) {
    long scales = layout.format() == KeyValueFormat.INT8 ? (long) layout.heads() * KeyValueLayout.SCALES : 1;
    return (int) (HeapMemory.MOST_ELEMENTS / scales);
  }

  /**
   * Checks the divisors of the columns of K: null, or for {@link KeyValueFormat#INT8} heads × keyWidth finite numbers of {@link
   * Float#MIN_NORMAL} or more.
   *
   * @throws IllegalArgumentException if they are anything else
   */
  public static void checkChannels(KeyValueLayout layout, float @Nullable [] keyChannels) {
    Objects.requireNonNull(layout, "layout");
    if (keyChannels == null) {
      return;
    }
    if (layout.format() != KeyValueFormat.INT8) {
      throw new IllegalArgumentException("keyChannels are for " + KeyValueFormat.INT8 + ", format is " + layout.format());
    }
    Checks.same("keyChannels.length", keyChannels.length, "heads * keyWidth", (long) layout.heads() * layout.keyWidth());
    for (int i = 0; i < keyChannels.length; i++) {
      if (!(keyChannels[i] >= Float.MIN_NORMAL && keyChannels[i] < Float.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "keyChannels[" + i + "] is " + keyChannels[i] + ", must be finite and at least " + Float.MIN_NORMAL);
      }
    }
  }

  /** The array or memory segment of the elements. */
  public abstract Object data();

  /** Whether {@link #data} is a memory segment. */
  public abstract boolean isNative();

  /** Index of the first element of the first block. */
  abstract int start();

  /** Stores an element that has been scaled; returns whether the stored element is finite. */
  abstract boolean put(long index, float x);

  abstract float get(long index);

  /** The bits of an element as it is stored, without its scales. */
  abstract int bits(long index);

  /** Stores the bits of an element. */
  abstract void putBits(long index, int bits);

  /** Copies {@code count} elements within this memory or from another of the same kind. */
  abstract void copy(KeyValueMemory from, long index, long to, int count);

  public KeyValueLayout layout() {
    return layout;
  }

  /** Number of blocks. */
  public int blocks() {
    return blocks;
  }

  /** Index of the first element of a head's K. */
  public long keyIndex(int block, int head) {
    return start() + block * blockSize + head * (long) layout.headKeySize();
  }

  /** Index of the first element of a head's V. */
  public long valueIndex(int block, int head) {
    return keyIndex(block, layout.heads()) + head * (long) layout.headValueSize();
  }

  /** Index of the scales of a block and head: 16 scales of keys, then 16 of values. */
  public int scaleIndex(int block, int head) {
    return (block * layout.heads() + head) * KeyValueLayout.SCALES;
  }

  public float[] scales() {
    return scales;
  }

  public float @Nullable [] keyChannels() {
    return keyChannels;
  }

  /**
   * Whether the block holds a row that the fast loops cannot process: V has an element that is not finite, which a weight of 0 would turn
   * into NaN, or K has such an element in half precision.
   */
  public boolean isSpecial(int block) {
    return special[block] != 0;
  }

  /** Whether one of a block's rows from {@code row} on is special. Loops read a block to its end, also past the last row of a sequence. */
  public boolean isSpecialFrom(int block, int row) {
    return specialFrom(block, row) != 0;
  }

  private int specialFrom(int block, int row) {
    return special[block] & -1 << row & 0xffff;
  }

  /** Removes every trace of a block's rows from {@code row} on that results could show: special rows become 0. */
  public void clearFrom(int block, int row) {
    for (int rows = specialFrom(block, row); rows != 0; rows &= rows - 1) {
      clearRow(block, Integer.numberOfTrailingZeros(rows));
    }
  }

  private void clearRow(int block, int row) {
    for (int head = 0; head < layout.heads(); head++) {
      for (int d = 0; d < layout.keyWidth(); d++) {
        put(keyIndex(block, head) + layout.keyIndex(row, d), 0);
      }
      for (int d = 0; d < layout.valueWidth(); d++) {
        put(valueIndex(block, head) + layout.valueIndex(row, d), 0);
      }
      if (scales.length > 0) {
        int scaleAt = scaleIndex(block, head) + row;
        scales[scaleAt] = 0;
        scales[scaleAt + KeyValueLayout.BLOCK_ROWS] = 0;
      }
    }
    special[block] &= (short) ~(1 << row);
  }

  boolean isSpecialRow(int block, int row) {
    return (special[block] >> row & 1) != 0;
  }

  void setSpecialRow(int block, int row, boolean isSpecial) {
    int bit = 1 << row;
    special[block] = (short) (isSpecial ? special[block] | bit : special[block] & ~bit);
  }

  /** Copies a block with its scales and special rows. */
  public void copyBlock(KeyValueMemory from, int block, int to) {
    copy(from, from.keyIndex(block, 0), keyIndex(to, 0), layout.blockSize());
    if (scales.length > 0) {
      System.arraycopy(from.scales, from.scaleIndex(block, 0), scales, scaleIndex(to, 0), layout.heads() * KeyValueLayout.SCALES);
    }
    special[to] = from.special[block];
  }

  /**
   * Stores one row of all heads, replacing the row that was there.
   *
   * @param row 0 to 15, in the block
   * @param key 1 or more batch entries × heads × rows × keyWidth
   * @param value the same × valueWidth
   * @param batchEntry which batch entry of both
   * @param sourceRow which row of both
   */
  public void write(int block, int row, Heads key, Heads value, int batchEntry, int sourceRow) {
    boolean finite = true;
    special[block] |= (short) (1 << row); // until all elements are known to be finite, even if the call ends early
    for (int head = 0; head < layout.heads(); head++) {
      boolean finiteKey = writeKey(block, row, head, key, key.index(batchEntry, head, sourceRow));
      int scaleAt = scales.length == 0 ? 0 : scaleIndex(block, head) + row + KeyValueLayout.BLOCK_ROWS;
      long base = valueIndex(block, head);
      int from = value.index(batchEntry, head, sourceRow);
      float factor = factor(value, from, null, 0, scaleAt);
      finite &= scales.length == 0 || Float.isFinite(scales[scaleAt]);
      for (int d = 0; d < layout.valueWidth(); d++) {
        finite &= put(base + layout.valueIndex(row, d), value.data()[from + d * value.columnStride()] * factor);
      }
      finite &= finiteKey || layout.format() != KeyValueFormat.F16;
    }
    if (finite) {
      special[block] &= (short) ~(1 << row);
    }
  }

  /** Stores the key of a row and head; returns whether all stored elements are finite. */
  boolean writeKey(int block, int row, int head, Heads key, int from) {
    long base = keyIndex(block, head);
    float[] channels = keyChannels;
    int channel = head * layout.keyWidth();
    float factor = factor(key, from, channels, channel, scales.length == 0 ? 0 : scaleIndex(block, head) + row);
    boolean finite = true;
    for (int d = 0; d < layout.keyWidth(); d++) {
      float x = key.data()[from + d * key.columnStride()];
      finite &= put(base + layout.keyIndex(row, d), factor * (channels == null ? x : x / channels[channel + d]));
    }
    return finite;
  }

  /** Stores the scale of a row, if there are scales; returns the factor of its elements. */
  private float factor(Heads heads, int from, float @Nullable [] channels, int channel, int scaleAt) {
    if (scales.length == 0) {
      return 1;
    }
    float max = 0;
    for (int d = 0; d < heads.width(); d++) {
      float x = heads.data()[from + d * heads.columnStride()];
      max = Math.max(max, Math.abs(channels == null ? x : x / channels[channel + d])); // NaN stays
    }
    if (!Float.isFinite(max)) {
      scales[scaleAt] = Float.NaN;
      return 0;
    }
    float scale = max / 127;
    scales[scaleAt] =
        Float.isFinite(127 * scale) ? scale : Math.nextDown(scale); // so that the largest element does not overflow when it is read
    return max < 127 * Float.MIN_NORMAL ? 0 : 127 / max;
  }

  /** Copies a row of K with its scales applied: element d to {@code to[from + d * stride]}. */
  public void readKey(int block, int head, int row, float[] to, int from, int stride) {
    long base = keyIndex(block, head);
    float scale = scales.length == 0 ? 1 : scales[scaleIndex(block, head) + row];
    for (int d = 0; d < layout.keyWidth(); d++) {
      float x = get(base + layout.keyIndex(row, d));
      to[from + d * stride] = (keyChannels == null ? x : x * keyChannels[head * layout.keyWidth() + d]) * scale;
    }
  }

  /** Copies a row of V with its scale applied: column d to {@code to[from + d * stride]}. */
  public void readValue(int block, int head, int row, float[] to, int from, int stride) {
    long base = valueIndex(block, head);
    float scale = scales.length == 0 ? 1 : scales[scaleIndex(block, head) + KeyValueLayout.BLOCK_ROWS + row];
    for (int d = 0; d < layout.valueWidth(); d++) {
      to[from + d * stride] = get(base + layout.valueIndex(row, d)) * scale;
    }
  }
}
