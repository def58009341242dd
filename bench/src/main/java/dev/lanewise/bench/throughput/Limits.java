package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.timing.Stopwatch;
import dev.lanewise.bench.throughput.timing.Team;
import dev.lanewise.kernels.probe.Probe;

/**
 * What this machine can do at most, measured in this process.
 *
 * @param fmaPeakGflops threads × 10<sup>9</sup> floating-point operations a second of one core that does nothing but multiply-adds
 * @param readBandwidth bytes a second that all threads together read from memory
 */
record Limits(double fmaPeakGflops, double readBandwidth) {
  private static final Stopwatch STOPWATCH = Stopwatch.of(0.3, 10, 0.3);

  static Limits measure(Team team) {
    Probe probe = Probe.fastest();
    try (Team one = new Team(1)) {
      Operation peak = ProbeOperation.fmaPeak(probe, one);
      Operation read = ProbeOperation.readBandwidth(probe, team);
      double peakSeconds = STOPWATCH.samples(peak::run).best();
      double readSeconds = STOPWATCH.samples(read::run).best();
      return new Limits(team.size() * (peak.flops() / peakSeconds * 1e-9), read.bytes() / readSeconds);
    }
  }
}
