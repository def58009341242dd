package dev.lanewise.kernels.runtime;

/** Names of the system properties that choose the kernels. */
public final class KernelProperties {
  /** {@code auto}, {@code vector} or {@code scalar}. */
  public static final String KERNELS = "lanewise.kernels";

  /** The most bits of a vector. Tests use it to run narrower lanes. */
  public static final String VECTOR_BITS = "lanewise.vectorBits";

  private KernelProperties() {}
}
