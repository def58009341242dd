package dev.lanewise.core.testing;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** A model of a {@link KeyValueCache}: a list of rows, and the pages that hold them. */
public final class PlainSequence {
  public static final int UNLIMITED = Integer.MAX_VALUE;

  /** A page, which is compared by identity. */
  public static final class PlainPage {
    public int references = 1;
  }

  /** The pages in use, and their maximum number. */
  public record PlainPages(int most, int pageRows, Set<PlainPage> used) {
    public PlainPages(int most, int pageRows) {
      this(most, pageRows, Collections.newSetFromMap(new IdentityHashMap<>()));
    }

    public PlainPage take() {
      PlainPage page = new PlainPage();
      used.add(page);
      return page;
    }

    public void release(PlainPage page) {
      page.references--;
      if (page.references == 0) {
        used.remove(page);
      }
    }

    public int shared() {
      return (int) used.stream().filter(page -> page.references > 1).count();
    }
  }

  /** A row of keys and of values as stored, of all heads, with the tolerance of each element. */
  public record Row(float[] key, float[] value, float[] keyTolerance, float[] valueTolerance) {
    public static Row of(KeyValueFormat format, float[] channels, Heads key, Heads value, int batchEntry, int row) {
      Row stored = new Row(elements(key, batchEntry, row), elements(value, batchEntry, row), new float[0], new float[0]);
      if (format == KeyValueFormat.INT8) {
        return new Row(
            stored.key, stored.value, halfScales(stored.key, key.width(), channels), halfScales(stored.value, value.width(), null));
      }
      round(format, stored.key);
      round(format, stored.value);
      return new Row(stored.key, stored.value, new float[stored.key.length], new float[stored.value.length]);
    }

    private static float[] elements(Heads heads, int batchEntry, int row) {
      float[] x = new float[heads.heads() * heads.width()];
      for (int i = 0; i < x.length; i++) {
        x[i] = heads.get(batchEntry, i / heads.width(), row, i % heads.width());
      }
      return x;
    }

    /** Half the step between two integers, plus an allowance for the rounding of float. */
    private static float[] halfScales(float[] x, int width, float[] channels) {
      float[] halves = new float[x.length];
      for (int head = 0; head < x.length / width; head++) {
        float max = 0;
        for (int i = head * width; i < (head + 1) * width; i++) {
          max = Math.max(max, Math.abs(x[i]) / (channels == null ? 1 : channels[i]));
        }
        for (int i = head * width; i < (head + 1) * width; i++) {
          halves[i] = max / 127 / 2 * (channels == null ? 1 : channels[i]) * (1 + 1e-4f);
        }
      }
      return halves;
    }

    private static void round(KeyValueFormat format, float[] x) {
      for (int i = 0; i < x.length; i++) {
        x[i] =
            switch (format) {
              case F16 -> Float.float16ToFloat(Float.floatToFloat16(x[i]));
              case BF16 -> toBfloat16(x[i]);
              default -> x[i];
            };
      }
    }

    /** The nearest number with eight significant bits, found among the neighbours on both sides. */
    private static float toBfloat16(float x) {
      int bits = Float.floatToRawIntBits(x);
      float down = Float.intBitsToFloat(bits & 0xffff0000);
      float up = Float.intBitsToFloat((bits & 0xffff0000) + 0x10000);
      double toDown = Math.abs((double) x - down);
      double toUp = Math.abs((double) up - x);
      boolean evenDown = (bits & 0x10000) == 0;
      return toDown < toUp || (toDown == toUp && evenDown) ? down : up;
    }
  }

  public final PlainPages pages;
  private final boolean pooled;
  private final int capacity;
  private final int window;
  private final int sinks;

  /** All rows, including those that have been dropped. */
  public final List<Row> rows = new ArrayList<>();

  /** The held pages, by their number in the sequence. */
  public final TreeMap<Integer, PlainPage> held = new TreeMap<>();

  public PlainSequence(PlainPages pages, boolean pooled, int capacity, int window, int sinks) {
    this.pages = pages;
    this.pooled = pooled;
    this.capacity = capacity;
    this.window = window;
    this.sinks = sinks;
  }

  /** The number of pages that are missing for more rows after the drop; −1 if the rows exceed the capacity. */
  public int lacking(int more) {
    if (more == 0) {
      return 0;
    }
    if ((long) rows.size() + more > capacity) {
      return -1;
    }
    int lacking = pageCount(rows.size() + more) - pageCount(rows.size()) + (copiesLast() ? 1 : 0);
    long own = gone().stream().filter(number -> held.get(number).references == 1).count();
    return (int) Math.max(0, lacking - own);
  }

  private int pageCount(int count) {
    return Math.ceilDiv(count, pages.pageRows);
  }

  private boolean copiesLast() {
    return rows.size() % pages.pageRows > 0 && held.lastEntry().getValue().references > 1;
  }

  /** The first row that the query of a row sees. */
  private int firstSeen(int row) {
    return window == UNLIMITED ? 0 : Math.max(0, row + 1 - window);
  }

  /** Pages that neither the query of the last row nor a later query sees. */
  private List<Integer> gone() {
    int first = pageCount(sinks);
    int end = firstSeen(rows.size() - 1) / pages.pageRows;
    return held.keySet().stream().filter(number -> number >= first && number < end).toList();
  }

  /** Adds rows, for which there must be enough pages. */
  public void append(List<Row> more) {
    if (more.isEmpty()) {
      return;
    }
    boolean copies = copiesLast();
    for (int number : gone()) {
      pages.release(held.remove(number));
    }
    if (copies) {
      pages.release(held.lastEntry().getValue());
      held.put(held.lastKey(), pages.take());
    }
    for (int number = pageCount(rows.size()); number < pageCount(rows.size() + more.size()); number++) {
      held.put(number, pages.take());
    }
    rows.addAll(more);
  }

  /** Numbers of the pages that have been dropped. */
  public List<Integer> missing() {
    return IntStream.range(0, pageCount(rows.size())).filter(number -> !held.containsKey(number)).boxed().toList();
  }

  public boolean isStored(int row) {
    return held.containsKey(row / pages.pageRows);
  }

  public boolean canTruncate(int newRows) {
    if (newRows < 0 || newRows > rows.size()) {
      return false;
    }
    List<Integer> missing = missing();
    if (missing.isEmpty() || newRows <= missing.getFirst() * pages.pageRows) {
      return true;
    }
    return IntStream.range(firstSeen(newRows - 1), newRows).noneMatch(row -> missing.contains(row / pages.pageRows));
  }

  public void truncate(int newRows) {
    rows.subList(newRows, rows.size()).clear();
    List.copyOf(held.tailMap(pageCount(newRows)).keySet()).forEach(number -> pages.release(held.remove(number)));
  }

  public PlainSequence fork() {
    PlainPages usedPages = pooled ? pages : new PlainPages(pages.most, pages.pageRows);
    PlainSequence fork = new PlainSequence(usedPages, pooled, capacity, window, sinks);
    fork.rows.addAll(rows);
    held.forEach(
        (number, page) -> {
          if (pooled) {
            page.references++;
          }
          fork.held.put(number, pooled ? page : usedPages.take());
        });
    return fork;
  }
}
