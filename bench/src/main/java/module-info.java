/** Benchmarks, the command line and the demo. */
module dev.lanewise.bench {
  requires dev.lanewise.core;
  requires static transitive org.jspecify;
}
