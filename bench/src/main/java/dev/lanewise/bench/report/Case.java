package dev.lanewise.bench.report;

import java.util.List;

/**
 * One measurement of the suite.
 *
 * @param id what it is called in files, which compare by it
 * @param title what it is called on the page
 * @param chart where it is drawn
 * @param x its place along that chart, such as the length; 0 where there is none
 * @param arguments a command with its options
 */
record Case(String id, String title, Chart chart, int x, List<String> arguments) {

  /** Where cases are drawn, beside the table and the roofline, which show all. */
  enum Chart {
    /** Nowhere else. */
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
