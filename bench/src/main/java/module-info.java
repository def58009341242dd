/** Benchmarks, the command line and the demo. */
module dev.lanewise.bench {
  requires dev.lanewise.core;
  requires jmh.core;
  requires com.google.gson;
  requires info.picocli;
  requires me.tongfei.progressbar;
  requires ai.djl.tokenizers;
  requires com.google.protobuf;
  requires static transitive org.jspecify;
}
