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
 * Memory divided into pages with reference counts. Memory is reserved in slabs when pages are needed, and stays reserved until it is
 * closed. The lowest free page is taken first, so that the pages of a new sequence are adjacent. Thread-safe.
 */
public final class Pages implements AutoCloseable {
  /** Preferred size of a slab: small enough to clear in a moment, large enough to keep the number of slabs low. */
  private static final long LEAST_SLAB = 1L << 20;

  private static final long MOST_SLAB = 1L << 26;

  private static final int SLABS = 8;

  private final CacheSettings settings;
  private final KeyValueLayout layout;
  private final int blocksPerPage;
  private final int most;
  private final boolean growing;
  private final IntUnaryOperator nextSlab;
  private final ArrayList<Slab> slabs = new ArrayList<>();

  /** All pages with memory, by number. */
  private @Nullable Page[] all = new @Nullable Page[0];

  private int count;
  private final BitSet free = new BitSet();
  private int freeCount;
  private int lowestFree;

  /** Number of pages with more than one reference. */
  private int shared;

  /** The pages from {@code firstPage} on whose memory was reserved together; outside the heap it has an arena of its own. */
  private record Slab(int firstPage, @Nullable Arena arena) {
    void close() {
      if (arena != null) {
        arena.close();
      }
    }
  }

  /**
   * Creates an empty set of pages.
   *
   * @param most maximum number of pages
   * @param growing whether only pages with memory count as available
   * @param nextSlab computes from the number of existing pages how many the next slab adds, if memory allows
   */
  private Pages(CacheSettings settings, int most, boolean growing, IntUnaryOperator nextSlab) {
    this.settings = settings;
    this.layout = settings.layout();
    this.blocksPerPage = settings.pageRows / KeyValueLayout.BLOCK_ROWS;
    this.most = most;
    this.growing = growing;
    this.nextSlab = nextSlab;
  }

  /** A fixed number of pages. Their memory is reserved in slabs when they are first used. */
  public static Pages fixed(CacheSettings settings, int most) {
    return new Pages(settings, most, false, slab(settings, most));
  }

  /** Any number of pages. The size of the slabs suits {@code usual} pages. */
  public static Pages unlimited(CacheSettings settings, int usual) {
    return new Pages(settings, Integer.MAX_VALUE / settings.pageRows, false, slab(settings, usual));
  }

  private static IntUnaryOperator slab(CacheSettings settings, int most) {
    long bytes = settings.layout().blockBytes() * (settings.pageRows / KeyValueLayout.BLOCK_ROWS);
    long slab = Math.clamp(most / SLABS * bytes, LEAST_SLAB, MOST_SLAB);
    int pages = Math.clamp(slab / bytes, 1, most);
    return have -> pages;
  }

  /**
   * Reserves memory for {@code first} pages at once, and doubles the number of pages whenever it is used up, as long as there is memory.
   */
  public static Pages growing(CacheSettings settings, int first) {
    Pages pages = new Pages(settings, Integer.MAX_VALUE / settings.pageRows, true, have -> Math.max(first, have));
    pages.addSlab();
    return pages;
  }

  /** Creates unused pages of the same kind. */
  Pages another() {
    return new Pages(settings, most, growing, nextSlab);
  }

  public KeyValueLayout layout() {
    return layout;
  }

  /** The form of the rows, for copies and files. */
  RowForm rowForm() {
    return new RowForm(layout, settings.keyChannels);
  }

  public int pageRows() {
    return settings.pageRows;
  }

  /** Maximum number of pages. */
  public int most() {
    return most;
  }

  public boolean isGrowing() {
    return growing;
  }

  /** Number of pages with memory. */
  public synchronized int reserved() {
    return count;
  }

  /** Number of pages with references. */
  public synchronized int used() {
    return count - freeCount;
  }

  /** Number of pages with more than one reference. */
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
   * Takes the lowest free pages, with one reference each: {@code needed} pages, or all free pages if at most {@code spared} are missing.
   *
   * @param target receives the pages, from {@code from} on
   * @return how many pages have been taken
   * @throws IllegalStateException if fewer are free; none has been taken then
   */
  synchronized int take(int needed, int spared, Page[] target, int from) {
    int taken = Math.min(needed, available(needed - spared));
    while (freeCount < taken) {
      addSlab();
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
   * Number of free pages.
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

  private synchronized void addSlab() {
    int pages = Math.min(nextSlab.applyAsInt(count), most - count);
    pages = Math.min(pages, settings.mostBlocks(layout) / blocksPerPage);
    slabs.ensureCapacity(slabs.size() + 1);
    @Nullable Page[] grown = Arrays.copyOf(all, count + pages);
    Arena arena = settings.offHeap ? Arena.ofShared() : null;
    boolean done = false;
    try {
      KeyValueMemory memory = memory(pages * blocksPerPage, arena);
      for (int i = 0; i < pages; i++) {
        grown[count + i] = new Page(count + i, memory, i * blocksPerPage);
      }
      Slab slab = new Slab(count, arena);
      free.set(count, count + pages); // the last step that may run out of memory
      slabs.add(slab);
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

  /** Memory of the same kind outside all pages, which is freed by garbage collection. */
  KeyValueMemory spare(int blocks) {
    return memory(blocks, settings.offHeap ? Arena.ofAuto() : null);
  }

  /** Number of slabs, for {@link #trim}. */
  synchronized int slabs() {
    return slabs.size();
  }

  /** Frees the slabs after the first {@code keep} whose pages have no references, so that a failed call leaves no memory reserved. */
  synchronized void trim(int keep) {
    while (slabs.size() > keep && free.nextClearBit(slabs.getLast().firstPage) >= count) {
      Slab slab = slabs.removeLast();
      free.clear(slab.firstPage, count);
      freeCount -= count - slab.firstPage;
      Arrays.fill(all, slab.firstPage, count, null);
      count = slab.firstPage;
      slab.close();
    }
  }

  /** Adds a reference to each page from {@code from} on. */
  synchronized void retain(Page[] pages, int from, int count) {
    for (int i = from; i < from + count; i++) {
      if (++pages[i].references == 2) {
        shared++;
      }
    }
  }

  /** Removes a reference from each page from {@code from} on. A page without references becomes free. */
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

  /** Number of these pages that other sequences refer to as well. */
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

  /** Copies the contents of the first blocks of a page. */
  void copy(Page from, Page to, int blocks) {
    for (int block = 0; block < blocks; block++) {
      to.memory.copyBlock(from.memory, from.firstBlock + block, to.firstBlock + block);
    }
  }

  /** Frees memory outside the heap at once. No page may have references any more. */
  @Override
  public synchronized void close() {
    slabs.forEach(Slab::close);
    slabs.clear();
  }
}
