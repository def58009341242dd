package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.Accuracy;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One thing to time, with its data ready. */
public interface Operation extends AutoCloseable {
  /** The sizes that matter to it, by their names in the report. */
  Map<String, Object> shape();

  /** Does it once; every run does the same work on the same data. */
  void run();

  /** Floating-point operations a run, a multiply-add counted as two; 0 where counting them says nothing. */
  long flops();

  /** Pairs of a query and a key of one head that count in a run; 0 for all but attention and decoding. */
  default long scores() {
    return 0;
  }

  /** Bytes a run has to move at least: every input element read once and every output element written once; 0 if it works in registers. */
  long bytes();

  /** The error of the last run's result on sampled rows, or null if there is no result to check. */
  @Nullable Accuracy accuracy();

  /** Frees memory outside of the heap, if there is some. */
  @Override
  default void close() {}
}
