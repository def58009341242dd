package dev.lanewise.core.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.lanewise.core.testing.CachedRows;
import dev.lanewise.core.testing.PlainSequence;
import dev.lanewise.core.testing.PlainSequence.PlainPage;
import dev.lanewise.core.testing.PlainSequence.PlainPages;
import dev.lanewise.core.testing.PlainSequence.Row;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.testing.Sample;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Random operations on caches of every kind, some of which must fail, compared with lists of rows and of pages. */
@Tag("once")
class KeyValueModelTest {
  private static final int OPERATIONS = Sample.extent() == Sample.Extent.THOROUGH ? 2500 : 1200;
  private static final int HEADS = 2;
  private static final int HEAD_DIM = 3;
  private static final int VALUE_DIM = 5;
  private static final int POOL_ROWS = 432;
  private static final int CAPACITY = 50;

  static Stream<Arguments> settings() {
    return Stream.of(KeyValueFormat.values())
        .flatMap(
            format ->
                Stream.of(16, 48).flatMap(pageRows -> Stream.of(false, true).map(offHeap -> Arguments.of(format, pageRows, offHeap))));
  }

  @ParameterizedTest
  @MethodSource("settings")
  void holdsTheSameRowsAsLists(KeyValueFormat format, int pageRows, boolean offHeap) {
    new Run(format, pageRows, offHeap).all();
  }

  /** A cache and a model of its contents. */
  private record Twin(KeyValueCache cache, PlainSequence model) {}

  private static final class Run {
    private final long seed;
    private final Random random;
    private final KeyValueFormat format;
    private final boolean offHeap;
    private final float[] channels;
    private final KeyValuePool pool;
    private final PlainPages plainPages;
    private final List<Twin> twins = new ArrayList<>();
    private String doing = "";

    /** Counts of each kind of event; each kind must occur. */
    private final Map<String, Integer> happened = new HashMap<>();

    Run(KeyValueFormat format, int pageRows, boolean offHeap) {
      seed = Problem.SEED + pageRows + 1000L * format.ordinal() + (offHeap ? 1 : 0);
      random = new Random(seed);
      this.format = format;
      this.offHeap = offHeap;
      channels = format == KeyValueFormat.INT8 && offHeap ? new float[] {1, 20, 0.1f, 3, 0.5f, 1} : null;
      var builder = KeyValuePool.builder(HEADS, HEAD_DIM).valueDim(VALUE_DIM).format(format).pageRows(pageRows).pages(POOL_ROWS / pageRows);
      if (offHeap) {
        builder.offHeap();
      }
      if (channels != null) {
        builder.keyChannels(channels);
      }
      pool = builder.build();
      plainPages = new PlainPages(POOL_ROWS / pageRows, pageRows);
    }

    void all() {
      for (int i = 0; i < OPERATIONS; i++) {
        Twin twin = twins.isEmpty() ? null : twins.get(random.nextInt(twins.size()));
        if (twin == null || (twins.size() < 8 && random.nextInt(12) == 0)) {
          twin = open();
        }
        doing = "operation " + i + ", seed " + seed;
        operate(twin);
        checkPages();
        if (i % 20 == 0) {
          twins.forEach(this::checkElements);
        }
      }
      assertThat(happened.keySet())
          .as(doing)
          .contains(
              "append", "full", "exhausted", "appendAll", "all refused", "fork", "truncate", "bad truncate", "reset", "close", "dropped");
      twins.forEach(each -> each.cache.close());
      assertThat(pool.statistics().usedPages()).as(doing).isZero();
      pool.close();
    }

    private void count(String what) {
      happened.merge(what, 1, Integer::sum);
    }

