package dev.lanewise.core.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.lanewise.core.cache.page.CacheTransaction;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.core.position.RotaryScaling;
import dev.lanewise.core.testing.CacheStates;
import dev.lanewise.core.testing.CachedRows;
import dev.lanewise.core.testing.PlainRotation;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.RotaryTable;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Rows kept and removed: rotary positions, refusals, and changes of several caches that are made together or not at all. */
@Tag("twice")
class CacheEditTest {
  private static final int HEADS = 3;
  private static final int DIM = 16;
  private static final int ROWS = 90;
  private static final int FROM = 5;
  private static final int TO = 47;

  static Stream<Arguments> rotations() {
    double[] caller = {1, 0.5, 0.1, 0.01};
    float[] cosines = new float[100 * caller.length];
    float[] sines = new float[100 * caller.length];
    for (int i = 0; i < cosines.length; i++) {
      int position = i / caller.length;
      double angle = 0.3 + position * caller[i % caller.length];
      cosines[i] = (float) (1.5 * Math.cos(angle));
      sines[i] = (float) (1.5 * Math.sin(angle));
    }
    RotaryTable given = RotaryTable.of(RotaryTable.Form.INTERLEAVED, cosines, sines, 100, caller.length);
    return Stream.of(KeyValueFormat.values())
        .flatMap(
            format ->
                Stream.of(
                        Rotary.of(DIM),
                        Rotary.of(DIM, 6).withForm(RotaryTable.Form.INTERLEAVED),
                        Rotary.of(DIM).withForm(RotaryTable.Form.INTERLEAVED).withBase(500_000),
                        Rotary.of(DIM, 10).withScaling(RotaryScaling.yarn(4, 64)),
                        Rotary.of(DIM).withScaling(RotaryScaling.llama3(8, 1, 4, 64)),
                        Rotary.of(DIM, given))
                    .map(rotary -> Arguments.of(format, rotary)));
  }

  /** Keys before the rotation, and the angles of the formula, are all that the expected keys depend on. */
  @ParameterizedTest
  @MethodSource("rotations")
  void laterKeysHaveThePositionsOfTheirNewRows(KeyValueFormat format, Rotary rotary) {
    Heads key = Views.random(Views.Layout.DENSE, 1, HEADS, ROWS, DIM, 1);
    Heads value = Views.random(Views.Layout.DENSE, 1, HEADS, ROWS, DIM, 2);
    Heads rotated = Heads.zeros(1, HEADS, ROWS, DIM);
    rotary.apply(key, rotated, 0);
    try (KeyValueCache cache = KeyValueCache.builder(HEADS, DIM).format(format).capacity(ROWS).build();
        KeyValueCache values = KeyValueCache.builder(HEADS, DIM).format(format).capacity(ROWS).build()) {
      cache.append(rotated, value);
      values.append(rotated, value);
      cache.remove(FROM, TO, rotary.table());
      values.remove(FROM, TO);
      int rows = ROWS - (TO - FROM);
      assertThat(cache.rows()).isEqualTo(rows);
      Heads actual = Heads.zeros(1, HEADS, rows, DIM);
      Heads actualValue = Heads.zeros(1, HEADS, rows, DIM);
      Heads expectedValue = Heads.zeros(1, HEADS, rows, DIM);
      values.copyTo(0, Heads.zeros(1, HEADS, rows, DIM), expectedValue);
      cache.copyTo(0, actual, actualValue);
      Views.assertSameBits(actualValue.data(), expectedValue.data(), "values");
      for (int row = 0; row < rows; row++) {
        int source = row < FROM ? row : row + TO - FROM;
        for (int head = 0; head < HEADS; head++) {
          double[] expected = turned(rotary.table(), key, head, source, row);
          for (int d = 0; d < DIM; d++) {
            double tolerance = 2 * PlainRotation.tolerance(format, expected, null, 0, d) + firstRounding(format, expected);
            assertThat(Math.abs(actual.get(0, head, row, d) - expected[d])).as(row + ", " + head + ", " + d).isLessThan(tolerance);
          }
        }
      }
    }
  }

  /** The rounding of the other element of a pair, and for 8-bit integers that of the row before it was rotated. */
  private static double firstRounding(KeyValueFormat format, double[] expected) {
    double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    return switch (format) {
      case F32 -> 0;
      case F16 -> largest * 0x1p-10;
      case BF16 -> largest * 0x1p-7;
      case INT8 -> largest * 2 / 127;
    };
  }

