package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.stored.WideningKernel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Copies cached keys or values of a head to row-major floats. Dropped rows become 0. */
final class CachedCopy {
  private static final int BLOCK = KeyValueLayout.BLOCK_ROWS;

  private float[] widened = new float[0];

  /** Copies {@code count} keys from row {@code first} on; rows of {@code target} are keyWidth apart. */
  void keys(CachedSequence cached, int head, int first, int count, float[] target, Scratch scratch) {
    KeyValueLayout layout = cached.layout();
    int width = layout.keyWidth();
    for (int row = first; row < first + count; ) {
      int from = row % BLOCK;
      int rows = Math.min(BLOCK - from, first + count - row);
      int to = (row - first) * width;
      KeyValueMemory memory = widen(cached, row, head * layout.headKeySize(), layout.headKeySize());
      ContiguousTile.turn(widened, from, BLOCK, rows, width, target, to, scratch);
      for (int i = 0; memory != null && i < rows; i++) {
        int scale = memory.scaleIndex(cached.physicalBlock(row / BLOCK), head) + from + i;
        multiply(target, to + i * width, width, memory.scales()[scale], memory.keyChannels(), head * width);
      }
      row += rows;
    }
  }

  /** Copies {@code count} values from row {@code first} on; rows of {@code target} are valueWidth apart. */
  void values(CachedSequence cached, int head, int first, int count, float[] target) {
    KeyValueLayout layout = cached.layout();
    int width = layout.valueWidth();
    int values = layout.heads() * layout.headKeySize() + head * layout.headValueSize();
    for (int row = first; row < first + count; ) {
      int from = row % BLOCK;
      int rows = Math.min(BLOCK - from, first + count - row);
      int to = (row - first) * width;
      for (int column = 0; column < width; column += BLOCK) {
        int used = Math.min(BLOCK, width - column);
        KeyValueMemory memory = widen(cached, row, values + layout.valueIndex(0, column), BLOCK * BLOCK);
        for (int i = 0; i < rows; i++) {
          int at = to + i * width + column;
          System.arraycopy(widened, (from + i) * BLOCK, target, at, used);
          if (memory != null) {
            int scale = memory.scaleIndex(cached.physicalBlock(row / BLOCK), head) + BLOCK + from + i;
            multiply(target, at, used, memory.scales()[scale], null, 0);
          }
        }
      }
      row += rows;
    }
  }

  /**
   * Widens {@code count} elements, from {@code from} on, of the block that holds a row, or sets them to 0 if the block has been dropped.
   * Returns the block's memory if its elements must be multiplied by scales, or else null.
   */
  private @Nullable KeyValueMemory widen(CachedSequence cached, int row, int from, int count) {
    int block = row / BLOCK;
    if (widened.length < count) {
      widened = new float[count];
    }
    if (block * BLOCK >= cached.droppedFrom() && (block + 1) * BLOCK <= cached.droppedTo()) {
      Arrays.fill(widened, 0, count, 0);
      return null;
    }
    KeyValueMemory memory = cached.memory(block);
    long index = memory.keyIndex(cached.physicalBlock(block), 0) + from;
    WideningKernel.of(cached.layout().format(), memory.isNative()).widen(memory.data(), index, count, widened, 0);
    return memory.scales().length > 0 ? memory : null;
  }

  private static void multiply(float[] x, int at, int count, float scale, float @Nullable [] channels, int channel) {
    for (int i = 0; i < count; i++) {
      x[at + i] *= scale;
    }
    for (int i = 0; channels != null && i < count; i++) {
      x[at + i] *= channels[channel + i];
    }
  }
}
