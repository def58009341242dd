package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.Accuracy;
import dev.lanewise.bench.throughput.timing.Team;
import dev.lanewise.kernels.probe.Probe;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Multiply-adds in registers, as many as the cores can start, on every thread at the same time. */
final class FmaPeakOperation implements Operation {
  /** Some tens of microseconds once compiled; small enough for the interpreter to come to an end soon. */
  private static final int STEPS = 20_000;

  private final Probe probe;
  private final Team team;

  /** Keeps the loops from being dead code. */
  private final float[] results;

  FmaPeakOperation(Probe probe, Team team) {
    this.probe = probe;
    this.team = team;
    this.results = new float[team.size()];
  }

  @Override
  public Map<String, Object> shape() {
    return Map.of();
  }

  @Override
  public void run() {
    team.run(n -> results[n] = probe.fmaPeak(STEPS));
  }

  @Override
  public long flops() {
    return (long) STEPS * probe.flopsPerStep() * team.size();
  }

  @Override
  public long bytes() {
    return 0;
  }

  @Override
  public @Nullable Accuracy accuracy() {
    return null;
  }
}
