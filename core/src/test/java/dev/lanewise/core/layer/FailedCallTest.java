package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Helpers;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.cache.KeyValuePool;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.testing.LayerParts;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.RowFunction;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A call that fails, whatever was thrown and when, leaves caches and pools as they were. */
class FailedCallTest {
  private static final LayerShape SHAPE = LayerShape.of(24, 3);
  private static final int BATCH = 2;

  /** All that can be seen of a cache: numbers, the places of blocks, what is in them, and what attention makes of it. */
  private static String look(KeyValueCache cache) {
    StringBuilder seen = new StringBuilder();
    seen.append(cache.statistics()).append(" capacity ").append(cache.capacity());
    CachedSequence rows = cache.acquireShared();
    seen.append(" dropped ").append(rows.droppedFrom()).append(" to ").append(rows.droppedTo());
    for (int row = 0; row < rows.rows(); row++) {
      if (row < rows.droppedFrom() || row >= rows.droppedTo()) {
        int block = row / KeyValueLayout.BLOCK_ROWS;
        seen.append(' ').append(rows.physicalBlock(block)).append(rows.memory(block).isSpecialFrom(rows.physicalBlock(block), 0));
        for (int d = 0; d < rows.layout().keyWidth(); d++) {
          seen.append(' ').append(rows.memory(block).key(rows.physicalBlock(block), d % rows.layout().heads(), row % 16, d));
          seen.append(' ').append(rows.memory(block).value(rows.physicalBlock(block), d % rows.layout().heads(), row % 16, d));
        }
      }
    }
    cache.releaseShared();
    Heads output = Heads.zeros(1, SHAPE.numHeads(), 1, SHAPE.headDim());
    Attention.standard()
        .withMask(Mask.causal())
        .compute(Views.random(Views.Layout.DENSE, 1, SHAPE.numHeads(), 1, SHAPE.headDim(), 1), cache, output);
    return seen.append(Arrays.toString(output.data())).toString();
  }

  private static Heads rows(int batch, int count, long seed) {
    return Views.random(Views.Layout.DENSE, batch, SHAPE.keyValueHeads(), count, SHAPE.headDim(), seed);
  }

  private static SequenceBatch random(int rows, int seed) {
    return SequenceBatch.of(Views.randomArray(BATCH * rows * 24, 1, seed), BATCH, rows, 24);
  }

  /** The two caches of a batch, their pool if they have one, and others that keep hold of its pages. */
  private record Caches(String name, List<KeyValueCache> batch, List<KeyValueCache> others, List<KeyValuePool> pools) {
    String look() {
      StringBuilder seen = new StringBuilder();
      batch.forEach(cache -> seen.append(FailedCallTest.look(cache)).append('\n'));
      others.forEach(cache -> seen.append(FailedCallTest.look(cache)).append('\n'));
      pools.forEach(pool -> seen.append(pool.statistics()).append('\n'));
      return seen.toString();
    }

    void close() {
      batch.forEach(KeyValueCache::close);
      others.forEach(KeyValueCache::close);
      pools.forEach(KeyValuePool::close);
    }
  }

  private static Caches own(String name, KeyValueFormat format, int[] appends, UnaryOperator<KeyValueCache.Builder> how) {
    List<KeyValueCache> batch = new ArrayList<>();
    for (int b = 0; b < BATCH; b++) {
      batch.add(how.apply(SHAPE.layer().cache().format(format)).build());
    }
    fill(batch, appends);
    return new Caches(name + " " + format, batch, List.of(), List.of());
  }

  private static void fill(List<KeyValueCache> batch, int... appends) {
    for (int rows : appends) {
      KeyValueCache.appendAll(batch, rows(batch.size(), rows, rows), rows(batch.size(), rows, rows + 1));
    }
  }

  private static KeyValuePool pool(KeyValueFormat format, int pages) {
    return KeyValuePool.builder(SHAPE.keyValueHeads(), SHAPE.headDim()).format(format).pages(pages).build();
  }

