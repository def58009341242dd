package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.Accuracy;
import dev.lanewise.bench.throughput.data.Rows;
import dev.lanewise.bench.throughput.timing.Team;
import dev.lanewise.kernels.probe.Probe;
import java.util.Arrays;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** Measures a limit of the machine on all threads at the same time; there is no result to check. */
final class ProbeOperation implements Operation {
  /** Multiply-adds of some tens of microseconds once compiled; few enough for the interpreter to end soon. */
  private static final int STEPS = 20_000;

  /** 256 MiB. */
  private static final int ELEMENTS = 1 << 26;

  private final Team team;
  private final IntToDoubleFunction part;
  private final long flops;
  private final long bytes;

  /** Keeps the loops from being dead code. */
  private final double[] results;

  private ProbeOperation(Team team, IntToDoubleFunction part, long flops, long bytes) {
    this.team = team;
    this.part = part;
    this.flops = flops;
    this.bytes = bytes;
    this.results = new double[team.size()];
  }

  /** Multiply-adds in registers, as many as the cores can start. */
  static ProbeOperation fmaPeak(Probe probe, Team team) {
    return new ProbeOperation(team, n -> probe.fmaPeak(STEPS), (long) STEPS * probe.flopsPerStep() * team.size(), 0);
  }

  /** Reads an array that no cache holds, each thread a part of its own. */
  static ProbeOperation readBandwidth(Probe probe, Team team) {
    float[] data = new float[ELEMENTS];
    // Untouched pages may all be one page of zeros to the operating system, which would stay in cache.
    Arrays.fill(data, 1);
    int parts = team.size();
    return new ProbeOperation(
        team,
        n -> probe.readBandwidth(data, Rows.bound(ELEMENTS, n, parts), Rows.bound(ELEMENTS, n + 1, parts)),
        0,
        (long) Float.BYTES * ELEMENTS);
  }

  @Override
  public Map<String, Object> shape() {
    return bytes == 0 ? Map.of() : Map.of("bytes", bytes);
  }

  @Override
  public void run() {
    team.run(n -> results[n] = part.applyAsDouble(n));
  }

  @Override
  public long flops() {
    return flops;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public @Nullable Accuracy accuracy() {
    return null;
  }
}
