package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.Accuracy;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One thing to time, with its data ready.
 *
 * @param shape the sizes that matter to it, by their names in the report
 * @param work does it once; every run does the same work on the same data
 * @param scores pairs of a query and a key of one head that count in a run; 0 for all but attention and decoding
 * @param flops floating-point operations a run, a multiply-add counted as two; 0 where counting them says nothing
 * @param bytes bytes a run has to move at least: every input element read once and every output element written once; 0 if it works in
 *     registers
 * @param tokens tokens that a run reads; 0 for all but models
 * @param check the error of the last run's result on sampled rows
 * @param end frees memory outside of the heap
 */
public record Operation(
    Map<String, Object> shape, Runnable work, long scores, long flops, long bytes, long tokens, Check check, Runnable end)
    implements AutoCloseable {
  /** The error of a result, or null if there is no result to check. */
  @FunctionalInterface
  public interface Check {
    /** Computes the error. */
    @Nullable Accuracy accuracy();
  }

  /** An operation without tokens. */
  Operation(Map<String, Object> shape, Runnable work, long scores, long flops, long bytes, Check check, Runnable end) {
    this(shape, work, scores, flops, bytes, 0, check, end);
  }

  /** An operation that has neither scores nor tokens and only memory of the heap. */
  Operation(Map<String, Object> shape, Runnable work, long flops, long bytes, Check check) {
    this(shape, work, 0, flops, bytes, check, () -> {});
  }

  /** Does the work once. */
  public void run() {
    work.run();
  }

  /** The error of the last run's result, or null if there is no result to check. */
  public @Nullable Accuracy accuracy() {
    return check.accuracy();
  }

  @Override
  public void close() {
    end.run();
  }
}
