package dev.lanewise.kernels.probe;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.ProbeLoops;
import dev.lanewise.kernels.plain.ScalarProbe;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.selection.KernelSelection;
import dev.lanewise.kernels.simd.VectorProbe;
import java.util.Objects;

/**
 * Two loops that each reach one limit of a core: the number of fused multiply-adds that it can start, and the memory bandwidth. Time a call
 * to express the speed of a kernel as a fraction of the limit. Both loops run on the calling thread.
 */
public final class Probe {
  private final ProbeLoops loops;

  private Probe(ProbeLoops loops) {
    this.loops = loops;
  }

  /** The SIMD limits where this JVM can run SIMD kernels, even if {@code -Dlanewise.kernels} chose others; else those of plain Java. */
  public static Probe fastest() {
    return new Probe(KernelSelection.vectorObstacle().isEmpty() ? new VectorProbe() : new ScalarProbe());
  }

  /** The limits of the instructions that these kernels use. */
  public static Probe of(Kernels kernels) {
    return new Probe(Objects.requireNonNull(kernels, "kernels").path().equals("scalar") ? new ScalarProbe() : new VectorProbe());
  }

  /** {@code scalar} or {@code vector-<bits>}. */
  public String path() {
    return loops.path();
  }

  /**
   * Runs {@code steps} rounds of one fused multiply-add in each of enough independent chains to hide its latency. The result is the number
   * of multiply-adds done, exact up to 2<sup>24</sup> of them and rounded beyond; from little more than 2<sup>24</sup> steps on it no
   * longer grows. Use the result, so that the loop is not dead code.
   *
   * @param steps number of rounds, at least 0; each is {@link #flopsPerStep} floating-point operations
   */
  public float fmaPeak(int steps) {
    Checks.atLeast("steps", steps, 0);
    return loops.fmaPeak(steps, 1);
  }

  /** Floating-point operations in one step of {@link #fmaPeak}; a fused multiply-add counts as two. */
  public int flopsPerStep() {
    return 2 * loops.fmasPerStep();
  }

  /**
   * Reads {@code data[from]} to {@code data[to - 1]} once, in order. The result is their sum. Use the result, so that the loop is not dead
   * code.
   *
   * @throws IndexOutOfBoundsException if the range is not inside the array
   */
  public float readBandwidth(float[] data, int from, int to) {
    Checks.range("data", from, to, Objects.requireNonNull(data, "data").length);
    return loops.readBandwidth(data, from, to);
  }
}