    private Twin open() {
      int window = 1 + random.nextInt(100);
      int sinks = random.nextInt(40);
      PlainPages own = new PlainPages(PlainSequence.UNLIMITED, KeyValueLayout.BLOCK_ROWS);
      int unlimited = PlainSequence.UNLIMITED;
      Twin twin =
          switch (random.nextInt(10)) {
            case 0, 5 -> new Twin(builder().capacity(CAPACITY).build(), new PlainSequence(own, false, CAPACITY, unlimited, 0));
            case 1 -> new Twin(builder().capacity(20).growing().build(), new PlainSequence(own, false, unlimited, unlimited, 0));
            case 2 -> new Twin(builder().window(window, sinks).build(), new PlainSequence(own, false, unlimited, window, sinks));
            case 3, 4 -> new Twin(pool.newCache(window, sinks), new PlainSequence(plainPages, true, unlimited, window, sinks));
            default -> new Twin(pool.newCache(), new PlainSequence(plainPages, true, unlimited, unlimited, 0));
          };
      twins.add(twin);
      return twin;
    }

    private KeyValueCache.Builder builder() {
      var builder = KeyValueCache.builder(HEADS, HEAD_DIM).valueDim(VALUE_DIM).format(format);
      if (offHeap) {
        builder.offHeap();
      }
      return channels == null ? builder : builder.keyChannels(channels);
    }

    private void operate(Twin twin) {
      int choice = random.nextInt(100);
      if (choice < 60) {
        append(List.of(twin), false);
      } else if (choice < 75) {
        List<Twin> some = twins.stream().filter(each -> random.nextBoolean()).toList();
        append(some, true);
      } else if (choice < 88) {
        truncate(twin);
      } else if (choice < 90) {
        count("fork");
        if (twins.size() < 10) {
          twins.add(new Twin(twin.cache.fork(), twin.model.fork()));
        }
      } else if (choice < 92) {
        count("reset");
        twin.cache.reset();
        twin.model.truncate(0);
      } else if (choice < 97) {
        count("close");
        twin.cache.close();
        twin.model.truncate(0);
        twins.remove(twin);
      }
    }

    private void append(List<Twin> to, boolean all) {
      int rows = random.nextInt(3) > 0 ? 1 : random.nextInt(50);
      Heads key = Views.random(Views.Layout.ROWS_FIRST, to.size(), HEADS, rows, HEAD_DIM, random.nextLong());
      Heads value = Views.random(Views.Layout.GAPS, to.size(), HEADS, rows, VALUE_DIM, random.nextLong());
      Runnable call =
          () -> {
            if (all) {
              KeyValueCache.appendAll(to.stream().map(Twin::cache).toList(), key, value);
            } else {
              to.getFirst().cache.append(key, value);
            }
          };
      boolean full = to.stream().anyMatch(each -> each.model.lacking(rows) < 0);
      int lacking = to.stream().filter(each -> each.model.pages == plainPages).mapToInt(each -> each.model.lacking(rows)).sum();
      if (full || lacking > plainPages.most() - plainPages.used().size()) {
        count(all ? "all refused" : full ? "full" : "exhausted");
        Throwable thrown = catchThrowable(call::run);
        assertThat(thrown).as(doing).isExactlyInstanceOf(IllegalStateException.class);
        assertThat(thrown.getMessage()).as(doing).containsAnyOf("full", "exhausted");
        return;
      }
      count(all ? "appendAll" : "append");
      call.run();
      for (int b = 0; b < to.size(); b++) {
        List<Row> added = new ArrayList<>();
        for (int row = 0; row < rows; row++) {
          added.add(Row.of(format, channels, key, value, b, row));
        }
        to.get(b).model.append(added);
      }
    }

    private void truncate(Twin twin) {
      int size = twin.model.rows.size();
      int rows = random.nextInt(3) == 0 ? random.nextInt(-1, size + 2) : Math.max(0, size - random.nextInt(6));
      if (twin.model.canTruncate(rows)) {
        count("truncate");
        twin.cache.truncate(rows);
        twin.model.truncate(rows);
      } else {
        count("bad truncate");
        assertThatThrownBy(() -> twin.cache.truncate(rows)).as(doing).isExactlyInstanceOf(IllegalArgumentException.class);
      }
    }

