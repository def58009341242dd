package dev.lanewise.bench.peers;

import java.util.function.Supplier;

/**
 * A task in another program, with its inputs where and how that program likes them best: bringing them there is not timed.
 *
 * @param computation computes once
 * @param output gives the result of the last run, dense and in the order of the task
 * @param release frees what the garbage collector does not
 */
record PeerTask(Runnable computation, Supplier<float[]> output, Runnable release) implements AutoCloseable {

  /** A task that has nothing to free. */
  static PeerTask of(Runnable computation, Supplier<float[]> output) {
    return new PeerTask(computation, output, () -> {});
  }

  /** Computes once. */
  void run() {
    computation.run();
  }

  /** The result of the last run. */
  float[] result() {
    return output.get();
  }

  @Override
  public void close() {
    release.run();
  }
}
