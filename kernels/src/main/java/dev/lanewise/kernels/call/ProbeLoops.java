package dev.lanewise.kernels.call;

/** The interface of the two implementations of {@code Probe}, whose methods of the same names document it. */
public interface ProbeLoops {
  String path();

  /** Fused multiply-adds in one step: accumulators times lanes. */
  int fmasPerStep();

  float fmaPeak(int steps, float factor);

  float readBandwidth(float[] data, int from, int to);
}
