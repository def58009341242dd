package dev.lanewise.kernels;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The blocks of {@link DecodeRows#KEYS} keys, and where a head lies in them. A block that is not there is replaced by one that is. */
final class DecodeTile {
  private static final int BLOCK = KeyValueLayout.BLOCK_ROWS;
  private static final int BLOCKS = DecodeRows.KEYS / BLOCK;
  private static final long BLOCK_BITS = (1L << BLOCK) - 1;

  private static final int LANES = Lanes.COUNT;
  private static final int VECTORS = StoredRows.COLUMNS * LANES;

  private final @Nullable KeyValueMemory[] memory = new @Nullable KeyValueMemory[BLOCKS];
  private final int[] place = new int[BLOCKS];
  private final StoredRows[] keyColumns = new StoredRows[DecodeRows.KEYS / VECTORS];
  private StoredRows[] valueColumns = new StoredRows[0];
  private @Nullable KeyValueLayout layout;
  private @Nullable WideningKernel kernel;
  private int key;
  private int keys;
  private long present;

  DecodeTile() {
    for (int i = 0; i < keyColumns.length; i++) {
      keyColumns[i] = new StoredRows(1);
    }
  }

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
    openKeys();
    openValues(layout);
    return true;
  }

  /** Four vectors of keys side by side, each a block or a part of one, wherever the blocks are. */
  private void openKeys() {
    for (int i = 0; i < keyColumns.length; i++) {
      StoredRows columns = keyColumns[i];
      columns.from = 0;
      columns.to = 1;
      columns.step = BLOCK;
      for (int v = 0; v < StoredRows.COLUMNS; v++) {
        int of = i * VECTORS + v * LANES;
        KeyValueMemory block = memory(of / BLOCK);
        columns.set(0, v, block.data(), block.keyIndex(place[of / BLOCK], 0) + of % BLOCK);
      }
    }
  }

  /** Four vectors of columns of V, block after block. */
  private void openValues(KeyValueLayout of) {
    int padded = of.paddedValueWidth();
    int groups = Math.ceilDiv(padded, VECTORS);
    if (valueColumns.length != groups) {
      valueColumns = new StoredRows[groups];
      for (int i = 0; i < groups; i++) {
        valueColumns[i] = new StoredRows(BLOCKS);
      }
    }
    for (int i = 0; i < groups; i++) {
      StoredRows columns = valueColumns[i];
      columns.step = of.panelWidth(i * VECTORS);
      for (int v = 0; v < StoredRows.COLUMNS; v++) {
        int column = Math.min(i * VECTORS + v * LANES, padded - LANES); // past the last it goes to columns that nobody reads
        int index = of.valueIndex(0, column);
        for (int block = 0; block < BLOCKS; block++) {
          columns.set(block, v, memory(block).data(), memory(block).valueIndex(place[block], 0) + index);
        }
      }
    }
  }

  /** Multiplies the scores of a row with the scales of a head's keys, or its weights with those of the values. */
  void scale(int head, boolean values, float[] scores, int at) {
    for (int i = 0; i < BLOCKS; i++) {
      KeyValueMemory of = memory(i);
      int from = of.scaleIndex(place[i], head) + (values ? BLOCK : 0);
      DecodeRows.multiply(scores, at + i * BLOCK, of.scales(), from, BLOCK);
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

  /** K of the first head, a few vectors of keys each. */
  StoredRows[] keyColumns() {
    return keyColumns;
  }

  /** V of the first head, a few vectors of columns each. */
  StoredRows[] valueColumns() {
    return valueColumns;
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

  /** Lets go of the memory. */
  void release() {
    Arrays.fill(memory, null);
    for (StoredRows columns : keyColumns) {
      columns.release();
    }
    for (StoredRows columns : valueColumns) {
      columns.release();
    }
  }
}
