package dev.lanewise.kernels;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The blocks of {@link DecodeRows#KEYS} keys, and where a head lies in them. A block that is not there is replaced by one that is. */
final class DecodeTile {
  private static final int BLOCK = KeyValueLayout.BLOCK_ROWS;
  private static final int BLOCKS = DecodeRows.KEYS / BLOCK;
  private static final long BLOCK_BITS = (1L << BLOCK) - 1;

  private final @Nullable KeyValueMemory[] memory = new @Nullable KeyValueMemory[BLOCKS];
  private final int[] place = new int[BLOCKS];
  private final long[] head = new long[BLOCKS];
  private final float[] scales = new float[2 * DecodeRows.KEYS];
  private @Nullable KeyValueLayout layout;
  private @Nullable WideningKernel kernel;
  private int key;
  private int keys;
  private long present;

  /** Turns to the keys from {@code newKey} on; returns whether any of them is there. */
  boolean open(KeyValueRows cached, int newKey) {
    layout = cached.layout();
    key = newKey;
    keys = Math.min(DecodeRows.KEYS, cached.rows() - newKey);
    present = 0;
    int any = -1;
    for (int i = 0; i < BLOCKS; i++) {
      int row = newKey + i * BLOCK;
      boolean dropped = row >= cached.droppedFrom() && row + BLOCK <= cached.droppedTo();
      if (row < cached.rows() && !dropped) {
        memory[i] = cached.memory(row / BLOCK);
        place[i] = cached.place(row / BLOCK);
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
        place[i] = place[any];
      }
    }
    kernel = WideningKernel.of(layout.format(), memory(any).isNative());
    return true;
  }

  /** Turns to a head of the tile. */
  void openHead(int newHead) {
    for (int i = 0; i < BLOCKS; i++) {
      KeyValueMemory of = memory(i);
      head[i] = of.index(place[i], newHead);
      if (layout().format() == KeyValueFormat.INT8) {
        int from = of.scaleIndex(place[i], newHead);
        System.arraycopy(of.scales(), from, scales, i * BLOCK, BLOCK);
        System.arraycopy(of.scales(), from + BLOCK, scales, DecodeRows.KEYS + i * BLOCK, BLOCK);
      }
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

  /** The first key. */
  int key() {
    return key;
  }

  /** How many keys of the sequence there are from the first on, at most {@link DecodeRows#KEYS}. */
  int keys() {
    return keys;
  }

  /** The keys whose block is there, a bit each. */
  long present() {
    return present;
  }

  Object data(int block) {
    return memory(block).data();
  }

  /** Where the head's K starts in a block, which is where the head does. */
  long head(int block) {
    return head[block];
  }

  /** Scales of the head's keys, and behind them those of its values. */
  float[] scales() {
    return scales;
  }

  /** Lets go of the memory. */
  void release() {
    Arrays.fill(memory, null);
  }
}
