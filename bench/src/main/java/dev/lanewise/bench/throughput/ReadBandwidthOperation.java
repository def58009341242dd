package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.Accuracy;
import dev.lanewise.bench.throughput.data.Rows;
import dev.lanewise.bench.throughput.timing.Team;
import dev.lanewise.kernels.probe.Probe;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads an array that no cache holds, each thread a part of its own. */
final class ReadBandwidthOperation implements Operation {
  /** 256 MiB. */
  private static final int ELEMENTS = 1 << 26;

  private final Probe probe;
  private final Team team;
  private final float[] data = new float[ELEMENTS];

  /** Keeps the loops from being dead code. */
  private final float[] results;

  ReadBandwidthOperation(Probe probe, Team team) {
    this.probe = probe;
    this.team = team;
    this.results = new float[team.size()];
    // Untouched pages may all be one page of zeros to the operating system, which would stay in cache.
    Arrays.fill(data, 1);
  }

  @Override
  public Map<String, Object> shape() {
    return Map.of("bytes", bytes());
  }

  @Override
  public void run() {
    team.run(n -> results[n] = probe.readBandwidth(data, Rows.bound(ELEMENTS, n, team.size()), Rows.bound(ELEMENTS, n + 1, team.size())));
  }

  @Override
  public long flops() {
    return 0;
  }

  @Override
  public long bytes() {
    return (long) Float.BYTES * ELEMENTS;
  }

  @Override
  public @Nullable Accuracy accuracy() {
    return null;
  }
}
