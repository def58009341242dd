package dev.lanewise.bench.report;

import java.util.List;
import java.util.stream.Stream;

/**
 * One measurement of the suite.
 *
 * @param id name in files, by which runs are compared
 * @param title name on the page
 * @param chart the chart that shows it
 * @param x its position in that chart, such as the length; 0 if it has none
 * @param arguments a command with its options
 */
record Case(String id, String title, Chart chart, int x, List<String> arguments) {
  /** The option that says how many threads share the work. */
  static final String THREADS = "--threads";

  /** The arguments with a number of threads, unless the case has its own. */
  List<String> argumentsOn(int threads) {
    if (arguments.contains(THREADS)) {
      return arguments;
    }
    return Stream.concat(arguments.stream(), Stream.of(THREADS, String.valueOf(threads))).toList();
  }

  /** Charts beside the table and the roofline, which show all cases. */
  enum Chart {
    /** No chart. */
    NONE,
    /** Speed against the length. */
    LENGTH,
    /** The same with a causal mask. */
    CAUSAL,
    /** Speed against the width of a head. */
    WIDTH,
    /** Bytes of the cache a second against the kind of cache. */
    DECODE,
    /** Two cases of one id, one on each path. */
    SCALAR,
    /** Against another program, by the command {@code duel}. */
    PEER
  }
}