  /** The key of a row, rotated to a position by the cosines and sines of the table in double. */
  private static double[] turned(RotaryTable table, Heads key, int head, int row, int position) {
    float[] angles = new float[table.rowSize()];
    table.compute(position, angles, 0);
    double[] y = IntStream.range(0, DIM).mapToDouble(d -> key.get(0, head, row, d)).toArray();
    boolean half = table.form() == RotaryTable.Form.HALF;
    for (int pair = 0; pair < table.pairs(); pair++) {
      int left = half ? pair : 2 * pair;
      int right = half ? pair + table.pairs() : 2 * pair + 1;
      double cosine = angles[left];
      double sine = half ? angles[table.pairs() + pair] : angles[2 * table.pairs() + right];
      double a = y[left];
      double b = y[right];
      y[left] = a * cosine - b * sine;
      y[right] = b * cosine + a * sine;
    }
    return y;
  }

  /** The error grows by a rounding for each removal, and not with the distance. */
  @Test
  void theContextMayBeShiftedAThousandTimes() {
    Rotary rotary = Rotary.of(DIM).withScaling(RotaryScaling.yarn(8, 64));
    try (KeyValueCache cache = KeyValueCache.builder(1, DIM).capacity(64).build()) {
      Heads sample = Views.random(Views.Layout.DENSE, 1, 1, 1, DIM, 3);
      Heads turned = Heads.zeros(1, 1, 1, DIM);
      for (int row = 0; row < 50; row++) {
        rotary.apply(sample, turned, row);
        cache.append(turned, turned);
      }
      for (int i = 0; i < 1000; i++) {
        cache.remove(4, 5, rotary.table());
        rotary.apply(sample, turned, 49);
        cache.append(turned, turned);
        if (i % 100 == 0) {
          Heads key = Heads.zeros(1, 1, 1, DIM);
          for (int row = 0; row < 50; row++) {
            cache.copyTo(row, key, Heads.zeros(1, 1, 1, DIM));
            rotary.apply(sample, turned, row);
            for (int d = 0; d < DIM; d++) {
              assertThat(key.data()[d]).isCloseTo(turned.data()[d], org.assertj.core.api.Assertions.within(5e-6f));
            }
          }
        }
      }
    }
  }

  private static KeyValueCache cache() {
    KeyValueCache cache = KeyValueCache.builder(2, 4).capacity(25).build();
    CachedRows.append(cache, 20, 0);
    return cache;
  }

  private static Wrong argument(String call, Consumer<KeyValueCache> action, String... words) {
    return Wrong.argument(
        call,
        written -> {
          try (KeyValueCache cache = cache()) {
            KeyValueCache.Statistics before = cache.statistics();
            try {
              action.accept(cache);
            } finally {
              assertThat(cache.statistics()).isEqualTo(before);
              cache.keep(0, 19, 3); // works after the refusal
              assertThat(CachedRows.key(cache, 0)).isEqualTo(19);
              assertThat(CachedRows.value(cache, 1)).isEqualTo(-3);
            }
          }
        },
        words);
  }

  static Stream<Wrong> wrongArguments() {
    Heads three = Heads.zeros(1, 2, 3, 4);
    RotaryTable sections = RotaryTable.of(RotaryTable.Form.HALF, new double[] {1, 1}, 1).withSections(1, 1);
    RotaryTable zero = RotaryTable.of(RotaryTable.Form.HALF, new double[] {1, 1}, 0);
    RotaryTable four = RotaryTable.of(RotaryTable.Form.HALF, new float[8], new float[8], 4, 2);
    return Stream.of(
        argument("from below 0", cache -> cache.keep(-1), "from", "-1", "0", "20"),
        argument("from above", cache -> cache.keep(21), "from", "21", "0", "20"),
        argument("a row before from", cache -> cache.keep(5, 5, 4), "rows[1]", "4", "5", "19"),
        argument("a row too many", cache -> cache.keep(5, 20), "rows[0]", "20", "5", "19"),
        argument("a row twice", cache -> cache.keep(5, 9, 7, 9), "rows[2]", "9"),
        argument("wrong order", cache -> cache.remove(5, 4), "from", "5", "to", "4"),
        argument("to above", cache -> cache.remove(5, 21), "from", "5", "to", "21", "20"),
        argument("remove below 0", cache -> cache.remove(-2, 4), "from", "-2", "20"),
        argument("sections", cache -> cache.remove(1, 4, sections), "table", "2", "sections"),
        argument("rotaryDim", cache -> cache.remove(1, 4, Rotary.of(6).table()), "table.rotaryDim", "6", "headDim", "4"),
        argument("factor 0", cache -> cache.remove(1, 4, zero), "table", "0.0", "3"),
        argument("a short table", cache -> cache.remove(1, 5, four), "to", "from", "4", "3"),
        argument("read below 0", cache -> cache.copyTo(-1, three, Heads.zeros(1, 2, 3, 4)), "from", "-1", "3", "20"),
        argument("read above", cache -> cache.copyTo(18, three, Heads.zeros(1, 2, 3, 4)), "from", "18", "key.rows", "3", "20"),
        argument("read into one array", cache -> cache.copyTo(0, three, three), "value", "overlaps", "key"),
        argument("other heads", cache -> cache.copyTo(0, Heads.zeros(1, 3, 3, 4), three), "key.heads", "3", "keyValueHeads", "2"),
        argument("the cache itself", cache -> cache.append(cache, 0, 1), "source"),
        argument("other format", cache -> cache.append(other(), 0, 1), "format", "source", "F16", "F32"),
        argument("packed rows", cache -> appendPacked(cache, 4), "key.rows", "3", "4"),
        argument("packed sequences", cache -> appendPacked(cache, 1, 3), "caches", "1", "2"));
  }

