package dev.lanewise.core.position;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.Attention;
import dev.lanewise.core.parallel.Scratch;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class RelativePositionsTest {
  /** T5's bias of a step: sequences at one position share a bias, others have their own. */
  @Test
  void sequencesAtOnePositionShareABias() {
    RelativePositions positions = (RelativePositions) Positions.relativeBuckets(new float[32 * 4], 32, 128, false);
    int keys = 1000;
    for (int batch : new int[] {0, 1, 64}) {
      Scratch scratch = Scratch.pool(1, 1).take();
      int[] queries = new int[batch];
      int[] keysOfEach = new int[batch];
      Arrays.fill(queries, 1);
      Arrays.fill(keysOfEach, keys);
      positions.applyToEach(Attention.standard().settings(), queries, keysOfEach, scratch, 0);
      assertThat(scratch.floats(0, 0).length).isLessThanOrEqualTo(4 * keys);
      if (batch > 1) {
        keysOfEach[1] = 8;
        positions.applyToEach(Attention.standard().settings(), queries, keysOfEach, scratch, 0);
        assertThat(scratch.floats(0, 0).length).isGreaterThanOrEqualTo(batch * 4 * keys);
      }
    }
  }
}
