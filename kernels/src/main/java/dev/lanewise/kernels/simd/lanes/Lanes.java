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

  /** Number of vector registers for which tiles are chosen. */
  public static final int REGISTERS =
      Integer.getInteger(KernelProperties.VECTOR_REGISTERS, registers(System.getProperty("os.arch"), SPECIES.vectorBitSize()));

  private Lanes() {}

  private static int bits() {
    int preferred = supported(FloatVector.SPECIES_PREFERRED.vectorBitSize());
    return Math.min(preferred, Integer.getInteger(KernelProperties.VECTOR_BITS, preferred));
  }

  /**
   * The vector size for a JVM that prefers {@code bits}. ARM's SVE has registers of up to 2048 bits, of which a mask of 64 queries fills
   * 512. A JVM whose compiler knows no vectors prefers 64 bits; its vectors are objects of any size.
   */
  static int supported(int bits) {
    return Math.clamp(bits, 128, 512);
  }

  /**
   * The number of vector registers of an architecture as {@code os.arch} names it. x86 has 32 with AVX-512 and 16 before; a JVM that
   * prefers narrower vectors on such a processor has 32 too, but tiles for 16 are as fast there. Other architectures have 32, except for
   * ARM of 32 bits. How many of them a compiler allocates, no JVM tells.
   */
  static int registers(String architecture, int bits) {
    return switch (architecture) {
      case "aarch64", "riscv64", "ppc64", "ppc64le", "s390x", "loongarch64" -> 32;
      default -> bits == 512 ? 32 : 16;
    };
  }
}
