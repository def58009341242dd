package dev.lanewise.kernels.call;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.data.Heads;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A row with consecutive elements: the caller's array if its column stride is 1, or else a copy. */
public final class ContiguousRow {
  private static final float[] NONE = new float[0];

  private float[] data = NONE;
  private int from;
  private float[] copy = NONE;

  /** Selects the row that starts at {@code index}. */
  public void open(Heads heads, int index) {
    if (heads.columnStride() == 1) {
      data = heads.data();
      from = index;
      return;
    }
    if (copy.length < heads.width()) {
      copy = new float[heads.width()];
    }
    heads.copyRow(index, 0, copy, 0);
    data = copy;
    from = 0;
  }

  /** Selects a key of a batch entry and key/value head. */
  public void openKey(AttentionProblem problem, int batchEntry, int head, int key) {
    openRow(problem, problem.shape.key(), batchEntry, head, key, true);
  }

  /** Selects the value of a key of a batch entry and key/value head. */
  public void openValue(AttentionProblem problem, int batchEntry, int head, int key) {
    openRow(problem, problem.results.value(), batchEntry, head, key, false);
  }

  private void openRow(AttentionProblem problem, @Nullable Heads view, int b, int head, int row, boolean key) {
    if (problem.shape.isCached()) {
      openCached(problem.cached(b), head, row, key);
    } else if (view != null) {
      open(view, problem.shape.keyIndex(view, b, head, row));
    }
  }

  /** Copies the key or value of a cached row. A dropped row, which no query sees, becomes 0. */
  private void openCached(CachedSequence rows, int head, int row, boolean key) {
    int width = key ? rows.layout().keyWidth() : rows.layout().valueWidth();
    if (copy.length < width) {
      copy = new float[width];
    }
    data = copy;
    from = 0;
    if (row >= rows.droppedFrom() && row < rows.droppedTo()) {
      Arrays.fill(copy, 0, width, 0);
      return;
    }
    int block = row / KeyValueLayout.BLOCK_ROWS;
    int inBlock = row % KeyValueLayout.BLOCK_ROWS;
    KeyValueMemory memory = rows.memory(block);
    if (key) {
      memory.readKey(rows.physicalBlock(block), head, inBlock, copy, 0, 1);
    } else {
      memory.readValue(rows.physicalBlock(block), head, inBlock, copy, 0, 1);
    }
  }

  public float[] data() {
    return data;
  }

  /** Index of the row's first element in {@link #data}. */
  public int from() {
    return from;
  }

  /** Drops the reference to the caller's array. */
  public void release() {
    data = NONE;
  }
}
