package dev.lanewise.core.cache.page;

import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Objects;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Memory cut into pages, which count who refers to them. Memory comes in pieces as pages are needed and stays until it is closed; the
 * lowest free page is taken first, so that a fresh sequence lies in one stretch. Thread-safe.
 */
public final class Pages implements AutoCloseable {
  /** Of memory that is reserved piece by piece: few enough bytes to zero in a moment, many enough to make few pieces. */
  private static final long LEAST_PIECE = 1L << 20;

  private static final long MOST_PIECE = 1L << 26;

  private static final int PIECES = 8;

  private final CacheSettings settings;
  private final KeyValueLayout layout;
  private final int blocksPerPage;
  private final int most;
  private final boolean growing;
  private final IntUnaryOperator nextPiece;
  private final ArrayList<Piece> pieces = new ArrayList<>();

  /** Every page there is memory for, by number. */
  private @Nullable Page[] all = new @Nullable Page[0];

  private int count;
  private final BitSet free = new BitSet();
  private int freeCount;
  private int lowestFree;

  /** Pages with more than one reference. */
  private int shared;

  /** The pages from one on, whose memory was reserved together; outside of the heap in an arena of its own. */
  private record Piece(int firstPage, @Nullable Arena arena) {
    void close() {
      if (arena != null) {
        arena.close();
      }
    }
  }

  /**
   * @param most how many pages there may be
   * @param growing whether there are as many as have memory so far
   * @param nextPiece from the number of pages there are to how many come next, if memory allows
   */
  private Pages(CacheSettings settings, int most, boolean growing, IntUnaryOperator nextPiece) {
    this.settings = settings;
    this.layout = settings.layout();
    this.blocksPerPage = settings.pageRows / KeyValueLayout.BLOCK_ROWS;
    this.most = most;
    this.growing = growing;
    this.nextPiece = nextPiece;
  }

  /** So many pages, whose memory is reserved in pieces when they are first used. */
  public static Pages fixed(CacheSettings settings, int most) {
    return new Pages(settings, most, false, piece(settings, most));
  }

  /** Any number of pages, whose memory comes in pieces that suit so many. */
  public static Pages unlimited(CacheSettings settings, int usual) {
    return new Pages(settings, Integer.MAX_VALUE / settings.pageRows, false, piece(settings, usual));
  }

  private static IntUnaryOperator piece(CacheSettings settings, int most) {
    long bytes = settings.layout().blockBytes() * (settings.pageRows / KeyValueLayout.BLOCK_ROWS);
    long piece = Math.clamp(most / PIECES * bytes, LEAST_PIECE, MOST_PIECE);
    int pages = Math.clamp(piece / bytes, 1, most);
    return have -> pages;
  }

  /** Memory for so many pages at once, then for as many again as there are, as long as there is memory. */
  public static Pages growing(CacheSettings settings, int first) {
    Pages pages = new Pages(settings, Integer.MAX_VALUE / settings.pageRows, true, have -> Math.max(first, have));
    pages.addPiece();
    return pages;
  }

  /** Other pages of the same kind, none of them in use. */
  Pages another() {
    return new Pages(settings, most, growing, nextPiece);
  }

  public KeyValueLayout layout() {
    return layout;
  }

  public int pageRows() {
    return settings.pageRows;
  }

  /** How many pages there may be. */
  public int most() {
    return most;
  }

  public boolean isGrowing() {
    return growing;
  }

  /** Pages that have memory. */
  public synchronized int reserved() {
    return count;
  }

  /** Pages that somebody refers to. */
  public synchronized int used() {
    return count - freeCount;
  }

  /** Pages that more than one refer to. */
  public synchronized int shared() {
    return shared;
  }

  public long pageBytes() {
    return layout.blockBytes() * blocksPerPage;
  }

  /** Bytes of a row of all heads, with its scales. */
  public long rowBytes() {
    return layout.heads() * layout.rowBytes();
  }

