package dev.lanewise.bench.peers;

import java.util.Map;

/** One computation on seeded numbers, which Lanewise and a peer do in turns. */
interface Task {
  /** The sizes that matter to it, by their names in the line of JSON. */
  Map<String, Object> shape();

  /** Computes it with Lanewise. */
  void run();

  /** Lanewise's result of the last run, dense and in the order that the task's own documentation names. */
  float[] result();

  /** The largest distance of such a result from the one in double precision, on sampled rows; NaN where there is no such result. */
  double error(float[] result);

  /**
   * The same computation in another program.
   *
   * @throws UnsupportedOperationException if the program cannot do it, with the reason
   */
  PeerTask in(Peer peer);
}
