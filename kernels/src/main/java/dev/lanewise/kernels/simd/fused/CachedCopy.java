package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Transpose;
import dev.lanewise.kernels.simd.stored.WideningKernel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Copies cached keys or values of a head to row-major floats. Dropped rows become 0. */
final class CachedCopy {
  private static final int BLOCK = KeyValueLayout.BLOCK_ROWS;
  private static final int LANES = Lanes.COUNT;

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
      if (memory == null) {
        Arrays.fill(target, to, to + rows * width, 0);
      } else {
        turn(width, from, rows, target, to, scratch);
        int scale = memory.scaleIndex(cached.physicalBlock(row / BLOCK), head) + from;
        for (int i = 0; memory.scales().length > 0 && i < rows; i++) {
          multiply(target, to + i * width, width, memory.scales()[scale + i], memory.keyChannels(), head * width);
        }
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
          if (memory == null) {
            Arrays.fill(target, at, at + used, 0);
            continue;
          }
          System.arraycopy(widened, (from + i) * BLOCK, target, at, used);
          if (memory.scales().length > 0) {
            int scale = memory.scaleIndex(cached.physicalBlock(row / BLOCK), head) + BLOCK + from + i;
            multiply(target, at, used, memory.scales()[scale], null, 0);
          }
        }
      }
      row += rows;
    }
  }

  /**
   * Widens {@code count} elements, from {@code from} on, of the block that holds a row; returns the block's memory, or null if the block
   * has been dropped.
   */
  private @Nullable KeyValueMemory widen(CachedSequence cached, int row, int from, int count) {
    int block = row / BLOCK;
    if (block * BLOCK >= cached.droppedFrom() && (block + 1) * BLOCK <= cached.droppedTo()) {
      return null;
    }
    if (widened.length < count) {
      widened = new float[count];
    }
    KeyValueMemory memory = cached.memory(block);
    long index = memory.keyIndex(cached.physicalBlock(block), 0) + from;
    WideningKernel.of(cached.layout().format(), memory.isNative()).widen(memory.data(), index, count, widened, 0);
    return memory;
  }

  /** Transposes a block from keyWidth × rows to rows × keyWidth. */
  private void turn(int width, int from, int rows, float[] target, int to, Scratch scratch) {
    int turnedRows = from == 0 ? rows / LANES * LANES : 0;
    int turnedColumns = width / LANES * LANES;
    for (int row = 0; row < turnedRows; row += LANES) {
      for (int d = 0; d < turnedColumns; d += LANES) {
        scratch.source.set(widened, d * BLOCK + row, BLOCK);
        scratch.target.set(target, to + row * width + d, width);
        Transpose.block(scratch.source, scratch.target, 1, scratch.block);
      }
    }
    for (int row = 0; row < rows; row++) {
      for (int d = row < turnedRows ? turnedColumns : 0; d < width; d++) {
        target[to + row * width + d] = widened[d * BLOCK + from + row];
      }
    }
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
