package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.Rows;
import dev.lanewise.bench.throughput.timing.Team;
import dev.lanewise.kernels.probe.Probe;
import java.util.Arrays;
import java.util.Map;
import java.util.function.IntToDoubleFunction;

/** Measures a limit of the machine on all threads at the same time; there is no result to check. */
final class ProbeOperation {
  /** Multiply-adds of some tens of microseconds once compiled; few enough for the interpreter to end soon. */
  private static final int STEPS = 20_000;

  /** 256 MiB. */
  private static final int ELEMENTS = 1 << 26;

  private ProbeOperation() {}

  private static Operation of(Team team, IntToDoubleFunction part, long flops, long bytes) {
    double[] results = new double[team.size()]; // keeps the loops from being dead code
    Map<String, Object> shape = bytes == 0 ? Map.of() : Map.of("bytes", bytes);
    return new Operation(shape, () -> team.run(n -> results[n] = part.applyAsDouble(n)), flops, bytes, () -> null);
  }

  /** Multiply-adds in registers, as many as the cores can start. */
  static Operation fmaPeak(Probe probe, Team team) {
    return of(team, n -> probe.fmaPeak(STEPS), (long) STEPS * probe.flopsPerStep() * team.size(), 0);
  }

  /** Reads an array that no cache holds, each thread a part of its own. */
  static Operation readBandwidth(Probe probe, Team team) {
    float[] data = new float[ELEMENTS];
    // Untouched pages may all be one page of zeros to the operating system, which would stay in cache.
    Arrays.fill(data, 1);
    int parts = team.size();
    return of(
        team,
        n -> probe.readBandwidth(data, Rows.bound(ELEMENTS, n, parts), Rows.bound(ELEMENTS, n + 1, parts)),
        0,
        (long) Float.BYTES * ELEMENTS);
  }
}
