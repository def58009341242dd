package dev.lanewise.kernels.plain;

import dev.lanewise.kernels.call.ProbeLoops;

/** The limits of plain Java: one float for each instruction. C2 does not vectorise float sums, because their order must not change. */
public final class ScalarProbe implements ProbeLoops {
  @Override
  public String path() {
    return "scalar";
  }

  @Override
  public int fmasPerStep() {
    return 10;
  }

  /** Ten chains: two FMA units of latency 5 (Broadwell) are the most that x86 has needed. Their starts differ and add up to 0. */
  @Override
  public float fmaPeak(int steps, float factor) {
    float sum0 = 1;
    float sum1 = -1;
    float sum2 = 2;
    float sum3 = -2;
    float sum4 = 3;
    float sum5 = -3;
    float sum6 = 4;
    float sum7 = -4;
    float sum8 = 5;
    float sum9 = -5;
    for (int step = 0; step < steps; step++) {
      sum0 = Math.fma(factor, factor, sum0);
      sum1 = Math.fma(factor, factor, sum1);
      sum2 = Math.fma(factor, factor, sum2);
      sum3 = Math.fma(factor, factor, sum3);
      sum4 = Math.fma(factor, factor, sum4);
      sum5 = Math.fma(factor, factor, sum5);
      sum6 = Math.fma(factor, factor, sum6);
      sum7 = Math.fma(factor, factor, sum7);
      sum8 = Math.fma(factor, factor, sum8);
      sum9 = Math.fma(factor, factor, sum9);
    }
    return sum0 + sum1 + sum2 + sum3 + sum4 + sum5 + sum6 + sum7 + sum8 + sum9;
  }

  @Override
  public float readBandwidth(float[] data, int from, int to) {
    float sum0 = 0;
    float sum1 = 0;
    float sum2 = 0;
    float sum3 = 0;
    float sum4 = 0;
    float sum5 = 0;
    float sum6 = 0;
    float sum7 = 0;
    int i = from;
    for (; i <= to - 8; i += 8) {
      sum0 += data[i];
      sum1 += data[i + 1];
      sum2 += data[i + 2];
      sum3 += data[i + 3];
      sum4 += data[i + 4];
      sum5 += data[i + 5];
      sum6 += data[i + 6];
      sum7 += data[i + 7];
    }
    for (; i < to; i++) {
      sum0 += data[i];
    }
    return sum0 + sum1 + sum2 + sum3 + sum4 + sum5 + sum6 + sum7;
  }
}
