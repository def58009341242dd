package dev.lanewise.kernels.simd.lanes;

import dev.lanewise.kernels.runtime.KernelProperties;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vectors of this JVM: the hardware's preferred width, or a smaller one set with {@code -Dlanewise.vectorBits}; and how many registers
 * hold them, or another number set with {@code -Dlanewise.vectorRegisters}.
 */
public final class Lanes {
  /** The species of all loops, which is a constant for the JIT compiler. */
  public static final VectorSpecies<Float> SPECIES = VectorShape.forBitSize(bits()).withLanes(float.class);

  /** Number of floats of a vector. */
  public static final int COUNT = SPECIES.length();

  /** Number of vector registers: 32 with 512-bit vectors and on AArch64; otherwise 16 are assumed. */
  public static final int REGISTERS =
      Integer.getInteger(KernelProperties.VECTOR_REGISTERS, COUNT == 16 || System.getProperty("os.arch").equals("aarch64") ? 32 : 16);

  private Lanes() {}

  private static int bits() {
    int preferred = FloatVector.SPECIES_PREFERRED.vectorBitSize();
    return Math.min(preferred, Integer.getInteger(KernelProperties.VECTOR_BITS, preferred));
  }
}
