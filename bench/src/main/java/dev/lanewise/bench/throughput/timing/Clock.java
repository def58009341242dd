package dev.lanewise.bench.throughput.timing;

import java.lang.management.ManagementFactory;
import java.lang.management.OperatingSystemMXBean;
import java.lang.management.ThreadMXBean;

/** Measures time: nanoseconds from any beginning, and the processor time of threads. */
public interface Clock {
  /** The clock of this machine. */
  Clock SYSTEM = new SystemClock();

  /** The same for native code, whose threads cannot be told from those of the JVM: it knows no processor time. */
  Clock NATIVE = System::nanoTime;

  /** The time. */
  long nanos();

  /** Processor time of the calling thread; 0 where it is unknown. */
  default long callerCpuNanos() {
    return 0;
  }

  /** Processor time of the threads of the JVM itself, which compile and collect garbage; 0 where it is unknown. */
  default long jvmCpuNanos() {
    return 0;
  }

  /** Seconds since a time of this clock. */
  default double secondsSince(long start) {
    return (nanos() - start) * 1e-9;
  }

  /** Repeats a call for so many seconds, but at least once, and returns the seconds of the fastest one. */
  default double fastest(Runnable call, double seconds) {
    double fastest = Double.POSITIVE_INFINITY;
    long start = nanos();
    long end;
    do {
      long before = nanos();
      call.run();
      end = nanos();
      fastest = Math.min(fastest, (end - before) * 1e-9);
    } while ((end - start) * 1e-9 < seconds);
    return fastest;
  }

  /** The clock of this machine. */
  final class SystemClock implements Clock {
    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final OperatingSystemMXBean system = ManagementFactory.getOperatingSystemMXBean();

    private SystemClock() {}

    @Override
    public long nanos() {
      return System.nanoTime();
    }

    @Override
    public long callerCpuNanos() {
      return threads.isCurrentThreadCpuTimeSupported() ? threads.getCurrentThreadCpuTime() : 0;
    }

    @Override
    public long jvmCpuNanos() {
      if (!threads.isThreadCpuTimeSupported() || !(system instanceof com.sun.management.OperatingSystemMXBean process)) {
        return 0;
      }
      long javaThreads = 0;
      for (long id : threads.getAllThreadIds()) {
        javaThreads += Math.max(0, threads.getThreadCpuTime(id)); // −1 where it has just ended
      }
      return process.getProcessCpuTime() - javaThreads;
    }
  }
}