  /** Both caches share a prompt with a third, whose last page they copy when they go on. */
  private static Caches shared(KeyValueFormat format) {
    KeyValuePool pool = pool(format, 20);
    KeyValueCache prompt = pool.newCache();
    fill(List.of(prompt), 37);
    return new Caches("shared " + format, List.of(prompt.fork(), prompt.fork()), List.of(prompt), List.of(pool));
  }

  /** A window that must use its own pages again, as no other is free. */
  private static Caches fullPool(KeyValueFormat format) {
    KeyValuePool pool = pool(format, 20);
    List<KeyValueCache> batch = List.of(pool.newCache(32, 3), pool.newCache(32, 3));
    fill(batch, 150, 6, 1, 1, 1, 1);
    KeyValueCache rest = pool.newCache();
    fill(List.of(rest), 16 * (20 - pool.statistics().usedPages()));
    return new Caches("full pool " + format, batch, List.of(rest), List.of(pool));
  }

  private static List<Caches> caches(KeyValueFormat format) {
    return List.of(
        own("contiguous", format, new int[] {20}, of -> of.capacity(500)),
        own("empty", format, new int[0], of -> of.capacity(500)),
        own("empty, off heap", format, new int[0], of -> of.capacity(500).offHeap()),
        own("growing", format, new int[] {31}, of -> of.capacity(20).growing()),
        own("window", format, new int[] {200}, of -> of.window(32, 4)),
        own("window, off heap", format, new int[] {60, 1, 1, 1, 45}, of -> of.window(32, 20).offHeap()),
        shared(format),
        fullPool(format));
  }

  /** Something that is thrown out of the middle of a call. */
  private enum Fault {
    EXCEPTION {
      @Override
      void happen() {
        throw new IllegalStateException("planned");
      }
    },
    CHECKED {
      @Override
      void happen() {
        FailedCallTest.<RuntimeException>sneaky(new IOException("planned"));
      }
    },
    OUT_OF_MEMORY {
      @Override
      void happen() {
        throw new OutOfMemoryError("planned");
      }
    },
    STACK_OVERFLOW {
      @Override
      void happen() {
        endless(0);
      }
    },
    INTERRUPT {
      @Override
      void happen() {
        Thread.currentThread().interrupt();
      }
    };

    abstract void happen();
  }

  @SuppressWarnings("InfiniteRecursion") // until the stack is full
  private static int endless(int depth) {
    return endless(depth + 1) + 1;
  }

  @SuppressWarnings("unchecked") // the cast is erased
  private static <T extends Throwable> void sneaky(Throwable thrown) throws T {
    throw (T) thrown;
  }

  /** Fails at the n-th segment of scores. */
  private static RowFunction failing(Fault fault, int after, AtomicBoolean failed) {
    AtomicInteger calls = new AtomicInteger();
    return (row, offset, length, b, head, query, firstKey) -> {
      if (calls.getAndIncrement() >= after && failed.compareAndSet(false, true)) {
        fault.happen();
      }
    };
  }

  private static void assertFails(String about, Fault fault, Runnable call) {
    Throwable thrown = catchThrowable(call::run);
    Thread.interrupted();
    assertThat(thrown).as(about).isNotNull();
    if (fault == Fault.INTERRUPT) {
      assertThat(thrown).as(about).isInstanceOf(CancellationException.class);
    }
  }

  @ParameterizedTest
  @EnumSource(KeyValueFormat.class)
  void selfAttentionTakesItsRowsBack(KeyValueFormat format) {
    for (Caches caches : caches(format)) {
      for (Fault fault : Fault.values()) {
        for (int rows : new int[] {1, 3, 40}) {
          if (rows == 40 && caches.name.startsWith("full pool")) {
            continue; // there is no room for so many
          }
          String about = caches.name + ", " + fault + ", " + rows + " rows";
          AtomicBoolean failed = new AtomicBoolean();
          RowFunction function = failing(fault, rows == 3 ? 2 : 0, failed);
          MultiHeadAttention layer = SHAPE.layer().withMask(Mask.causal()).withThreads(rows == 1 || fault == Fault.INTERRUPT ? 1 : 2);
          MultiHeadAttention wrong = layer.withAttention(of -> of.withScoreFunction(function));
          String before = caches.look();
          assertFails(about, fault, () -> wrong.self(random(rows, 3), caches.batch, random(rows, 4)));
          assertThat(failed).as(about).isTrue();
          assertThat(caches.look()).as(about).isEqualTo(before);
        }
      }
      caches.close();
    }
  }

