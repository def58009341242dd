package dev.lanewise.bench.throughput.data;

import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.layer.Norm;
import java.util.SplittableRandom;

/**
 * The weights of a model, one after another, the same in every run. A row of a weight is a part of one block of normally distributed
 * numbers, so that a billion of them are made in a second or two.
 */
public final class RandomWeights {
  private static final int BLOCK = 1 << 18;
  private static final int NORM_DIVISOR = 8;

  private final float[] block = new SeededData().numbers(BLOCK);
  private final SplittableRandom random = new SplittableRandom(BLOCK);

  /** The weight of the next projection, outputs × inputs, which keeps the size of what passes through. */
  public float[] next(int inputs, int outputs) {
    float[] weight = new float[Math.multiplyExact(inputs, outputs)];
    float scale = (float) (1 / Math.sqrt(inputs));
    for (int row = 0; row < outputs; row++) {
      int from = random.nextInt(BLOCK);
      for (int done = 0; done < inputs; ) {
        int count = Math.min(inputs - done, BLOCK - from);
        int to = row * inputs + done;
        for (int i = 0; i < count; i++) {
          weight[to + i] = block[from + i] * scale;
        }
        done += count;
        from = 0;
      }
    }
    return weight;
  }

  /** The next projection, without bias. */
  public Linear linear(int inputs, int outputs) {
    return Linear.of(next(inputs, outputs), null, inputs, outputs);
  }

  /** The weight of the next norm: numbers around 1. */
  public float[] norm(int width) {
    float[] weight = new float[width];
    for (int i = 0; i < width; i++) {
      weight[i] = 1 + block[random.nextInt(BLOCK)] / NORM_DIVISOR;
    }
    return weight;
  }

  /** The next RMS norm. */
  public Norm rms(int width) {
    return Norm.rms(norm(width), DecoderModel.EPSILON);
  }
}
