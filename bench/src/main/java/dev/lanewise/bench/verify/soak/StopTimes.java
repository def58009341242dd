package dev.lanewise.bench.verify.soak;

import dev.lanewise.core.Attention;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CancellationException;

/** Measures the time from an interrupt to the exception of a long call, for each kind of call. */
final class StopTimes {
  /** The longest time that a call may take to stop. */
  static final double LIMIT_SECONDS = 0.05;

  private static final int ROUNDS = 10;

  /** The time until the JVM has compiled the kernels; before, a tile takes a hundred times as long. */
  private static final int WARM_UP_MILLIS = 2000;

  private static final int LONGEST_WAIT_MILLIS = 60;
  private static final int ROWS = 40_000;
  private static final int CACHED = 100_000;

  private final Random random;

  StopTimes(long seed) {
    this.random = new Random(seed);
  }

  /** The longest time in seconds of some interrupts at random moments, for each kind of call. */
  Map<String, Double> measure() throws InterruptedException {
    Map<String, Double> longest = new LinkedHashMap<>();
    try (KeyValueCache cache = KeyValueCache.builder(8, 64).capacity(CACHED).offHeap().build()) {
      Heads rows = new Heads(new float[64], 0, 1, 8, CACHED, 64, 0, 0, 0, 1);
      cache.append(rows, rows);
      for (Map.Entry<String, Runnable> call : calls(cache).entrySet()) {
        stop(call.getValue(), WARM_UP_MILLIS);
        double worst = 0;
        for (int i = 0; i < ROUNDS; i++) {
          worst = Math.max(worst, stop(call.getValue(), 1 + random.nextInt(LONGEST_WAIT_MILLIS)));
        }
        longest.put(call.getKey(), worst);
      }
    }
    return longest;
  }

  /** Calls that take a second or more. Their rows repeat one row, so they need no memory. */
  private static Map<String, Runnable> calls(KeyValueCache cache) {
    Map<String, Runnable> calls = new LinkedHashMap<>();
    for (int threads = 1; threads <= 2; threads++) {
      int count = threads;
      String on = ", threads " + threads;
      Heads rows = new Heads(new float[64], 0, 1, 8, ROWS, 64, 0, 0, 0, 1);
      Heads output = Heads.zeros(1, 8, ROWS, 64);
      calls.put("attention" + on, () -> Attention.standard().withThreads(count).compute(rows, rows, rows, output));
      Attention scalar = Attention.standard().withKernels(Kernels.scalar()).withThreads(threads);
      calls.put("attention, plain Java" + on, () -> scalar.compute(rows, rows, rows, output));
      Heads step = Heads.zeros(1, 8, 16, 64);
      calls.put("decode" + on, () -> repeat(() -> Attention.standard().withThreads(count).compute(step, cache, Heads.zeros(1, 8, 16, 64))));
      int width = 1024;
      float[] weight = new float[width * width];
      Linear linear = Linear.of(weight, null, width, width);
      SequenceBatch x = new SequenceBatch(new float[width], 0, 1, ROWS, width, 0, 0);
      SequenceBatch y = SequenceBatch.zeros(1, ROWS, width);
      calls.put("linear" + on, () -> repeat(() -> linear.withThreads(count).forward(x, y)));
      MultiHeadAttention layer =
          MultiHeadAttention.builder(width, 16).packedInput(new float[3 * width * width], null).output(weight, null).build();
      SequenceBatch few = x.rows(0, ROWS / 4);
      SequenceBatch fewOut = y.rows(0, ROWS / 4);
      calls.put("layer" + on, () -> layer.withThreads(count).forward(few, fewOut));
    }
    Matrix long1 = Matrix.of(new float[1 << 26], 1, 1 << 26);
    calls.put("activation, one row of 64 M", () -> repeat(() -> Kernels.selected().activate(Activation.GELU, long1, long1)));
    calls.put("softmax, one row of 64 M", () -> repeat(() -> Kernels.selected().softmax(long1, long1)));
    return calls;
  }

  private static void repeat(Runnable call) {
    for (int i = 0; i < 1000; i++) {
      call.run();
    }
  }

  /** The seconds from an interrupt, which comes after so many milliseconds, to the exception. */
  private static double stop(Runnable call, int millis) throws InterruptedException {
    long[] ended = new long[1];
    Thread caller = Thread.ofPlatform().start(() -> ended[0] = end(call));
    Thread.sleep(millis);
    long interrupted = System.nanoTime();
    caller.interrupt();
    caller.join();
    if (ended[0] == 0) {
      throw new IllegalStateException("a call failed, or was over before it was interrupted");
    }
    return (ended[0] - interrupted) / 1e9;
  }

  /** The time at which the call throws; 0 if it ends without an exception. */
  private static long end(Runnable call) {
    try {
      call.run();
      return 0;
    } catch (CancellationException e) {
      return System.nanoTime();
    }
  }

  /** The largest of all times. */
  static double worst(Map<String, Double> longest) {
    return longest.values().stream().mapToDouble(Double::doubleValue).max().orElse(0);
  }

  /** A row of the table. */
  static String line(String call, double seconds) {
    return String.format(Locale.ROOT, "%-32s %8.2f", call, seconds * 1e3);
  }
}