  @ParameterizedTest
  @EnumSource(KeyValueFormat.class)
  void wrongCallsChangeNothing(KeyValueFormat format) {
    for (Caches caches : caches(format)) {
      String before = caches.look();
      MultiHeadAttention layer = SHAPE.layer().withMask(Mask.keyLengths(5000, 5000));
      assertThat(catchThrowable(() -> layer.self(random(2, 3), caches.batch, random(2, 4)))).isInstanceOf(IllegalArgumentException.class);
      assertThat(catchThrowable(() -> SHAPE.layer().self(random(2, 3), caches.batch, random(3, 4))))
          .isInstanceOf(IllegalArgumentException.class);
      Throwable rejected =
          catchThrowable(
              () ->
                  Helpers.from(
                      task -> {
                        throw new RejectedExecutionException("planned");
                      },
                      () -> SHAPE.layer().withThreads(4).self(random(300, 3), caches.batch, random(300, 4))));
      assertThat(rejected).as(caches.name).isInstanceOf(RuntimeException.class);
      Thread.currentThread().interrupt();
      Heads key = rows(BATCH, 3, 7);
      assertThat(catchThrowable(() -> KeyValueCache.appendAll(caches.batch, key, key))).isInstanceOf(CancellationException.class);
      assertThat(catchThrowable(() -> caches.batch.get(0).append(rows(1, 3, 7), rows(1, 3, 7)))).isInstanceOf(CancellationException.class);
      assertThat(Thread.interrupted()).isTrue();
      if (!caches.pools.isEmpty()) { // room for the first of them alone
        Heads many = rows(BATCH, 190, 7);
        assertThat(catchThrowable(() -> KeyValueCache.appendAll(caches.batch, many, many))).hasMessageContaining("exhausted");
      }
      assertThat(caches.look()).as(caches.name).isEqualTo(before);
      caches.close();
    }
  }

  private static DecoderLayer decoderLayer() {
    return new LayerParts(SHAPE, 30, Activation.RELU, false, false, NormPlacement.POST).decoderLayer();
  }

  static Stream<Fault> faults() {
    return Stream.of(Fault.values());
  }

  /** The self-attention of a layer has ended when its cross-attention fails. */
  @ParameterizedTest
  @MethodSource("faults")
  void layersTakeBackTheRowsOfTheirParts(Fault fault) {
    for (Caches caches : caches(KeyValueFormat.F16)) {
      AtomicBoolean failed = new AtomicBoolean();
      DecoderLayer layer = decoderLayer();
      List<KeyValueCache> memory = List.of(layer.cross().cache().capacity(9).build(), layer.cross().cache().capacity(9).build());
      layer.cross().remember(random(9, 1), memory);
      DecoderLayer wrong = layer.withCross(of -> of.withAttention(a -> a.withScoreFunction(failing(fault, 1, failed))));
      String before = caches.look();
      assertFails(caches.name, fault, () -> wrong.forward(random(2, 3), caches.batch, memory, random(2, 4)));
      assertThat(caches.look()).as(caches.name + ", " + fault).isEqualTo(before);
      layer.forward(random(1, 3), caches.batch, memory, random(1, 4));
      caches.close();
    }
  }

