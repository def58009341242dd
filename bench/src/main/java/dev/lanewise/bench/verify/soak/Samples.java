package dev.lanewise.bench.verify.soak;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;

/** Samples of memory and threads while no call is running, and a verdict whether they grow. */
final class Samples {
  /** The share of the heap by which the memory of the JVM and of pools varies without growth. */
  private static final double SLACK_SHARE = 0.05;

  private static final long SLACK_BYTES = 4L << 20;

  private static final long RESIDENT_SLACK_BYTES = 32L << 20;
  private static final long PAGE = 4096;

  private final List<Sample> samples = new ArrayList<>();

  /**
   * One sample.
   *
   * @param seconds the time since the beginning
   * @param calls the number of calls so far
   * @param heap the bytes in use after a garbage collection
   * @param resident the bytes of the whole process in memory; 0 where the system does not tell
   * @param threads the number of live threads
   */
  record Sample(double seconds, long calls, long heap, long resident, int threads) {
    static final String HEADER = String.format("%8s %12s %14s %14s %8s", "minutes", "calls", "heap, MB", "resident, MB", "threads");

    String line() {
      return String.format(Locale.ROOT, "%8.2f %12d %14.2f %14.2f %8d", seconds / 60, calls, heap / 1e6, resident / 1e6, threads);
    }
  }

  /** Takes a sample; no call may be running. */
  Sample take(double seconds, long calls) throws InterruptedException {
    for (int i = 0; i < 3; i++) {
      System.gc(); // the next collection frees what this one makes unreachable
      Thread.sleep(50);
    }
    long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    Sample sample = new Sample(seconds, calls, heap, resident(), ManagementFactory.getThreadMXBean().getThreadCount());
    add(sample);
    return sample;
  }

  void add(Sample sample) {
    samples.add(sample);
  }

  /** Memory of the process as Linux counts it, in pages. Java does not count memory segments. */
  private static long resident() {
    Path file = Path.of("/proc/self/statm");
    try {
      return Files.exists(file) ? Long.parseLong(Files.readString(file).split(" ", -1)[1]) * PAGE : 0;
    } catch (IOException e) {
      return 0;
    }
  }

  /** What grew from the second quarter of the samples, when all shapes have occurred, to the last quarter; empty if nothing grew. */
  List<String> growth() {
    List<String> found = new ArrayList<>();
    growth("the heap", Sample::heap, SLACK_SHARE, SLACK_BYTES, found);
    growth("the process", Sample::resident, SLACK_SHARE, RESIDENT_SLACK_BYTES, found);
    growth("the number of threads", Sample::threads, 0, 0, found);
    return found;
  }

  private void growth(String name, ToLongFunction<Sample> size, double share, long slack, List<String> found) {
    int quarter = samples.size() / 4;
    long before = samples.stream().skip(quarter).limit(quarter).mapToLong(size).max().orElse(0);
    long after = samples.stream().skip(samples.size() - quarter).mapToLong(size).min().orElse(0);
    if (after > before * (1 + share) + slack) {
      found.add(name + " grew from " + before + " to " + after);
    }
  }
}
