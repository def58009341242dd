package dev.lanewise.bench.verify.soak;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Helpers;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.cache.KeyValuePool;
import dev.lanewise.core.layer.FeedForward;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.layer.TransformerLayer;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executor;
import java.util.function.IntFunction;

/** Random calls of attention, layers, projections and caches. All threads share the objects that may be shared. */
final class RandomCalls {
  private static final int WIDTH = 64;
  private static final int HEADS = 4;
  private static final int MOST_ROWS = 300;
  private static final int MOST_CACHED = 2000;

  /** The numbers of all operands. Results are not judged, only compared with those of a second call. */
  private static final int NUMBERS = 1 << 20;

  private static final List<KeyValueFormat> FORMATS = List.of(KeyValueFormat.values());

  private final float[] numbers = new float[NUMBERS];
  private final TransformerLayer encoder;
  private final KeyValuePool pool;
  private final Executor executor;

  RandomCalls(long seed, KeyValuePool pool, Executor executor) {
    Random random = new Random(seed);
    for (int i = 0; i < NUMBERS; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    this.pool = pool;
    this.executor = executor;
    MultiHeadAttention attention =
        MultiHeadAttention.builder(WIDTH, HEADS)
            .packedInput(some(3 * WIDTH * WIDTH, 0.1f), some(3 * WIDTH, 1))
            .output(some(WIDTH * WIDTH, 0.1f), some(WIDTH, 1))
            .build();
    FeedForward feedForward =
        FeedForward.of(
            Linear.of(some(2 * WIDTH * WIDTH, 0.1f), null, WIDTH, 2 * WIDTH),
            Linear.of(some(2 * WIDTH * WIDTH, 0.1f), null, 2 * WIDTH, WIDTH),
            Activation.GELU);
    Norm norm = Norm.layer(some(WIDTH, 1), null, 1e-5f);
    this.encoder = TransformerLayer.encoder(attention, norm, feedForward, norm, Norm.Placement.POST);
  }

  /** A pool of pages for caches of these calls. */
  static KeyValuePool pool(boolean offHeap) {
    var builder = KeyValuePool.builder(HEADS, WIDTH / HEADS).format(KeyValueFormat.BF16).pages(4096);
    return (offHeap ? builder.offHeap() : builder).build();
  }

  private float[] some(int length, float scale) {
    float[] some = Arrays.copyOf(numbers, length);
    for (int i = 0; i < length; i++) {
      some[i] *= scale;
    }
    return some;
  }

  /** Makes one call. One in eight is repeated on one thread, and the bits are compared. */
  void run(Random random) {
    int threads = 1 + random.nextInt(4);
    boolean again = random.nextInt(8) == 0;
    IntFunction<float[]> call =
        switch (random.nextInt(4)) {
          case 0 -> attention(random);
          case 1 -> encode(random);
          case 2 -> decode(random);
          default -> project(random);
        };
    Runnable checked =
        () -> {
          float[] results = call.apply(threads);
          if (again && !Arrays.equals(results, call.apply(1))) {
            throw new AssertionError("a call on several threads has other bits than on one");
          }
        };
    if (random.nextInt(4) == 0) {
      Helpers.from(executor, checked);
    } else {
      checked.run();
    }
  }

  private IntFunction<float[]> attention(Random random) {
    int queries = 1 + random.nextInt(MOST_ROWS);
    int keys = 1 + random.nextInt(MOST_ROWS);
    Kernels kernels = random.nextInt(5) == 0 ? Kernels.scalar() : Kernels.selected();
    Mask mask = random.nextBoolean() ? Mask.causal() : Mask.window(random.nextInt(50), random.nextInt(50));
    Attention attention = Attention.standard().withKernels(kernels).withMask(mask);
    Heads query = rows(random, queries);
    Heads key = rows(random, keys);
    return threads -> {
      Heads output = Heads.zeros(1, HEADS, queries, WIDTH / HEADS);
      attention.withThreads(threads).compute(query, key, key, output);
      return output.data();
    };
  }

  private IntFunction<float[]> encode(Random random) {
    int rows = 1 + random.nextInt(MOST_ROWS);
    int at = random.nextInt(NUMBERS - rows * WIDTH);
    SequenceBatch x = new SequenceBatch(numbers, at, 1, rows, WIDTH, 0, WIDTH);
    return threads -> {
      SequenceBatch output = SequenceBatch.zeros(1, rows, WIDTH);
      encoder.withThreads(threads).forward(x, output);
      return output.data();
    };
  }

  /** Appends rows to a cache, forks it, attends to the fork and closes both. */
  private IntFunction<float[]> decode(Random random) {
    int cached = 1 + random.nextInt(MOST_CACHED);
    boolean pooled = random.nextBoolean();
    boolean offHeap = random.nextBoolean();
    KeyValueFormat format = FORMATS.get(random.nextInt(FORMATS.size()));
    Heads rows = rows(random, cached);
    Heads query = rows(random, 1 + random.nextInt(4));
    return threads -> {
      var builder = KeyValueCache.builder(HEADS, WIDTH / HEADS).format(format).capacity(cached);
      try (KeyValueCache cache = pooled ? pool.newCache() : (offHeap ? builder.offHeap() : builder).build()) {
        cache.append(rows, rows);
        try (KeyValueCache fork = cache.fork()) {
          Heads output = Heads.zeros(1, HEADS, query.rows(), WIDTH / HEADS);
          Attention.standard().withThreads(threads).compute(query, fork, output);
          return output.data();
        }
      }
    };
  }

  /** A projection that is made for one call. */
  private IntFunction<float[]> project(Random random) {
    int rows = 1 + random.nextInt(MOST_ROWS);
    int outputs = 1 + random.nextInt(200);
    SequenceBatch x = new SequenceBatch(numbers, 0, 1, rows, WIDTH, 0, WIDTH);
    return threads -> {
      Linear linear = Linear.of(Arrays.copyOf(numbers, outputs * WIDTH), null, WIDTH, outputs).withActivation(Activation.SILU);
      SequenceBatch output = SequenceBatch.zeros(1, rows, outputs);
      linear.withThreads(threads).forward(x, output);
      return output.data();
    };
  }

  private Heads rows(Random random, int rows) {
    return new Heads(numbers, random.nextInt(NUMBERS - rows * WIDTH), 1, HEADS, rows, WIDTH / HEADS, 0, WIDTH / HEADS, WIDTH, 1);
  }
}
