package dev.lanewise.core.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.lanewise.core.testing.PlainRotation;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.RotaryTable;
import dev.lanewise.testing.Sample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Random changes of the stored rows of caches of every kind, some of which must fail, compared with plain lists of rows. */
@Tag("twice")
class CacheEditModelTest {
  private static final int OPERATIONS = Sample.count(2000);
  private static final int HEADS = 2;
  private static final int KEY_DIM = 6;
  private static final int VALUE_DIM = 5;
  private static final int POOL_ROWS = 288;
  private static final RotaryTable ROTARY = RotaryTable.of(RotaryTable.Form.INTERLEAVED, new double[] {1, 0.03}, 1.25);

  /** The kinds of events that have occurred; each kind must occur. */
  private static final Set<String> HAPPENED = new HashSet<>();

  @AfterAll
  static void everythingHappened() {
    assertThat(HAPPENED)
        .contains("append", "packed", "truncate", "keep", "reorder", "remove", "shift", "fork", "copy", "read")
        .contains("dropped", "refused", "exhausted");
  }

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

  /** A cache, and its rows: the elements of key and value of all heads, null for a row that has been dropped. */
  private record Twin(KeyValueCache cache, List<float[]> rows) {}

  private static final class Run {
    private final long seed;
    private final Random random;
    private final KeyValueFormat format;
    private final boolean offHeap;
    private final KeyValuePool pool;
    private final List<Twin> twins = new ArrayList<>();
    private String doing = "";

    Run(KeyValueFormat format, int pageRows, boolean offHeap) {
      seed = Problem.SEED + pageRows + 1000L * format.ordinal() + (offHeap ? 1 : 0);
      random = new Random(seed);
      this.format = format;
      this.offHeap = offHeap;
      var builder = KeyValuePool.builder(HEADS, KEY_DIM).valueDim(VALUE_DIM).format(format).pageRows(pageRows).pages(POOL_ROWS / pageRows);
      if (offHeap) {
        builder.offHeap();
      }
      if (hasChannels()) {
        builder.keyChannels(channels());
      }
      pool = builder.build();
    }

    private boolean hasChannels() {
      return format == KeyValueFormat.INT8 && offHeap;
    }

    private static float[] channels() {
      return new float[] {1, 20, 0.1f, 3, 0.5f, 1, 1, 2, 1, 0.3f, 1, 4};
    }

    void all() {
      for (int i = 0; i < OPERATIONS; i++) {
        doing = "operation " + i + ", seed " + seed;
        if (twins.isEmpty() || (twins.size() < 7 && random.nextInt(10) == 0)) {
          twins.add(new Twin(open(), new ArrayList<>()));
        }
        operate(twins.get(random.nextInt(twins.size())));
        twins.forEach(this::check);
        checkPages();
      }
      twins.forEach(twin -> twin.cache.close());
      assertThat(pool.statistics().usedPages()).as(doing).isZero();
      pool.close();
    }

    private void count(String what) {
      HAPPENED.add(what);
    }

    private KeyValueCache open() {
      int window = 1 + random.nextInt(60);
      int sinks = random.nextInt(20);
      return switch (random.nextInt(8)) {
        case 0 -> builder().capacity(150).build();
        case 1 -> builder().capacity(20).growing().build();
        case 2 -> builder().window(window, sinks).build();
        case 3, 4 -> pool.newCache(window, sinks);
        default -> pool.newCache();
      };
    }

    private KeyValueCache.Builder builder() {
      var builder = KeyValueCache.builder(HEADS, KEY_DIM).valueDim(VALUE_DIM).format(format);
      if (offHeap) {
        builder.offHeap();
      }
      return hasChannels() ? builder.keyChannels(channels()) : builder;
    }

    private void operate(Twin twin) {
      switch (random.nextInt(16)) {
        case 0, 1, 2, 3, 4 -> append(List.of(twin));
        case 5 -> append(twins.stream().filter(each -> random.nextBoolean()).toList());
        case 6 -> attempt("truncate", twin, twin.rows.isEmpty() ? 0 : random.nextInt(twin.rows.size() + 1));
        case 7, 8 -> keep(twin, true);
        case 9 -> keep(twin, false);
        case 10, 11 -> remove(twin, false);
        case 12 -> remove(twin, true);
        case 13 -> copy(twin);
        case 14 -> {
          if (twins.size() < 9) {
            count("fork");
            twins.add(new Twin(twin.cache.fork(), new ArrayList<>(twin.rows)));
          }
        }
        default -> {
          twin.cache.close();
          twins.remove(twin);
        }
      }
    }

    private void attempt(String what, Twin twin, int rows) {
      if (tried(what, List.of(twin), () -> twin.cache.truncate(rows))) {
        twin.rows.subList(rows, twin.rows.size()).clear();
      }
    }

