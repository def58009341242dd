package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.lanewise.core.Helpers;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.testing.CacheStates;
import dev.lanewise.core.testing.Fault;
import dev.lanewise.core.testing.LayerParts;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.RowFunction;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A call that fails changes no cache and no pool, whatever is thrown and when. */
@Tag("twice")
class FailedCallTest {
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
  void selfAttentionRemovesItsRowsAfterAFailure(KeyValueFormat format) {
    for (CacheStates caches : CacheStates.all(format)) {
      for (Fault fault : Fault.values()) {
        for (int rows : new int[] {1, 3, 40}) {
          if (rows == 40 && caches.name().startsWith("full pool")) {
            continue; // the pool has fewer free rows
          }
          String about = caches.name() + ", " + fault + ", " + rows + " rows";
          AtomicBoolean failed = new AtomicBoolean();
          RowFunction function = fault.after(rows == 3 ? 2 : 0, failed);
          MultiHeadAttention layer =
              CacheStates.SHAPE.layer().withMask(Mask.causal()).withThreads(rows == 1 || fault == Fault.INTERRUPT ? 1 : 2);
          MultiHeadAttention wrong = layer.withAttention(attention -> attention.withScoreFunction(function));
          String before = caches.describe();
          assertFails(about, fault, () -> wrong.forward(CacheStates.random(rows, 3), caches.batch(), CacheStates.random(rows, 4)));
          assertThat(failed).as(about).isTrue();
          assertThat(caches.describe()).as(about).isEqualTo(before);
        }
      }
      caches.close();
    }
  }

  @ParameterizedTest
  @EnumSource(KeyValueFormat.class)
  void wrongCallsChangeNothing(KeyValueFormat format) {
    for (CacheStates caches : CacheStates.all(format)) {
      String before = caches.describe();
      MultiHeadAttention layer = CacheStates.SHAPE.layer().withMask(Mask.keyLengths(5000, 5000));
      assertThat(catchThrowable(() -> layer.forward(CacheStates.random(2, 3), caches.batch(), CacheStates.random(2, 4))))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(
              catchThrowable(() -> CacheStates.SHAPE.layer().forward(CacheStates.random(2, 3), caches.batch(), CacheStates.random(3, 4))))
          .isInstanceOf(IllegalArgumentException.class);
      Throwable rejected =
          catchThrowable(
              () ->
                  Helpers.from(
                      task -> {
                        throw new RejectedExecutionException("planned");
                      },
                      () ->
                          CacheStates.SHAPE
                              .layer()
                              .withThreads(4)
                              .forward(CacheStates.random(300, 3), caches.batch(), CacheStates.random(300, 4))));
      assertThat(rejected).as(caches.name()).isInstanceOf(RuntimeException.class);
      Thread.currentThread().interrupt();
      Heads key = CacheStates.rows(CacheStates.BATCH, 3, 7);
      assertThat(catchThrowable(() -> KeyValueCache.appendAll(caches.batch(), key, key))).isInstanceOf(CancellationException.class);
      assertThat(catchThrowable(() -> caches.batch().get(0).append(CacheStates.rows(1, 3, 7), CacheStates.rows(1, 3, 7))))
          .isInstanceOf(CancellationException.class);
      assertThat(Thread.interrupted()).isTrue();
      if (!caches.pools().isEmpty()) { // enough memory only for the first cache
        Heads many = CacheStates.rows(CacheStates.BATCH, 190, 7);
        assertThat(catchThrowable(() -> KeyValueCache.appendAll(caches.batch(), many, many))).hasMessageContaining("exhausted");
      }
      assertThat(caches.describe()).as(caches.name()).isEqualTo(before);
      caches.close();
    }
  }

  private static TransformerLayer decoderLayer() {
    return new LayerParts(CacheStates.SHAPE, 30, Activation.RELU, false, false, Norm.Placement.POST).decoderLayer();
  }

  static Stream<Fault> faults() {
    return Stream.of(Fault.values());
  }

  /** The cross-attention of a layer fails after its self-attention has ended. */
  @ParameterizedTest
  @MethodSource("faults")
  void layersRemoveTheRowsOfTheirSelfAttention(Fault fault) {
    TransformerLayer layer = decoderLayer();
    TransformerStack good = TransformerStack.of(List.of(layer), null);
    for (StackStates states : StackStates.all(good, KeyValueFormat.F16)) {
      AtomicBoolean failed = new AtomicBoolean();
      TransformerStack wrong =
          good.withLayers(
              one -> one.withCross(attention -> attention.withAttention(inner -> inner.withScoreFunction(fault.after(1, failed)))));
      String before = states.describe();
      assertFails(states.name(), fault, () -> wrong.forward(CacheStates.random(2, 3), states.batch(), CacheStates.random(2, 4)));
      assertThat(failed).as(states.name()).isTrue();
      assertThat(states.describe()).as(states.name() + ", " + fault).isEqualTo(before);
      good.forward(CacheStates.random(1, 3), states.batch(), CacheStates.random(1, 4));
      states.close();
    }
  }

  /** The second layer fails after the first one has ended. */
  @ParameterizedTest
  @MethodSource("faults")
  void stacksRemoveTheRowsOfAllLayers(Fault fault) {
    AtomicBoolean failed = new AtomicBoolean();
    TransformerLayer wrong =
        decoderLayer().withCross(attention -> attention.withAttention(inner -> inner.withScoreFunction(fault.after(0, failed))));
    TransformerStack good = TransformerStack.of(List.of(decoderLayer(), decoderLayer()), null);
    TransformerStack bad = TransformerStack.of(List.of(decoderLayer(), wrong), null);
    try (StackState state = good.start(CacheStates.random(9, 1), 100)) {
      good.forward(CacheStates.random(20, 2), state, CacheStates.random(20, 3));
      String before = StackStates.describe(good, state);
      assertFails("stack", fault, () -> bad.forward(CacheStates.random(2, 3), state, CacheStates.random(2, 4)));
      assertThat(failed).isTrue();
      assertThat(StackStates.describe(good, state)).isEqualTo(before);
      for (int sequence : new int[] {0, 1}) {
        assertThat(catchThrowable(() -> state.truncate(sequence, 21))).isInstanceOf(IllegalArgumentException.class);
        assertThat(catchThrowable(() -> state.truncate(sequence, -1))).isInstanceOf(IllegalArgumentException.class);
      }
      assertThat(StackStates.describe(good, state)).isEqualTo(before);
      good.forward(CacheStates.random(1, 3), state, CacheStates.random(1, 4));
      assertThat(state.rows(0)).isEqualTo(21);
      assertThat(state.rows(1)).isEqualTo(21);
      state.truncate(0, 20);
      state.truncate(1, 20);
      assertThat(StackStates.describe(good, state)).isEqualTo(before);
    }
  }
}
