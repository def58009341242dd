package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.Attention;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.testing.CacheStates;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.testing.Sample;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A call that meets the end of the stack changes no cache and no pool. */
@Tag("once")
class FullStackTest {
  static Stream<Arguments> cases() {
    List<Supplier<CacheStates>> states =
        List.of(
            () -> CacheStates.all(KeyValueFormat.INT8).get(4),
            () -> CacheStates.shared(KeyValueFormat.F16),
            () -> CacheStates.fullPool(KeyValueFormat.F32));
    MultiHeadAttention layer = CacheStates.SHAPE.layer().withMask(Mask.causal());
    SequenceBatch x = CacheStates.random(1, 3);
    SequenceBatch y = CacheStates.random(1, 4);
    Heads row = CacheStates.rows(CacheStates.BATCH, 1, 5);
    List<Consumer<List<KeyValueCache>>> calls =
        List.of(batch -> layer.forward(x, batch, y), batch -> KeyValueCache.appendAll(batch, row, row), FullStackTest::attend);
    return Sample.pairs(states, calls, Arguments::of);
  }

  /** A call at any distance from the end of the stack either succeeds, or fails and changes nothing. */
  @ParameterizedTest
  @MethodSource("cases")
  void aFullStackChangesNothing(Supplier<CacheStates> states, Consumer<List<KeyValueCache>> call) throws InterruptedException {
    CacheStates caches = states.get();
    call.accept(caches.batch()); // loads all classes
    List<String> wrong = new ArrayList<>();
    Thread deep = new Thread(null, () -> deeper(() -> call.accept(caches.batch()), caches.batch(), wrong), "deep", 512 << 10);
    deep.start();
    deep.join();
    assertThat(wrong).as(caches.name()).isEmpty();
    caches.close();
  }

  private static void attend(List<KeyValueCache> batch) {
    Heads query = Heads.zeros(CacheStates.BATCH, CacheStates.SHAPE.numHeads(), 1, CacheStates.SHAPE.headDim());
    Attention.standard()
        .compute(query, batch, Heads.zeros(CacheStates.BATCH, CacheStates.SHAPE.numHeads(), 1, CacheStates.SHAPE.headDim()));
  }

  /** Finds the depth at which a call still succeeds, and tries all greater depths. */
  private static void deeper(Runnable call, List<KeyValueCache> batch, List<String> wrong) {
    int failures = 0;
    boolean thorough = Sample.extent() == Sample.Extent.THOROUGH;
    int step = thorough ? 1 : 2; // the second round of a daily run tries the depths between those of the first
    for (int round = 0; round < (thorough ? 4 : 2); round++) {
      int depth = 0;
      while (attempt(depth + 256, call, batch, wrong)) {
        depth += 256;
      }
      for (int i = round % step; i < 400; i += step) {
        failures += attempt(depth + i, call, batch, wrong) ? 0 : 1;
      }
    }
    if (failures == 0) {
      wrong.add("no call reached the end of the stack");
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
      // expected
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