  private static void appendPacked(KeyValueCache cache, int... ends) {
    int[] starts = IntStream.concat(IntStream.of(0), Arrays.stream(ends)).toArray();
    Heads three = Heads.zeros(1, 2, 3, 4);
    KeyValueCache.appendAll(List.of(cache), three, three, PackedSequences.of(starts));
  }

  private static KeyValueCache other() {
    return KeyValueCache.builder(2, 4).format(KeyValueFormat.F16).capacity(25).build();
  }

  @ParameterizedTest
  @MethodSource("wrongArguments")
  void wrongCallsChangeNothing(Wrong wrong) {
    wrong.verify();
  }

  @Test
  void closedAndUsedCachesRefuse() {
    KeyValueCache cache = cache();
    Heads row = Heads.zeros(1, 2, 1, 4);
    RotaryTable table = Rotary.of(4).table();
    List<Runnable> changes = List.of(() -> cache.keep(0, 1), () -> cache.remove(0, 1), () -> cache.remove(0, 1, table));
    cache.acquireShared();
    changes.forEach(change -> assertThatThrownBy(change::run).hasMessageContaining("in use"));
    cache.copyTo(0, row, Heads.zeros(1, 2, 1, 4)); // other readers may read
    cache.releaseShared();
    assertThat(cache.rows()).isEqualTo(20);
    try (KeyValueCache other = cache()) {
      cache.close();
      assertThatThrownBy(() -> other.append(cache, 0, 1)).isInstanceOf(IllegalStateException.class).hasMessage("the cache is closed");
      other.truncate(1); // is not locked any more
    }
    changes.forEach(change -> assertThatThrownBy(change::run).isInstanceOf(IllegalStateException.class).hasMessage("the cache is closed"));
    assertThatThrownBy(() -> cache.copyTo(0, row, Heads.zeros(1, 2, 1, 4))).hasMessage("the cache is closed");
  }

  @Test
  void windowsRefuseToMoveRowsToWhereRowsWereDropped() {
    try (KeyValueCache cache = KeyValueCache.builder(2, 4).window(10, 3).build()) {
      for (int row = 0; row < 100; row++) {
        CachedRows.append(cache, 1, row);
      }
      assertThat(cache.table().droppedTo()).isEqualTo(80);
      assertThatThrownBy(() -> cache.keep(20, 95)).isInstanceOf(IllegalArgumentException.class).hasMessageContainingAll("20", "80");
      assertThatThrownBy(() -> cache.remove(4, 6)).isInstanceOf(IllegalArgumentException.class).hasMessageContainingAll("4", "80");
      assertThatThrownBy(() -> cache.remove(81, 98)).isInstanceOf(IllegalArgumentException.class).hasMessageContainingAll("83", "73", "80");
      cache.keep(95, 97, 99);
      assertThat(CachedRows.key(cache, 95)).isEqualTo(97);
      cache.remove(90, 96);
      assertThat(cache.rows()).isEqualTo(91);
      assertThat(CachedRows.key(cache, 90)).isEqualTo(99);
      cache.keep(5); // before all dropped rows
      assertThat(cache.statistics().storedRows()).isEqualTo(5);
    }
  }

