package dev.lanewise.kernels.selection;

import dev.lanewise.kernels.call.KernelProvider;
import dev.lanewise.kernels.data.Matrix;
import java.time.Duration;

/**
 * Times a small piece of work, the softmax of a row, on both paths: its vectors are loaded, compared, multiplied, added, shifted and
 * stored. Where the compiler does not keep vectors in registers, each vector is an object, and SIMD takes many times as long as plain Java.
 *
 * <p>A vector is an object in every JVM until the optimising compiler has compiled its loop. SIMD is therefore accepted as soon as it is
 * faster, and given up only after {@link #PATIENCE}. Both times are the shortest of many runs, taken in turns. The patience is a time of
 * the clock and a time of the processor: on a busy machine the compiler gets as little of the processor as the runs, and the end waits for
 * it.
 */
final class PathTiming {
  /** Nanoseconds after which SIMD is given up, of the clock and of the processor. HotSpot's C2 needs 0.2 to 1.5 s of the latter. */
  private static final long PATIENCE = 3_000_000_000L;

  /** Runs of plain Java that must not improve before its time is compared: those before had not been compiled. */
  private static final int SETTLED = 300;

  private static final int COLUMNS = 512;

  private PathTiming() {}

  /** The shortest run of each path, in nanoseconds. */
  record Result(long plain, long vector) {
    boolean isVectorFaster() {
      return vector < plain;
    }
  }

  /** What {@link #compare} reads, in nanoseconds. */
  interface Clock {
    long now();

    /** The time that processors have worked for this process, its compiler included. */
    long processor();
  }

  /** The clocks of this process. Where the system does not tell the time of the processor, {@code now} stands for it. */
  private static final class SystemClock implements Clock {
    @Override
    public long now() {
      return System.nanoTime();
    }

    @Override
    public long processor() {
      return ProcessHandle.current().info().totalCpuDuration().map(Duration::toNanos).orElseGet(System::nanoTime);
    }
  }

  static Result compare(KernelProvider plain, KernelProvider vector) {
    return compare(work(plain), work(vector), new SystemClock());
  }

  static Result compare(Runnable plain, Runnable vector, Clock clock) {
    long plainBest = settled(plain, clock);
    long vectorBest = Long.MAX_VALUE;
    long start = clock.now();
    long startProcessor = clock.processor();
    do {
      vectorBest = Math.min(vectorBest, time(vector, clock));
      plainBest = Math.min(plainBest, time(plain, clock));
    } while (vectorBest >= plainBest && (clock.now() - start < PATIENCE || clock.processor() - startProcessor < PATIENCE));
    return new Result(plainBest, vectorBest);
  }

  private static long settled(Runnable work, Clock clock) {
    long best = Long.MAX_VALUE;
    int settled = 0;
    while (settled < SETTLED) {
      long time = time(work, clock);
      settled = time < best - best / 16 ? 0 : settled + 1;
      best = Math.min(best, time);
    }
    return best;
  }

  private static long time(Runnable work, Clock clock) {
    long start = clock.now();
    work.run();
    return Math.max(1, clock.now() - start);
  }

  private static Runnable work(KernelProvider kernels) {
    Matrix scores = Matrix.zeros(1, COLUMNS);
    for (int column = 0; column < COLUMNS; column++) {
      scores.data()[column] = column % 7 - 3;
    }
    Matrix weights = Matrix.zeros(1, COLUMNS);
    return () -> kernels.softmax(scores, weights);
  }
}
