package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.lanewise.kernels.Kernels;
import java.lang.management.ManagementFactory;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Once warm, a layer's call allocates nothing that grows with the work. */
class AllocationTest {
  private static final long SEED = 20261121;

  @Test
  void steadyCallsAllocateNoArrays() {
    int rows = 256;
    int embedDim = 32;
    // Plain Java kernels, because SIMD kernels allocate their vectors as long as they are interpreted.
    MultiHeadAttention layer =
        MultiHeadAttention.builder(embedDim, 4)
            .packedInput(random(3 * 1024), random(96))
            .output(random(1024), random(32))
            .kernels(Kernels.scalar())
            .build();
    Sequences x = Sequences.of(random(rows * embedDim), 1, rows, embedDim);
    Sequences output = Sequences.zeros(1, rows, embedDim);
    for (int i = 0; i < 3; i++) {
      layer.self(x, output);
    }
    var memory = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = memory.getCurrentThreadAllocatedBytes();
    layer.self(x, output);
    long smallestBuffer = 4L * rows * embedDim;
    assertThat(memory.getCurrentThreadAllocatedBytes() - before).isLessThan(smallestBuffer);
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
