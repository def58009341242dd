package dev.lanewise.kernels.cache;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.nio.ByteBuffer;

/**
 * Single rows of a {@link KeyValueMemory}, of all heads: copied, widened to floats, or exchanged with a file. Copies and files keep the
 * bits of elements and scales.
 */
public final class StoredRows {
  private StoredRows() {}

  /** Copies a row to another place, in the same memory or in memory of the same layout and channels. */
  public static void copy(KeyValueMemory from, int block, int row, KeyValueMemory to, int toBlock, int toRow) {
    KeyValueLayout layout = from.layout();
    for (int head = 0; head < layout.heads(); head++) {
      long key = from.keyIndex(block, head) + row;
      long toKey = to.keyIndex(toBlock, head) + toRow;
      for (int d = 0; d < layout.headKeySize(); d += KeyValueLayout.BLOCK_ROWS) {
        to.putBits(toKey + d, from.bits(key + d));
      }
      long value = from.valueIndex(block, head);
      long toValue = to.valueIndex(toBlock, head);
      for (int column = 0; column < layout.paddedValueWidth(); column += KeyValueLayout.BLOCK_ROWS) {
        to.copy(from, value + layout.valueIndex(row, column), toValue + layout.valueIndex(toRow, column), KeyValueLayout.BLOCK_ROWS);
      }
      if (from.scales().length > 0) {
        int scale = from.scaleIndex(block, head) + row;
        int toScale = to.scaleIndex(toBlock, head) + toRow;
        to.scales()[toScale] = from.scales()[scale];
        to.scales()[toScale + KeyValueLayout.BLOCK_ROWS] = from.scales()[scale + KeyValueLayout.BLOCK_ROWS];
      }
    }
    to.setSpecialRow(toBlock, toRow, from.isSpecialRow(block, row));
  }

  /**
   * Widens the key of a row to floats, with its scales applied.
   *
   * @param key 1 × heads × rows × keyWidth; row {@code targetRow} is written
   */
  public static void widenKey(KeyValueMemory memory, int block, int row, Heads key, int targetRow) {
    for (int head = 0; head < key.heads(); head++) {
      memory.readKey(block, head, row, key.data(), key.index(0, head, targetRow), key.columnStride());
    }
  }

  /**
   * Widens the value of a row to floats, with its scale applied.
   *
   * @param value 1 × heads × rows × valueWidth; row {@code targetRow} is written
   */
  public static void widenValue(KeyValueMemory memory, int block, int row, Heads value, int targetRow) {
    for (int head = 0; head < value.heads(); head++) {
      memory.readValue(block, head, row, value.data(), value.index(0, head, targetRow), value.columnStride());
    }
  }

  /**
   * Replaces the key of a row, and keeps its value.
   *
   * @param key 1 × heads × rows × keyWidth; row {@code sourceRow} is read
   */
  public static void replaceKey(KeyValueMemory memory, int block, int row, Heads key, int sourceRow) {
    boolean finite = true;
    for (int head = 0; head < key.heads(); head++) {
      finite &= memory.writeKey(block, row, head, key, key.index(0, head, sourceRow));
    }
    if (!finite && memory.layout().format() == KeyValueFormat.F16) {
      memory.setSpecialRow(block, row, true);
    }
  }

  /** Number of bytes of a row of all heads in {@link #save}. */
  public static long bytes(KeyValueLayout layout) {
    return layout.heads() * layout.rowBytes();
  }

  /**
   * Appends a row to a buffer, head by head: for 8-bit integers the scales of key and value, then the elements of the key and the value.
   */
  public static void save(KeyValueMemory memory, int block, int row, ByteBuffer target) {
    KeyValueLayout layout = memory.layout();
    for (int head = 0; head < layout.heads(); head++) {
      if (memory.scales().length > 0) {
        int scale = memory.scaleIndex(block, head) + row;
        target.putFloat(memory.scales()[scale]).putFloat(memory.scales()[scale + KeyValueLayout.BLOCK_ROWS]);
      }
      long key = memory.keyIndex(block, head);
      for (int d = 0; d < layout.keyWidth(); d++) {
        put(layout.format(), memory.bits(key + layout.keyIndex(row, d)), target);
      }
      long value = memory.valueIndex(block, head);
      for (int d = 0; d < layout.valueWidth(); d++) {
        put(layout.format(), memory.bits(value + layout.valueIndex(row, d)), target);
      }
    }
  }

  private static void put(KeyValueFormat format, int bits, ByteBuffer target) {
    switch (format) {
      case F32 -> target.putInt(bits);
      case F16, BF16 -> target.putShort((short) bits);
      case INT8 -> target.put((byte) bits);
    }
  }

  /** Stores a row that {@link #save} has written. */
  public static void load(KeyValueMemory memory, int block, int row, ByteBuffer source) {
    KeyValueLayout layout = memory.layout();
    boolean finite = true;
    memory.setSpecialRow(block, row, true); // until all elements are known to be finite
    for (int head = 0; head < layout.heads(); head++) {
      if (memory.scales().length > 0) {
        int scale = memory.scaleIndex(block, head) + row;
        memory.scales()[scale] = source.getFloat();
        memory.scales()[scale + KeyValueLayout.BLOCK_ROWS] = source.getFloat();
        finite &= Float.isFinite(memory.scales()[scale + KeyValueLayout.BLOCK_ROWS]);
      }
      long key = memory.keyIndex(block, head);
      for (int d = 0; d < layout.keyWidth(); d++) {
        long index = key + layout.keyIndex(row, d);
        memory.putBits(index, get(layout.format(), source));
        finite &= layout.format() != KeyValueFormat.F16 || Float.isFinite(memory.get(index));
      }
      long value = memory.valueIndex(block, head);
      for (int d = 0; d < layout.valueWidth(); d++) {
        long index = value + layout.valueIndex(row, d);
        memory.putBits(index, get(layout.format(), source));
        finite &= Float.isFinite(memory.get(index));
      }
    }
    memory.setSpecialRow(block, row, !finite);
  }

  private static int get(KeyValueFormat format, ByteBuffer source) {
    return switch (format) {
      case F32 -> source.getInt();
      case F16, BF16 -> source.getShort();
      case INT8 -> source.get();
    };
  }
}
