package dev.lanewise.bench.peers;

/** What a peer computes, with its inputs where and how it likes them best: bringing them there is not timed. */
interface Rival extends AutoCloseable {
  /** Computes once. */
  void run();

  /** The result of the last run, dense and in the contest's order. */
  float[] result();

  @Override
  default void close() {}
}
