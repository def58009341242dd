package dev.lanewise.testing;

import java.util.List;

/** Flags of a JVM that ends before the optimising compiler has earned its time: without it, and with one thread that collects. */
public final class QuickStart {
  /** Kernels of such a JVM run in plain Java. A process takes half as much time. */
  public static final List<String> FLAGS = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

  private QuickStart() {}
}
