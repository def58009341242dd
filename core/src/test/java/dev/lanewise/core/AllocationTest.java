package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.pooling.AttentionPooling;
import dev.lanewise.core.pooling.Neighbours;
import dev.lanewise.core.pooling.Pooling;
import dev.lanewise.core.pooling.RecurrentAttention;
import dev.lanewise.core.position.Positions;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** After a warm-up, a call of a layer allocates nothing that grows with the work. */
@Tag("twice")
class AllocationTest {
  private static final long SEED = 20261121;

  @Test
  void steadyCallsAllocateNoArrays() {
    int rows = 256;
    int embedDim = 32;
    // On plain Java kernels: SIMD kernels allocate their vectors as long as they are interpreted.
    MultiHeadAttention layer =
        MultiHeadAttention.builder(embedDim, 4)
            .packedInput(random(3 * 1024), random(96))
            .output(random(1024), random(32))
            .build()
            .withKernels(Kernels.scalar());
    SequenceBatch x = SequenceBatch.of(random(rows * embedDim), 1, rows, embedDim);
    SequenceBatch output = SequenceBatch.zeros(1, rows, embedDim);
    assertSteady(4L * rows * embedDim, () -> layer.forward(x, output));
  }

  /** A step with T5's positions needs a bias for all rows so far, which must not be allocated. */
  @Test
  void stepsWithRelativePositionsAllocateNoBias() {
    MultiHeadAttention layer =
        MultiHeadAttention.builder(32, 4)
            .packedInput(random(3 * 1024), null)
            .output(random(1024), null)
            .build()
            .withKernels(Kernels.scalar())
            .withPositions(Positions.relativeBuckets(random(32 * 4), 32, 128, false));
    SequenceBatch prompt = SequenceBatch.of(random(1000 * 32), 1, 1000, 32);
    SequenceBatch step = SequenceBatch.of(random(32), 1, 1, 32);
    SequenceBatch output = SequenceBatch.zeros(1, 1, 32);
    try (KeyValueCache cache = layer.cache().capacity(1001).build()) {
      List<KeyValueCache> caches = List.of(cache);
      layer.forward(prompt, caches, SequenceBatch.zeros(1, 1000, 32));
      assertSteady(
          4 * 4 * 1000,
          () -> {
            layer.forward(step, caches, output);
            cache.truncate(1000);
          });
    }
  }

  @Test
  void poolingAndBaselinesAllocateNoArrays() {
    SequenceBatch x = SequenceBatch.of(random(4000 * 8), 1, 4000, 8);
    SequenceBatch pooled = SequenceBatch.zeros(1, 1, 8);
    SequenceBatch output = SequenceBatch.zeros(1, 4000, 8);
    Pooling mean = Pooling.mean().withKernels(Kernels.scalar());
    assertSteady(4 * 4000, () -> mean.forward(x, pooled));
    AttentionPooling attention = AttentionPooling.of(random(8), 2, 4).withKernels(Kernels.scalar());
    assertSteady(4 * 4000, () -> attention.forward(x, pooled));
    Neighbours dense = Neighbours.dense(Linear.of(random(3 * 64), null, 24, 8).withKernels(Kernels.scalar()), 1, 1);
    assertSteady(4 * 4000 * 8, () -> dense.forward(x, output));
    List<Heads> layers = List.of(Heads.zeros(1, 2, 100, 100), Heads.zeros(1, 2, 100, 100));
    SequenceBatch rollout = SequenceBatch.zeros(1, 100, 100);
    if (Kernels.selected() == Kernels.scalar()) {
      assertSteady(4 * 100 * 100, () -> AttentionWeights.rollout(layers, rollout));
    }
  }

  @Test
  void recurrentStepsAllocateNoArrays() {
    Linear w = Linear.of(random(2048), null, 32, 64).withKernels(Kernels.scalar());
    SequenceBatch states = SequenceBatch.of(random(4000 * 32), 1, 4000, 32);
    RecurrentAttention memory =
        RecurrentAttention.of(RecurrentAttention.Scores.additive(w, w, random(64)), states).withKernels(Kernels.scalar());
    SequenceBatch state = SequenceBatch.of(random(32), 1, 1, 32);
    SequenceBatch context = SequenceBatch.zeros(1, 1, 32);
    assertSteady(4 * 4000, () -> memory.forward(state, context));
  }

  /** After a warm-up, a call allocates less than its smallest array that grows with the work. */
  private static void assertSteady(long bytes, Runnable call) {
    for (int i = 0; i < 3; i++) {
      call.run();
    }
    var memory = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = memory.getCurrentThreadAllocatedBytes();
    call.run();
    assertThat(memory.getCurrentThreadAllocatedBytes() - before).isLessThan(bytes);
  }

  private static float[] random(int length) {
    Random random = new Random(SEED);
    float[] x = new float[length];
    for (int i = 0; i < length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }
}
