package dev.lanewise.kernels.runtime;

/** Names of the system properties that choose the kernels. */
public final class KernelProperties {
  /** {@code auto}, {@code timed}, {@code vector} or {@code scalar}. */
  public static final String KERNELS = "lanewise.kernels";

  /** The most bits of a vector. Tests use it to run narrower lanes. */
  public static final String VECTOR_BITS = "lanewise.vectorBits";

  /**
   * 16 or 32: the number of vector registers for which tile sizes are chosen, instead of this processor's own number. Tests use it to run
   * the tiles of another processor: 32 with {@link #VECTOR_BITS} 128 are those of ARM.
   */
  public static final String VECTOR_REGISTERS = "lanewise.vectorRegisters";

  private KernelProperties() {}
}
