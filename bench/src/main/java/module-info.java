/** Benchmarks, the command line and the demo. */
module dev.lanewise.bench {
  requires dev.lanewise.text;
  requires jmh.core;
  requires com.google.gson;
  requires info.picocli;
  requires java.management;
  requires jdk.management;
  requires me.tongfei.progressbar;
  requires static org.jspecify;

  opens dev.lanewise.bench.cli to
      info.picocli;
  opens dev.lanewise.bench.cli.console to
      info.picocli;
  opens dev.lanewise.bench.cli.demo to
      info.picocli;
  opens dev.lanewise.bench.cli.embed to
      info.picocli;
  opens dev.lanewise.bench.cli.explain to
      info.picocli;
  opens dev.lanewise.bench.cli.generate to
      info.picocli;
  opens dev.lanewise.bench.cli.learn to
      info.picocli;
  opens dev.lanewise.bench.cli.train to
      info.picocli;
  opens dev.lanewise.bench.report to
      info.picocli;
  opens dev.lanewise.bench.throughput to
      info.picocli;
  opens dev.lanewise.bench.throughput.options to
      info.picocli;
  opens dev.lanewise.bench.verify.files to
      info.picocli;
  opens dev.lanewise.bench.verify.fuzz to
      info.picocli;
  opens dev.lanewise.bench.verify.soak to
      info.picocli;
}