  /**
   * Takes the lowest free pages, one reference each: {@code needed}, or as many as there are if at most {@code spared} are lacking.
   *
   * @param target where to put them, from {@code from} on
   * @return how many have been taken
   * @throws IllegalStateException if fewer are free; none has been taken then
   */
  synchronized int take(int needed, int spared, Page[] target, int from) {
    int taken = Math.min(needed, available(needed - spared));
    while (freeCount < taken) {
      addPiece();
    }
    for (int i = 0; i < taken; i++) {
      int number = free.nextSetBit(lowestFree);
      free.clear(number);
      freeCount--;
      lowestFree = number + 1;
      Page page = Objects.requireNonNull(all[number]);
      page.references = 1;
      target[from + i] = page;
    }
    return taken;
  }

  /**
   * How many pages are free.
   *
   * @throws IllegalStateException if that is fewer than {@code needed}
   */
  synchronized int available(int needed) {
    int available = most - count + freeCount;
    if (needed > available) {
      throw new IllegalStateException(
          "the pool is exhausted: " + needed + " more pages are needed, but " + available + " of " + most + " are free");
    }
    return available;
  }

  private synchronized void addPiece() {
    int pages = Math.min(nextPiece.applyAsInt(count), most - count);
    pages = Math.min(pages, settings.mostBlocks(layout) / blocksPerPage);
    pieces.ensureCapacity(pieces.size() + 1);
    @Nullable Page[] grown = Arrays.copyOf(all, count + pages);
    Arena arena = settings.offHeap ? Arena.ofShared() : null;
    boolean done = false;
    try {
      KeyValueMemory memory = memory(pages * blocksPerPage, arena);
      for (int i = 0; i < pages; i++) {
        grown[count + i] = new Page(count + i, memory, i * blocksPerPage);
      }
      Piece piece = new Piece(count, arena);
      free.set(count, count + pages); // the last step that may run out of memory
      pieces.add(piece);
      done = true;
    } finally {
      if (!done && arena != null) {
        arena.close();
      }
    }
    all = grown;
    lowestFree = Math.min(lowestFree, count);
    count += pages;
    freeCount += pages;
  }

  private KeyValueMemory memory(int blocks, @Nullable Arena arena) {
    return arena == null
        ? KeyValueMemory.heap(layout, blocks, settings.keyChannels)
        : KeyValueMemory.offHeap(layout, blocks, settings.keyChannels, arena);
  }

  /** Memory of the same kind that belongs to no page, and goes when it is forgotten. */
  KeyValueMemory spare(int blocks) {
    return memory(blocks, settings.offHeap ? Arena.ofAuto() : null);
  }

  /** How many pieces of memory there are, for {@link #trim}. */
  synchronized int pieces() {
    return pieces.size();
  }

  /** Gives back the memory of pieces behind the first {@code keep}, as far as nobody uses a page of them: a call that fails leaves none. */
  synchronized void trim(int keep) {
    while (pieces.size() > keep && free.nextClearBit(pieces.getLast().firstPage) >= count) {
      Piece piece = pieces.removeLast();
      free.clear(piece.firstPage, count);
      freeCount -= count - piece.firstPage;
      Arrays.fill(all, piece.firstPage, count, null);
      count = piece.firstPage;
      piece.close();
    }
  }

  /** One more reference to each page from {@code from} on. */
  synchronized void retain(Page[] pages, int from, int count) {
    for (int i = from; i < from + count; i++) {
      if (++pages[i].references == 2) {
        shared++;
      }
    }
  }

  /** One reference less to each page from {@code from} on; one that nobody refers to is free. */
  synchronized void release(Page[] pages, int from, int count) {
    for (int i = from; i < from + count; i++) {
      release(pages[i]);
    }
  }

  synchronized void release(Page page) {
    page.references--;
    if (page.references == 1) {
      shared--;
    } else if (page.references == 0) {
      free.set(page.number);
      freeCount++;
      lowestFree = Math.min(lowestFree, page.number);
    }
  }

  /** How many of these pages others refer to as well. */
  public synchronized int shared(Page[] pages, int from, int count) {
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
  public synchronized void close() {
    pieces.forEach(Piece::close);
    pieces.clear();
  }
}
