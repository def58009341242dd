package dev.lanewise.kernels.simd.decode;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.simd.stored.BlockOperand;
import dev.lanewise.kernels.simd.stored.WideningKernel;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The blocks of {@link DecodeSoftmax#KEYS} keys and the index of a head's K and V in each. A block that is missing or dropped is replaced
 * by a present one.
 */
final class DecodeTile {
  private static final int BLOCK = KeyValueLayout.BLOCK_ROWS;
  private static final int BLOCKS = BlockOperand.BLOCKS;
  private static final long BLOCK_BITS = (1L << BLOCK) - 1;

  private final @Nullable KeyValueMemory[] memory = new @Nullable KeyValueMemory[BLOCKS];
  private final int[] physicalBlock = new int[BLOCKS];
  private final BlockOperand storedKeys = new BlockOperand();
  private final BlockOperand storedValues = new BlockOperand();
  private @Nullable KeyValueLayout layout;
  private @Nullable WideningKernel kernel;
  private int key;
  private int keys;
  private long present;

  /** Selects the keys from {@code newKey} on; returns whether any of their blocks is present. */
  boolean open(CachedSequence cached, int newKey) {
    layout = cached.layout();
    key = newKey;
    keys = Math.min(DecodeSoftmax.KEYS, cached.rows() - newKey);
    present = 0;
    int any = -1;
    for (int i = 0; i < BLOCKS; i++) {
      int row = newKey + i * BLOCK;
      boolean dropped = row >= cached.droppedFrom() && row + BLOCK <= cached.droppedTo();
      if (row < cached.rows() && !dropped) {
        memory[i] = cached.memory(row / BLOCK);
        physicalBlock[i] = cached.physicalBlock(row / BLOCK);
        present |= BLOCK_BITS << (i * BLOCK);
        any = i;
      }
    }
    if (any < 0) {
      return false;
    }
    for (int i = 0; i < BLOCKS; i++) {
      if (((present >>> (i * BLOCK)) & 1) == 0) {
        memory[i] = memory[any];
        physicalBlock[i] = physicalBlock[any];
      }
      KeyValueMemory block = memory(i);
      storedKeys.set(i, block.data(), block.keyIndex(physicalBlock[i], 0));
      storedValues.set(i, block.data(), block.valueIndex(physicalBlock[i], 0));
    }
    kernel = WideningKernel.of(layout.format(), memory(any).isNative());
    return true;
  }

  /** Multiplies the scores of a row by the scales of a head's keys, or its weights by the scales of the values. */
  void scale(int head, boolean values, float[] scores, int at) {
    for (int i = 0; i < BLOCKS; i++) {
      KeyValueMemory block = memory(i);
      int from = block.scaleIndex(physicalBlock[i], head) + (values ? BLOCK : 0);
      DecodeSoftmax.multiply(scores, at + i * BLOCK, block.scales(), from, BLOCK);
    }
  }

  private KeyValueMemory memory(int block) {
    return Objects.requireNonNull(memory[block]);
  }

  KeyValueLayout layout() {
    return Objects.requireNonNull(layout);
  }

  KeyValueFormat format() {
    return layout().format();
  }

  WideningKernel kernel() {
    return Objects.requireNonNull(kernel);
  }

  /** K of a head, from key {@code key} (0 to 15) of each block on. */
  BlockOperand keys(int head, int key) {
    storedKeys.shift = head * (long) layout().headKeySize() + key;
    return storedKeys;
  }

  /** V of a head, from column {@code column} on. */
  BlockOperand values(int head, int column) {
    storedValues.shift = head * (long) layout().headValueSize() + layout().valueIndex(0, column);
    return storedValues;
  }

  /** The first key. */
  int key() {
    return key;
  }

  /** Number of keys of the sequence from the first key of the tile on, at most {@link DecodeSoftmax#KEYS}. */
  int keys() {
    return keys;
  }

  /** The keys whose block is present, one bit for each. */
  long present() {
    return present;
  }

  /** Drops the references to the memory. */
  void release() {
    Arrays.fill(memory, null);
    storedKeys.release();
    storedValues.release();
  }
}
