package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A layer with caches: a prompt in one or several calls, and single steps, compared with one causal pass over all rows. */
@Tag("twice")
class CachedLayerTest {
  private static final int BATCH = 2;
  private static final int ROWS = 400;
  private static final int EMBED = 60;
  private static final LayerShape SHAPE = LayerShape.of(EMBED, 6).grouped(2).valueDim(20);
  private static final SequenceBatch X = Views.randomSequences(Layout.DENSE, BATCH, ROWS, EMBED, Problem.SEED);

  private static MultiHeadAttention layer() {
    return SHAPE.layer().withMask(Mask.causal()).withPositions(Rotary.of(10)).withThreads(2);
  }

  private static List<KeyValueCache> caches(KeyValueFormat format) {
    List<KeyValueCache> caches = new ArrayList<>();
    for (int b = 0; b < BATCH; b++) {
      caches.add(KeyValueCache.builder(2, 10).valueDim(20).format(format).capacity(16).growing().build());
    }
    return caches;
  }

  private static SequenceBatch rows(SequenceBatch x, int from, int count) {
    return new SequenceBatch(x.data(), x.offset() + from * x.rowStride(), x.batch(), count, x.width(), x.batchStride(), x.rowStride());
  }

  /** All rows in calls of the given sizes; the last size is repeated. */
  private static float[] inPieces(MultiHeadAttention layer, List<KeyValueCache> caches, int... sizes) {
    SequenceBatch output = SequenceBatch.zeros(BATCH, ROWS, EMBED);
    int done = 0;
    for (int i = 0; done < ROWS; i++) {
      int count = Math.min(sizes[Math.min(i, sizes.length - 1)], ROWS - done);
      layer.forward(rows(X, done, count), caches, rows(output, done, count));
      done += count;
    }
    caches.forEach(KeyValueCache::close);
    return output.data();
  }

  @Test
  void piecesOfAPromptHaveTheBitsOfOnePass() {
    SequenceBatch whole = SequenceBatch.zeros(BATCH, ROWS, EMBED);
    layer().forward(X, whole);
    Views.assertSameBits(inPieces(layer(), caches(KeyValueFormat.F32), ROWS), whole.data(), "one piece");
    Views.assertSameBits(inPieces(layer(), caches(KeyValueFormat.F32), 17, 100, 33, 50), whole.data(), "four sizes");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 7, 16})
  void stepsHaveTheBitsOfOnePass(int size) {
    SequenceBatch whole = SequenceBatch.zeros(BATCH, ROWS, EMBED);
    layer().forward(X, whole);
    Views.assertSameBits(inPieces(layer(), caches(KeyValueFormat.F32), size), whole.data(), "steps of " + size);
  }

  @ParameterizedTest
  @ValueSource(strings = {"F32", "F16", "BF16", "INT8"})
  void aStepHasTheSameBitsForAnyNumberOfRows(KeyValueFormat format) {
    float[] single = inPieces(layer(), caches(format), 100, 1);
    Views.assertSameBits(inPieces(layer().withThreads(1), caches(format), 100, 4), single, "four rows");
    Views.assertSameBits(inPieces(layer().withThreads(3), caches(format), 100, 16, 3), single, "sixteen rows, and three");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 30})
  void aFailingScoreFunctionLeavesCachesAsTheyWere(int rows) {
    List<KeyValueCache> caches = caches(KeyValueFormat.F32);
    SequenceBatch output = SequenceBatch.zeros(BATCH, ROWS, EMBED);
    layer().forward(rows(X, 0, 40), caches, rows(output, 0, 40));
    AtomicInteger calls = new AtomicInteger();
    MultiHeadAttention failing =
        layer()
            .withAttention(
                attention ->
                    attention.withScoreFunction(
                        (row, offset, length, b, head, query, firstKey) -> {
                          if (calls.incrementAndGet() > 5) {
                            throw new IllegalStateException("halfway");
                          }
                        }));
    assertThatThrownBy(() -> failing.forward(rows(X, 40, rows), caches, rows(output, 40, rows))).hasMessageContaining("halfway");
    for (KeyValueCache cache : caches) {
      assertThat(cache.rows()).isEqualTo(40);
    }
    layer().forward(rows(X, 40, rows), caches, rows(output, 40, rows));
    SequenceBatch whole = SequenceBatch.zeros(BATCH, 40 + rows, EMBED);
    layer().forward(rows(X, 0, 40 + rows), whole);
    for (int b = 0; b < BATCH; b++) {
      assertThat(output.get(b, 39 + rows, 0)).isCloseTo(whole.get(b, 39 + rows, 0), org.assertj.core.data.Offset.offset(1e-5f));
    }
  }

  @Test
  void cachesThatDoNotFitAreRefused() {
    MultiHeadAttention layer = layer();
    SequenceBatch x = rows(X, 0, 1);
    SequenceBatch output = SequenceBatch.zeros(BATCH, 1, EMBED);
    List<KeyValueCache> one = List.of(caches(KeyValueFormat.F32).get(0));
    assertThatThrownBy(() -> layer.forward(x, one, output)).hasMessageContaining("caches is 1").hasMessageContaining("2");
    List<KeyValueCache> wide = new ArrayList<>(caches(KeyValueFormat.F32));
    wide.set(1, KeyValueCache.builder(2, 12).valueDim(20).capacity(4).build());
    assertThatThrownBy(() -> layer.forward(x, wide, output)).hasMessageContaining("caches[1].keyWidth is 12").hasMessageContaining("10");
    List<KeyValueCache> full = new ArrayList<>();
    for (int b = 0; b < BATCH; b++) {
      full.add(KeyValueCache.builder(2, 10).valueDim(20).capacity(3).build());
    }
    layer.forward(rows(X, 0, 3), full, rows(SequenceBatch.zeros(BATCH, 3, EMBED), 0, 3));
    Arrays.fill(output.data(), 7);
    assertThatThrownBy(() -> layer.forward(x, full, output)).isInstanceOf(IllegalStateException.class).hasMessageContaining("3");
    assertThat(output.data()).containsOnly(7);
    assertThat(full.get(0).rows()).isEqualTo(3);
  }
}