    /** Checks the pages in use, and that caches share exactly the pages that they should share. */
    private void checkPages() {
      KeyValuePool.Statistics statistics = pool.statistics();
      assertThat(statistics.usedPages()).as(doing).isEqualTo(plainPages.used().size());
      assertThat(statistics.sharedPages()).as(doing).isEqualTo(plainPages.shared());
      assertThat(statistics.caches()).as(doing).isEqualTo((int) twins.stream().filter(twin -> twin.model.pages == plainPages).count());
      IdentityHashMap<KeyValueMemory, Map<Integer, PlainPage>> byPlace = new IdentityHashMap<>();
      IdentityHashMap<PlainPage, Integer> physical = new IdentityHashMap<>();
      for (Twin twin : twins) {
        checkStatistics(twin);
        CachedSequence rows = twin.cache.acquireShared();
        twin.model.held.forEach(
            (number, page) -> {
              int block = number * twin.model.pages.pageRows() / KeyValueLayout.BLOCK_ROWS;
              int place = rows.physicalBlock(block);
              assertThat(byPlace.computeIfAbsent(rows.memory(block), memory -> new HashMap<>()).computeIfAbsent(place, p -> page))
                  .as(doing)
                  .isSameAs(page);
              assertThat(physical.computeIfAbsent(page, p -> place)).as(doing).isEqualTo(place);
            });
        twin.cache.releaseShared();
      }
    }

    private void checkStatistics(Twin twin) {
      PlainSequence model = twin.model;
      KeyValueCache.Statistics statistics = twin.cache.statistics();
      List<Integer> missing = model.missing();
      count(missing.isEmpty() ? "kept" : "dropped");
      long rowBytes = (long) HEADS * ((HEAD_DIM + VALUE_DIM) * format.bytes() + (format == KeyValueFormat.INT8 ? 8 : 0));
      assertThat(statistics.rows()).as(doing).isEqualTo(model.rows.size()).isEqualTo(twin.cache.rows());
      assertThat(statistics.storedRows()).as(doing).isEqualTo(model.rows.size() - missing.size() * model.pages.pageRows());
      assertThat(statistics.bytesUsed()).as(doing).isEqualTo(statistics.storedRows() * rowBytes);
      assertThat(statistics.pages()).as(doing).isEqualTo(model.held.size());
      assertThat(statistics.sharedPages()).as(doing).isEqualTo((int) model.held.values().stream().filter(p -> p.references > 1).count());
      assertThat(statistics.bytesReserved()).as(doing).isGreaterThanOrEqualTo(statistics.bytesUsed());
    }

    private void checkElements(Twin twin) {
      CachedSequence rows = twin.cache.acquireShared();
      List<Integer> missing = twin.model.missing();
      int pageRows = twin.model.pages.pageRows();
      assertThat(rows.droppedTo() - rows.droppedFrom()).as(doing).isEqualTo(missing.size() * pageRows);
      if (!missing.isEmpty()) {
        assertThat(rows.droppedFrom()).as(doing).isEqualTo(missing.getFirst() * pageRows);
      }
      for (int row = 0; row < twin.model.rows.size(); row++) {
        if (twin.model.isStored(row)) {
          checkRow(rows, row, twin.model.rows.get(row));
        }
      }
      twin.cache.releaseShared();
    }

    private void checkRow(CachedSequence rows, int row, Row expected) {
      int block = row / KeyValueLayout.BLOCK_ROWS;
      int inBlock = row % KeyValueLayout.BLOCK_ROWS;
      KeyValueMemory memory = rows.memory(block);
      int place = rows.physicalBlock(block);
      for (int i = 0; i < HEADS * HEAD_DIM; i++) {
        float stored = CachedRows.key(memory, place, i / HEAD_DIM, inBlock, i % HEAD_DIM);
        check("key", row, i, stored, expected.key()[i], expected.keyTolerance()[i]);
      }
      for (int i = 0; i < HEADS * VALUE_DIM; i++) {
        float stored = CachedRows.value(memory, place, i / VALUE_DIM, inBlock, i % VALUE_DIM);
        check("value", row, i, stored, expected.value()[i], expected.valueTolerance()[i]);
      }
    }

    private void check(String what, int row, int i, float stored, float expected, float tolerance) {
      if (!(Math.abs(stored - expected) <= tolerance)) {
        throw new AssertionError(
            what + " " + row + ", element " + i + " is " + stored + ", not " + expected + " ± " + tolerance + "; " + doing);
      }
    }
  }
}
