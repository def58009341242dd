package dev.lanewise.kernels.simd.lanes;

import dev.lanewise.kernels.runtime.KernelProperties;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** The one vector width this JVM computes with: the hardware's, or less if {@code -Dlanewise.vectorBits} narrows it. */
public final class Lanes {
  /** A compile-time constant for the JIT: every loop below the door is written once against it. */
  public static final VectorSpecies<Float> SPECIES = VectorShape.forBitSize(bits()).withLanes(float.class);

  /** Floats per vector. */
  public static final int COUNT = SPECIES.length();

  private Lanes() {}

  private static int bits() {
    int preferred = FloatVector.SPECIES_PREFERRED.vectorBitSize();
    return Math.min(preferred, Integer.getInteger(KernelProperties.VECTOR_BITS, preferred));
  }
}