    /** Runs an operation; returns whether it was done. If it was refused, nothing must have changed, which {@link #check} sees. */
    private boolean tried(String what, List<Twin> of, Runnable operation) {
      Throwable thrown = catchThrowable(operation::run);
      count(thrown == null ? what : thrown instanceof IllegalStateException ? "exhausted" : "refused");
      if (thrown instanceof IllegalStateException) {
        assertThat(thrown.getMessage()).as(doing).containsAnyOf("exhausted", "full");
      } else if (thrown != null) {
        boolean dropped = of.stream().anyMatch(twin -> twin.rows.contains(null));
        assertThat(dropped).as(doing + ": " + thrown).isTrue(); // the arguments are right otherwise
        assertThat(thrown).as(doing).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("have been dropped");
      }
      return thrown == null;
    }

    private void append(List<Twin> to) {
      int[] starts = new int[to.size() + 1];
      for (int s = 0; s < to.size(); s++) {
        starts[s + 1] = starts[s] + (random.nextInt(3) > 0 ? 1 : random.nextInt(50));
      }
      int rows = starts[to.size()];
      Heads key = Views.random(Views.Layout.ROWS_FIRST, 1, HEADS, rows, KEY_DIM, random.nextLong());
      Heads value = Views.random(Views.Layout.GAPS, 1, HEADS, rows, VALUE_DIM, random.nextLong());
      List<KeyValueCache> caches = to.stream().map(Twin::cache).toList();
      boolean packed = to.size() != 1;
      Runnable call =
          packed
              ? () -> KeyValueCache.appendAll(caches, key, value, PackedSequences.of(starts))
              : () -> caches.getFirst().append(key, value);
      if (tried(packed ? "packed" : "append", to, call)) {
        for (int s = 0; s < to.size(); s++) {
          for (int row = starts[s]; row < starts[s + 1]; row++) {
            to.get(s).rows.add(null);
            readNew(to.get(s), key, value, row);
          }
          forgetDropped(to.get(s));
        }
      }
    }

    /** Reads the stored bits of the last row, and compares them with what was appended. */
    private void readNew(Twin twin, Heads key, Heads value, int from) {
      float[] stored = stored(twin.cache, twin.rows.size() - 1);
      for (int head = 0; head < HEADS; head++) {
        checkHead(stored, head * KEY_DIM, key, head, from, hasChannels() ? channels() : null);
        checkHead(stored, HEADS * KEY_DIM + head * VALUE_DIM, value, head, from, null);
      }
      twin.rows.set(twin.rows.size() - 1, stored);
    }

    private void checkHead(float[] stored, int at, Heads given, int head, int row, float @Nullable [] channels) {
      double[] expected = IntStream.range(0, given.width()).mapToDouble(d -> given.get(0, head, row, d)).toArray();
      for (int d = 0; d < expected.length; d++) {
        double tolerance = PlainRotation.tolerance(format, expected, channels, head * given.width(), d);
        assertThat(Math.abs(stored[at + d] - expected[d])).as(doing).isLessThanOrEqualTo(tolerance);
      }
    }

    private void forgetDropped(Twin twin) {
      CachedSequence rows = twin.cache.acquireShared();
      for (int row = rows.droppedFrom(); row < rows.droppedTo(); row++) {
        count("dropped");
        twin.rows.set(row, null);
      }
      twin.cache.releaseShared();
    }

    private void keep(Twin twin, boolean ascending) {
      int size = twin.rows.size();
      int from = random.nextInt(4) == 0 ? random.nextInt(size + 1) : Math.max(0, size - random.nextInt(30));
      List<Integer> kept = new ArrayList<>(IntStream.range(from, size).filter(row -> random.nextInt(3) > 0).boxed().toList());
      if (!ascending) {
        Collections.shuffle(kept, random);
      }
      int[] rows = kept.stream().mapToInt(Integer::intValue).toArray();
      if (tried(ascending ? "keep" : "reorder", List.of(twin), () -> twin.cache.keep(from, rows))) {
        List<float[]> later = kept.stream().map(twin.rows::get).toList();
        twin.rows.subList(from, size).clear();
        twin.rows.addAll(later);
      }
    }

    private void remove(Twin twin, boolean shift) {
      int size = twin.rows.size();
      int to = random.nextInt(size + 1);
      int from = Math.max(0, to - random.nextInt(40));
      Runnable call = shift ? () -> twin.cache.remove(from, to, ROTARY) : () -> twin.cache.remove(from, to);
      if (!tried(shift ? "shift" : "remove", List.of(twin), call)) {
        return;
      }
      twin.rows.subList(from, to).clear();
      for (int row = from; shift && from < to && row < twin.rows.size(); row++) {
        twin.rows.set(row, shifted(twin.rows.get(row), to - from, stored(twin.cache, row)));
      }
    }

