package dev.lanewise.core.position;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.Attention;
import dev.lanewise.core.cache.page.CachedShape;
import dev.lanewise.core.call.AttentionSettings;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("twice")
class RelativePositionsTest {
  /** T5's bias of a step: sequences at one position share a bias, others have their own. */
  @Test
  void sequencesAtOnePositionShareABias() {
    RelativePositions positions = (RelativePositions) Positions.relativeBuckets(new float[32 * 4], 32, 128, false);
    int keys = 1000;
    for (int batch : new int[] {1, 64}) {
      Scratch scratch = Scratch.pool(1, 1).take();
      int[] keysOfEach = new int[batch];
      Arrays.fill(keysOfEach, keys);
      step(positions, keysOfEach, scratch);
      assertThat(scratch.floats(0, 0).length).isLessThanOrEqualTo(4 * keys);
      if (batch > 1) {
        keysOfEach[1] = 8;
        step(positions, keysOfEach, scratch);
        assertThat(scratch.floats(0, 0).length).isGreaterThanOrEqualTo(batch * 4 * keys);
      }
    }
  }

  /** A call with one query for each cache. */
  private static void step(RelativePositions positions, int[] keys, Scratch scratch) {
    AttentionSettings settings = Attention.standard().settings();
    KeyValueLayout layout = new KeyValueLayout(KeyValueFormat.F32, 4, 1, 1);
    CachedSequence[] caches = Arrays.stream(keys).mapToObj(rows -> new CachedShape(layout, rows)).toArray(CachedSequence[]::new);
    CallShape shape = settings.shape(Heads.zeros(keys.length, 4, 1, 1), caches);
    assertThat(positions.score(settings, shape, scratch, 0)).isNotEqualTo(settings);
  }
}
