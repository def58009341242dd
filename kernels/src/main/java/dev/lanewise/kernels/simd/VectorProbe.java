package dev.lanewise.kernels.simd;

import dev.lanewise.kernels.call.ProbeLoops;
import dev.lanewise.kernels.simd.lanes.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** The limits of one core's SIMD lanes. */
public final class VectorProbe implements ProbeLoops {
  @Override
  public String path() {
    return "vector-" + Lanes.SPECIES.vectorBitSize();
  }

  @Override
  public int fmasPerStep() {
    return 14 * Lanes.COUNT;
  }

  /**
   * Fourteen chains: x86 needs 8 to 10 (two FMA units of latency 4 or 5), cores with four units of latency 4 need 16, and AVX2 has 16
   * registers, one of which holds the factor. The initial values differ, so that the compiler cannot merge two chains, and their sum is 0.
   */
  @Override
  public float fmaPeak(int steps, float factor) {
    FloatVector factors = FloatVector.broadcast(Lanes.SPECIES, factor);
    FloatVector sum0 = FloatVector.broadcast(Lanes.SPECIES, 1);
    FloatVector sum1 = sum0.neg();
    FloatVector sum2 = FloatVector.broadcast(Lanes.SPECIES, 2);
    FloatVector sum3 = sum2.neg();
    FloatVector sum4 = FloatVector.broadcast(Lanes.SPECIES, 3);
    FloatVector sum5 = sum4.neg();
    FloatVector sum6 = FloatVector.broadcast(Lanes.SPECIES, 4);
    FloatVector sum7 = sum6.neg();
    FloatVector sum8 = FloatVector.broadcast(Lanes.SPECIES, 5);
    FloatVector sum9 = sum8.neg();
    FloatVector sum10 = FloatVector.broadcast(Lanes.SPECIES, 6);
    FloatVector sum11 = sum10.neg();
    FloatVector sum12 = FloatVector.broadcast(Lanes.SPECIES, 7);
    FloatVector sum13 = sum12.neg();
    for (int step = 0; step < steps; step++) {
      sum0 = factors.fma(factors, sum0);
      sum1 = factors.fma(factors, sum1);
      sum2 = factors.fma(factors, sum2);
      sum3 = factors.fma(factors, sum3);
      sum4 = factors.fma(factors, sum4);
      sum5 = factors.fma(factors, sum5);
      sum6 = factors.fma(factors, sum6);
      sum7 = factors.fma(factors, sum7);
      sum8 = factors.fma(factors, sum8);
      sum9 = factors.fma(factors, sum9);
      sum10 = factors.fma(factors, sum10);
      sum11 = factors.fma(factors, sum11);
      sum12 = factors.fma(factors, sum12);
      sum13 = factors.fma(factors, sum13);
    }
    FloatVector low = sum0.add(sum1).add(sum2).add(sum3).add(sum4).add(sum5).add(sum6);
    FloatVector high = sum7.add(sum8).add(sum9).add(sum10).add(sum11).add(sum12).add(sum13);
    return low.add(high).reduceLanes(VectorOperators.ADD);
  }

  @Override
  public float readBandwidth(float[] data, int from, int to) {
    FloatVector sum0 = FloatVector.zero(Lanes.SPECIES);
    FloatVector sum1 = FloatVector.zero(Lanes.SPECIES);
    FloatVector sum2 = FloatVector.zero(Lanes.SPECIES);
    FloatVector sum3 = FloatVector.zero(Lanes.SPECIES);
    int i = from;
    for (; i <= to - 4 * Lanes.COUNT; i += 4 * Lanes.COUNT) {
      sum0 = sum0.add(FloatVector.fromArray(Lanes.SPECIES, data, i));
      sum1 = sum1.add(FloatVector.fromArray(Lanes.SPECIES, data, i + Lanes.COUNT));
      sum2 = sum2.add(FloatVector.fromArray(Lanes.SPECIES, data, i + 2 * Lanes.COUNT));
      sum3 = sum3.add(FloatVector.fromArray(Lanes.SPECIES, data, i + 3 * Lanes.COUNT));
    }
    float rest = 0;
    for (; i < to; i++) {
      rest += data[i];
    }
    return rest + sum0.add(sum1).add(sum2.add(sum3)).reduceLanes(VectorOperators.ADD);
  }
}