    /** Compares a shifted row with the rotation of the earlier one in double; returns the stored row. */
    private float[] shifted(float[] before, int distance, float[] after) {
      for (int head = 0; head < HEADS; head++) {
        double[] turned = PlainRotation.back(before, head * KEY_DIM, KEY_DIM, ROTARY.form(), new double[] {1, 0.03}, distance);
        for (int d = 0; d < KEY_DIM; d++) {
          double tolerance = PlainRotation.tolerance(format, turned, hasChannels() ? channels() : null, head * KEY_DIM, d);
          assertThat(Math.abs(after[head * KEY_DIM + d] - turned[d])).as(doing).isLessThanOrEqualTo(tolerance);
        }
      }
      int values = HEADS * KEY_DIM;
      assertThat(Arrays.equals(after, values, after.length, before, values, before.length)).as(doing).isTrue();
      return after;
    }

    /** Copies rows to floats and into another cache. */
    private void copy(Twin twin) {
      int size = twin.rows.size();
      int from = random.nextInt(size + 1);
      int to = from + random.nextInt(Math.min(40, size - from) + 1);
      Heads key = Views.random(Views.Layout.GAPS, 1, HEADS, to - from, KEY_DIM, 1);
      Heads value = Views.random(Views.Layout.ROWS_FIRST, 1, HEADS, to - from, VALUE_DIM, 2);
      if (tried("read", List.of(twin), () -> twin.cache.copyTo(from, key, value))) {
        for (int row = from; row < to; row++) {
          float[] expected = twin.rows.get(row);
          for (int i = 0; i < HEADS * KEY_DIM; i++) {
            assertThat(key.get(0, i / KEY_DIM, row - from, i % KEY_DIM)).as(doing).isEqualTo(expected[i]);
          }
          for (int i = 0; i < HEADS * VALUE_DIM; i++) {
            assertThat(value.get(0, i / VALUE_DIM, row - from, i % VALUE_DIM)).as(doing).isEqualTo(expected[HEADS * KEY_DIM + i]);
          }
        }
      }
      Twin target = twins.get(random.nextInt(twins.size()));
      if (target != twin && tried("copy", List.of(twin, target), () -> target.cache.append(twin.cache, from, to))) {
        target.rows.addAll(twin.rows.subList(from, to));
        forgetDropped(target);
      }
    }

    private static float[] stored(KeyValueCache cache, int row) {
      CachedSequence rows = cache.acquireShared();
      KeyValueMemory memory = rows.memory(row / 16);
      int block = rows.physicalBlock(row / 16);
      float[] x = new float[HEADS * (KEY_DIM + VALUE_DIM)];
      for (int head = 0; head < HEADS; head++) {
        memory.readKey(block, head, row % 16, x, head * KEY_DIM, 1);
        memory.readValue(block, head, row % 16, x, HEADS * KEY_DIM + head * VALUE_DIM, 1);
      }
      cache.releaseShared();
      return x;
    }

    private void check(Twin twin) {
      assertThat(twin.cache.rows()).as(doing).isEqualTo(twin.rows.size());
      CachedSequence rows = twin.cache.acquireShared();
      assertThat(rows.droppedTo() - rows.droppedFrom()).as(doing).isEqualTo((int) twin.rows.stream().filter(row -> row == null).count());
      twin.cache.releaseShared();
      for (int row = 0; row < twin.rows.size(); row++) {
        float[] expected = twin.rows.get(row);
        if (expected != null && !Arrays.equals(stored(twin.cache, row), expected)) {
          throw new AssertionError("row " + row + " differs: " + doing);
        }
      }
    }

    /** The pages that are used, and those that are shared, are those that caches refer to. */
    private void checkPages() {
      Map<List<Object>, Integer> references = new HashMap<>();
      for (Twin twin : twins) {
        int blocks = twin.cache.table().pages().pageRows() / 16;
        CachedSequence rows = twin.cache.acquireShared();
        Set<List<Object>> own = new HashSet<>();
        for (int row = 0; row < rows.rows(); row += 16) {
          boolean last = row / 16 == rows.rows() / 16 && rows.memory(row / 16).blocks() == 1; // a copy, which is no page
          if ((row < rows.droppedFrom() || row >= rows.droppedTo()) && !last) {
            own.add(List.of(System.identityHashCode(rows.memory(row / 16)), rows.physicalBlock(row / 16) / blocks));
          }
        }
        twin.cache.releaseShared();
        assertThat(twin.cache.statistics().pages()).as(doing).isEqualTo(own.size());
        own.forEach(page -> references.merge(page, 1, Integer::sum));
      }
      assertThat(pool.statistics().sharedPages()).as(doing).isEqualTo((int) references.values().stream().filter(n -> n > 1).count());
    }
  }
}
