package dev.lanewise.core;

import dev.lanewise.kernels.KeyValueMemory;
import org.jspecify.annotations.Nullable;

/** What a {@link PageTable} must know to take an append back until it is committed. Reused, so that an append allocates nothing. */
final class PendingAppend {
  boolean open;

  /** What there was before. */
  int rowsBefore;

  int countBefore;
  int piecesBefore;
  @Nullable KeyValueMemory lastBefore;

  /** Pages taken, which lie behind those that are held; the last {@code reused} of them also among those that leave. */
  int taken;

  int reused;

  /** What was in the pages that are used again. */
  @Nullable KeyValueMemory saved;

  /** Whether the last of the taken pages is for a copy of the last page, which others hold as well. */
  boolean copiesLast;

  /** The page that its copy replaced. */
  @Nullable Page original;

  /** Pages that the window lets go once rows are added; {@code leaving} is the same from then on, and 0 before. */
  int droppable;

  int leaving;

  void begin(int rows, int count, int pieces, @Nullable KeyValueMemory last) {
    assert !open;
    rowsBefore = rows;
    countBefore = count;
    piecesBefore = pieces;
    lastBefore = last;
    open = true;
  }

  void end() {
    open = false;
    lastBefore = null;
    taken = 0;
    reused = 0;
    saved = null;
    copiesLast = false;
    original = null;
    droppable = 0;
    leaving = 0;
  }
}