  /** The first layer has ended when the second one fails. */
  @ParameterizedTest
  @MethodSource("faults")
  void stacksTakeBackTheRowsOfAllLayers(Fault fault) {
    AtomicBoolean failed = new AtomicBoolean();
    DecoderLayer wrong = decoderLayer().withCross(of -> of.withAttention(a -> a.withScoreFunction(failing(fault, 0, failed))));
    Decoder good = Decoder.of(List.of(decoderLayer(), decoderLayer()), null);
    Decoder bad = Decoder.of(List.of(decoderLayer(), wrong), null);
    try (DecoderState state = good.start(random(9, 1), 100)) {
      good.forward(random(20, 2), state, random(20, 3));
      String before = look(state);
      assertFails("stack", fault, () -> bad.forward(random(2, 3), state, random(2, 4)));
      assertThat(failed).isTrue();
      assertThat(look(state)).isEqualTo(before);
      assertThat(catchThrowable(() -> state.truncate(21))).isInstanceOf(IllegalArgumentException.class);
      assertThat(catchThrowable(() -> state.truncate(-1))).isInstanceOf(IllegalArgumentException.class);
      assertThat(look(state)).isEqualTo(before);
      good.forward(random(1, 3), state, random(1, 4));
      assertThat(state.rows()).isEqualTo(21);
      state.truncate(20);
      assertThat(look(state)).isEqualTo(before);
    }
  }

  private static String look(DecoderState state) {
    StringBuilder seen = new StringBuilder();
    for (int layer = 0; layer < state.layers(); layer++) {
      state.caches(layer).forEach(cache -> seen.append(look(cache)));
      state.memory(layer).forEach(cache -> seen.append(look(cache)));
    }
    return seen.toString();
  }

  /** Calls at every distance from the end of the stack: each succeeds, or fails and changes nothing. */
  @Test
  void aFullStackChangesNothing() throws InterruptedException {
    for (Caches caches : List.of(caches(KeyValueFormat.INT8).get(4), shared(KeyValueFormat.F16), fullPool(KeyValueFormat.F32))) {
      MultiHeadAttention layer = SHAPE.layer().withMask(Mask.causal());
      SequenceBatch x = random(1, 3);
      SequenceBatch y = random(1, 4);
      layer.self(x, caches.batch, y); // whatever is loaded at the first call
      Heads row = rows(BATCH, 1, 5);
      List<Runnable> calls =
          List.of(() -> layer.self(x, caches.batch, y), () -> KeyValueCache.appendAll(caches.batch, row, row), () -> look(caches.batch));
      List<String> wrong = new ArrayList<>();
      for (Runnable call : calls) {
        Thread deep = new Thread(null, () -> deeper(call, caches.batch, wrong), "deep", 512 << 10);
        deep.start();
        deep.join();
      }
      assertThat(wrong).as(caches.name).isEmpty();
      caches.close();
    }
  }

  private static void look(List<KeyValueCache> batch) {
    Heads query = Heads.zeros(BATCH, SHAPE.numHeads(), 1, SHAPE.headDim());
    Attention.standard().compute(query, batch, Heads.zeros(BATCH, SHAPE.numHeads(), 1, SHAPE.headDim()));
  }

  /** Looks for the depth from which the call still comes to its end, and tries each of those behind it. */
  private static void deeper(Runnable call, List<KeyValueCache> batch, List<String> wrong) {
    int failures = 0;
    for (int round = 0; round < 4; round++) {
      int depth = 0;
      while (attempt(depth + 256, call, batch, wrong)) {
        depth += 256;
      }
      for (int i = 0; i < 400; i++) {
        failures += attempt(depth + i, call, batch, wrong) ? 0 : 1;
      }
    }
    if (failures == 0) {
      wrong.add("no call met the end of the stack");
    }
  }

  private static boolean attempt(int depth, Runnable call, List<KeyValueCache> batch, List<String> wrong) {
    List<Integer> before = new ArrayList<>();
    batch.forEach(cache -> before.add(cache.rows()));
    boolean ended = false;
    try {
      descend(depth, call);
      ended = true;
    } catch (StackOverflowError e) {
      // what the test is about
    }
    for (int b = 0; b < before.size(); b++) {
      KeyValueCache cache = batch.get(b);
      try {
        if (!ended && cache.rows() != before.get(b)) {
          wrong.add(cache.rows() + " rows after " + before.get(b));
        }
        cache.truncate(before.get(b));
      } catch (IllegalStateException e) {
        wrong.add(e.toString());
        return false;
      }
    }
    return ended;
  }

  private static int descend(int depth, Runnable call) {
    if (depth == 0) {
      call.run();
      return 0;
    }
    return descend(depth - 1, call) + 1;
  }
}
