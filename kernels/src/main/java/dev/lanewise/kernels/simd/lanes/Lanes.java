package dev.lanewise.kernels.simd.lanes;

import dev.lanewise.kernels.runtime.KernelProperties;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** The vector width of this JVM: the hardware's preferred width, or a smaller one set with {@code -Dlanewise.vectorBits}. */
public final class Lanes {
  /** The species of all loops, which is a constant for the JIT compiler. */
  public static final VectorSpecies<Float> SPECIES = VectorShape.forBitSize(bits()).withLanes(float.class);

  /** Number of floats of a vector. */
  public static final int COUNT = SPECIES.length();

  private Lanes() {}

  private static int bits() {
    int preferred = FloatVector.SPECIES_PREFERRED.vectorBitSize();
    return Math.min(preferred, Integer.getInteger(KernelProperties.VECTOR_BITS, preferred));
  }
}
