package dev.lanewise.bench.verify.soak;

import java.util.List;
import java.util.Random;

/** What the threads of a soak do, and how many of them there are. */
interface Load extends AutoCloseable {
  int platformThreads();

  int virtualThreads();

  /**
   * Makes one call.
   *
   * @param thread number of the calling thread
   * @throws AssertionError if its result is wrong
   */
  void call(int thread, Random random);

  /** What is in use after the last call, and should not be; empty if nothing is. */
  List<String> leaks();

  /** Frees what the calls shared. */
  @Override
  void close();
}