  /** The second cache of a stack refuses, for a reason of its own: nothing changes in the first. */
  @ParameterizedTest
  @EnumSource(KeyValueFormat.class)
  void stacksChangeTogetherOrNotAtAll(KeyValueFormat format) {
    try (KeyValuePool pool = KeyValuePool.builder(2, 4).format(format).pages(3).build();
        KeyValueCache first = KeyValueCache.builder(2, 4).format(format).capacity(60).build()) {
      KeyValueCache shared = pool.newCache();
      CachedRows.append(shared, 40, 0); // all pages of the pool
      CachedRows.append(first, 40, 0);
      try (KeyValueCache second = shared.fork()) {
        List<KeyValueCache> stack = List.of(first, second);
        List<RotaryTable> tables = Collections.nCopies(2, null);
        String before = describe(first) + describe(second) + pool.statistics();
        assertExhausted(() -> inTransaction(stack, (transaction, caches) -> transaction.keep(caches, 1, 3, 2)));
        assertExhausted(() -> inTransaction(stack, (transaction, caches) -> transaction.remove(caches, 30, 35, tables)));
        assertThat(describe(first) + describe(second) + pool.statistics()).isEqualTo(before);
        Throwable tooMany = catchThrowable(() -> inTransaction(List.of(second, first), (t, caches) -> t.truncate(caches, 41)));
        assertThat(tooMany).hasMessageContainingAll("41", "40");
        shared.close();
        inTransaction(stack, (transaction, caches) -> transaction.keep(caches, 1, 3, 2));
        assertThat(describe(first)).isEqualTo(describe(second));
        CachedRows.append(first, 37, 5);
        CachedRows.append(second, 37, 5);
        inTransaction(stack, (transaction, caches) -> transaction.remove(caches, 1, 5, tables));
        inTransaction(stack, (transaction, caches) -> transaction.truncate(caches, 30));
        assertThat(describe(first)).isEqualTo(describe(second));
        assertThat(first.rows()).isEqualTo(30);
      }
    }
  }

  /** The first cache has taken pages for copies when the second refuses. */
  @Test
  void aRefusalGivesThePagesOfTheOtherCachesBack() {
    try (KeyValuePool pool = KeyValuePool.builder(2, 4).pages(1000).build();
        KeyValueCache prompt = pool.newCache();
        KeyValueCache small = pool.newCache()) {
      CachedRows.append(prompt, 40, 0);
      CachedRows.append(small, 8, 0);
      try (KeyValueCache fork = prompt.fork()) {
        KeyValuePool.Statistics before = pool.statistics();
        Throwable thrown = catchThrowable(() -> inTransaction(List.of(fork, small), (t, caches) -> t.keep(caches, 5, 7, 9)));
        assertThat(thrown).isInstanceOf(IllegalArgumentException.class).hasMessageContainingAll("rows[1]", "9", "7");
        assertThat(pool.statistics()).isEqualTo(before);
        assertThat(describe(fork)).isEqualTo(describe(prompt));
      }
    }
  }

  private static void assertExhausted(Runnable call) {
    assertThatThrownBy(call::run).isInstanceOf(IllegalStateException.class).hasMessageContaining("exhausted");
  }

  /** A change of caches. */
  private interface Change {
    void make(CacheTransaction transaction, List<KeyValueCache> caches);
  }

  private static void inTransaction(List<KeyValueCache> caches, Change change) {
    try (CacheTransaction transaction = new CacheTransaction()) {
      change.make(transaction, transaction.enter(caches));
    }
  }

  private static String describe(KeyValueCache cache) {
    StringBuilder text = new StringBuilder();
    for (int row = 0; row < cache.rows(); row++) {
      text.append(' ').append(CachedRows.key(cache, row)).append(' ').append(CachedRows.value(cache, row));
    }
    return text.toString();
  }

  /** Shared pages are copied before they are written: other caches do not change. */
  @ParameterizedTest
  @EnumSource(KeyValueFormat.class)
  void otherCachesKeepTheirRows(KeyValueFormat format) {
    CacheStates caches = CacheStates.shared(format);
    String other = CacheStates.describe(caches.others().get(0));
    KeyValueCache cache = caches.batch().get(0);
    cache.keep(20, 30, 25, 36);
    caches.batch().get(1).remove(3, 20, Rotary.of(cache.headDim()).table());
    cache.remove(0, 21);
    assertThat(cache.rows()).isEqualTo(2);
    assertThat(strip(CacheStates.describe(caches.others().get(0)))).isEqualTo(strip(other));
    caches.close();
  }

  /** Without the number of shared pages. */
  private static String strip(String description) {
    return description.replaceAll("sharedPages=\\d+", "");
  }
}
