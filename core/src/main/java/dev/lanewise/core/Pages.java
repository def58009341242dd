package dev.lanewise.core;

import dev.lanewise.kernels.KeyValueLayout;
import dev.lanewise.kernels.KeyValueMemory;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.BitSet;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Memory cut into pages, which count who refers to them. Memory comes in pieces as pages are needed and stays until it is closed; the
 * lowest free page is taken first, so that a fresh sequence lies in one stretch. Thread-safe.
 */
final class Pages implements AutoCloseable {
  /** Of memory that is reserved piece by piece: few enough bytes to zero in a moment, many enough to make few pieces. */
  private static final long LEAST_PIECE = 1L << 20;

  private static final long MOST_PIECE = 1L << 26;

  private static final int PIECES = 8;

  private final CacheSettings settings;
  private final KeyValueLayout layout;
  private final int blocksPerPage;
  private final int most;
  private final IntUnaryOperator nextPiece;
  private final @Nullable Arena arena;

  /** Every page there is memory for, by number. */
  private Page[] all = new Page[0];

  private int count;
  private final BitSet free = new BitSet();
  private int freeCount;
  private int lowestFree;

  /** Pages with more than one reference. */
  private int shared;

  /**
   * @param most how many pages there may be
   * @param nextPiece from the number of pages there are to how many come next, if memory allows
   */
  private Pages(CacheSettings settings, int most, IntUnaryOperator nextPiece) {
    this.settings = settings;
    this.layout = settings.layout();
    this.blocksPerPage = settings.pageRows / KeyValueLayout.BLOCK_ROWS;
    this.most = most;
    this.nextPiece = nextPiece;
    this.arena = settings.offHeap ? Arena.ofShared() : null;
  }

  /** So many pages, whose memory is reserved in pieces when they are first used. */
  static Pages fixed(CacheSettings settings, int most) {
    return new Pages(settings, most, piece(settings, most));
  }

  /** Any number of pages, whose memory comes in pieces that suit so many. */
  static Pages unlimited(CacheSettings settings, int usual) {
    return new Pages(settings, Integer.MAX_VALUE / settings.pageRows, piece(settings, usual));
  }

  private static IntUnaryOperator piece(CacheSettings settings, int most) {
    long bytes = settings.layout().blockBytes() * (settings.pageRows / KeyValueLayout.BLOCK_ROWS);
    long piece = Math.clamp(most / PIECES * bytes, LEAST_PIECE, MOST_PIECE);
    int pages = Math.clamp(piece / bytes, 1, most);
    return have -> pages;
  }

  /** Memory for so many pages at once, then for as many again as there are, as long as there is memory. */
  static Pages growing(CacheSettings settings, int first) {
    Pages pages = new Pages(settings, Integer.MAX_VALUE / settings.pageRows, have -> Math.max(first, have));
    pages.addPiece();
    return pages;
  }

  /** Other pages of the same kind, none of them in use. */
  Pages another() {
    return new Pages(settings, most, nextPiece);
  }

  KeyValueLayout layout() {
    return layout;
  }

  int pageRows() {
    return settings.pageRows;
  }

  /** How many pages there may be. */
  int most() {
    return most;
  }

  /** Pages that have memory. */
  synchronized int reserved() {
    return count;
  }

  /** Pages that somebody refers to. */
  synchronized int used() {
    return count - freeCount;
  }

  /** Pages that more than one refer to. */
  synchronized int shared() {
    return shared;
  }

  long pageBytes() {
    return layout.blockBytes() * blocksPerPage;
  }

  /** Bytes of a row of all heads, with its scales. */
  long rowBytes() {
    return layout.heads() * layout.rowBytes();
  }

  /**
   * Takes the lowest free pages, one reference each.
   *
   * @param target where to put them, from {@code from} on
   * @throws IllegalStateException if fewer are free; none has been taken then
   */
  synchronized void take(int needed, Page[] target, int from) {
    int available = most - count + freeCount;
    if (needed > available) {
      throw new IllegalStateException(
          "the pool is exhausted: " + needed + " more pages are needed, but " + available + " of " + most + " are free");
    }
    while (freeCount < needed) {
      addPiece();
    }
    for (int i = 0; i < needed; i++) {
      int number = free.nextSetBit(lowestFree);
      free.clear(number);
      freeCount--;
      lowestFree = number + 1;
      Page page = all[number];
      page.references = 1;
      clear(page);
      target[from + i] = page;
    }
  }

  /** A page is about to be used for other rows. */
  void clear(Page page) {
    for (int block = 0; block < blocksPerPage; block++) {
      page.memory.clear(page.firstBlock + block);
    }
  }

  private synchronized void addPiece() {
    int pages = Math.min(nextPiece.applyAsInt(count), most - count);
    if (!settings.offHeap) {
      pages = Math.min(pages, KeyValueMemory.mostHeapBlocks(layout) / blocksPerPage);
    }
    pages = Math.min(pages, Integer.MAX_VALUE / blocksPerPage);
    int blocks = pages * blocksPerPage;
    Page[] grown = Arrays.copyOf(all, count + pages);
    KeyValueMemory memory =
        arena == null
            ? KeyValueMemory.heap(layout, blocks, settings.keyChannels)
            : KeyValueMemory.offHeap(layout, blocks, settings.keyChannels, arena);
    for (int i = 0; i < pages; i++) {
      grown[count + i] = new Page(count + i, memory, i * blocksPerPage);
    }
    free.set(count, count + pages); // the last step that may run out of memory
    all = grown;
    lowestFree = Math.min(lowestFree, count);
    count += pages;
    freeCount += pages;
  }

  /** One more reference to each of the first {@code count} pages. */
  synchronized void retain(Page[] pages, int count) {
    for (int i = 0; i < count; i++) {
      if (++pages[i].references == 2) {
        shared++;
      }
    }
  }

  /** One reference less to each page from {@code from} on; one that nobody refers to is free. */
  synchronized void release(Page[] pages, int from, int count) {
    for (int i = from; i < from + count; i++) {
      Page page = pages[i];
      page.references--;
      if (page.references == 1) {
        shared--;
      } else if (page.references == 0) {
        free.set(page.number);
        freeCount++;
        lowestFree = Math.min(lowestFree, page.number);
      }
    }
  }

  /** How many of these pages others refer to as well. */
  synchronized int shared(Page[] pages, int from, int count) {
    int found = 0;
    for (int i = from; i < from + count; i++) {
      found += pages[i].references > 1 ? 1 : 0;
    }
    return found;
  }

  synchronized boolean isShared(Page page) {
    return page.references > 1;
  }

  /** Copies the first blocks of a page, with what is in them. */
  void copy(Page from, Page to, int blocks) {
    for (int block = 0; block < blocks; block++) {
      to.memory.copyBlock(from.memory, from.firstBlock + block, to.firstBlock + block);
    }
  }

  /** Frees memory outside of the heap at once. Nobody may refer to a page any more. */
  @Override
  public void close() {
    if (arena != null) {
      arena.close();
    }
  }
}
