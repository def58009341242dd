package dev.lanewise.kernels.call;

/** The seam between {@code Probe} and its two implementations; see the methods of the same names there. */
public interface ProbeLoops {
  String path();

  /** Fused multiply-adds in one step: accumulators times lanes. */
  int fmasPerStep();

  float fmaPeak(int steps, float factor);

  float readBandwidth(float[] data, int from, int to);
}
