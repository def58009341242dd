package dev.lanewise.kernels.selection;

import dev.lanewise.kernels.call.KernelProvider;
import dev.lanewise.kernels.runtime.KernelProperties;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;

/**
 * Decides whether SIMD or plain Java runs: an ordered list of obstacles, each with its remedy. This class does not refer to the Vector API,
 * so that it loads on a JVM without it.
 */
public final class KernelSelection {
  private static final String VECTOR_CLASS = "dev.lanewise.kernels.simd.VectorKernels";

  static {
    // Replaces "requires static", for which javac would warn in every module that requires this one.
    ModuleLayer.boot().findModule(VectorModule.NAME).ifPresent(KernelSelection.class.getModule()::addReads);
  }

  private KernelSelection() {}

  /**
   * The path that {@code Kernels.selected} takes.
   *
   * @param isVector whether SIMD runs
   * @param level of the log line
   * @param reason for plain Java; what was measured, or nothing, for SIMD
   */
  public record Choice(boolean isVector, Level level, String reason) {}

  /**
   * Chooses a path.
   *
   * @param plain plain Java, which SIMD is compared with where the JVM's compiler is not known
   * @throws IllegalStateException if the forced path cannot run, or the property names none
   */
  public static Choice choose(KernelProvider plain) {
    String wanted = System.getProperty(KernelProperties.KERNELS, "auto");
    switch (wanted) {
      case "scalar" -> {
        return new Choice(false, Level.INFO, ", forced by -D" + KernelProperties.KERNELS + "=scalar");
      }
      case "vector", "auto", "timed" -> {}
      default ->
          throw new IllegalStateException("-D" + KernelProperties.KERNELS + "=" + wanted + ", must be auto, timed, vector or scalar");
    }
    Optional<String> obstacle = vectorObstacle();
    if (wanted.equals("vector")) {
      if (obstacle.isPresent()) {
        throw new IllegalStateException("-D" + KernelProperties.KERNELS + "=vector is not possible: " + obstacle.get());
      }
      return new Choice(true, Level.INFO, "");
    }
    obstacle = obstacle.or(() -> compilerObstacle(System.getProperty("java.vm.info", "")));
    if (obstacle.isPresent()) {
      return plainBecause(obstacle.get());
    }
    return wanted.equals("auto") && isCompilerKnown() ? new Choice(true, Level.INFO, "") : timed(PathTiming.compare(plain, loadVector()));
  }

  private static Choice plainBecause(String obstacle) {
    return new Choice(false, Level.WARNING, ", many times slower than SIMD: " + obstacle);
  }

  /** The path that was faster. */
  static Choice timed(PathTiming.Result result) {
    if (result.isVectorFaster()) {
      return new Choice(true, Level.INFO, ", faster than plain Java as measured");
    }
    return plainBecause(
        """
        the compiler of this JVM makes an object of each vector: SIMD took %d ns and plain Java %d ns for the same work; run a JVM with \
        HotSpot's C2 compiler, or start java with -D%s=scalar, which saves this measurement\
        """
            .formatted(result.vector(), result.plain(), KernelProperties.KERNELS));
  }

  /**
   * Whether the JVM's compiler is one that keeps vectors in registers, C2 of HotSpot on a processor of the tests. Timing it would take some
   * tenths of a second of each program. Graal replaces C2 in a JVM with the interface for compilers in Java (JVMCI).
   */
  private static boolean isCompilerKnown() {
    return System.getProperty("sun.management.compiler", "").startsWith("HotSpot 64-Bit")
        && !System.getProperty("java.vm.version", "").contains("jvmci")
        && ModuleLayer.boot().findModule("jdk.internal.vm.ci").isEmpty()
        && List.of("amd64", "x86_64", "aarch64").contains(System.getProperty("os.arch"));
  }

  /** Why SIMD cannot run here, with the remedy; empty if it can. */
  public static Optional<String> vectorObstacle() {
    return VectorModule.obstacle()
        .or(() -> wrongNumber(KernelProperties.VECTOR_BITS, "128, 256 or 512", "128", "256", "512"))
        .or(() -> wrongNumber(KernelProperties.VECTOR_REGISTERS, "16 or 32", "16", "32"));
  }

  /**
   * The reason why SIMD would be slower than plain Java: only the optimising compiler keeps vectors in registers; otherwise each vector is
   * an object.
   *
   * @param vmInfo the JVM's description of its mode
   */
  private static Optional<String> compilerObstacle(String vmInfo) {
    if (vmInfo.contains("interpreted mode")) {
      return Optional.of("the JVM interprets only; start java without -Xint");
    }
    if (vmInfo.contains("emulated-client")) {
      return Optional.of("the optimising compiler is off; start java without -XX:TieredStopAtLevel");
    }
    if (!hasFusedMultiplyAdd()) {
      return Optional.of(
          "the JVM has no fused multiply-add; start java without -XX:-UseFMA and -XX:UseAVX=0, on a processor that has the instruction");
    }
    return Optional.empty();
  }

  /**
   * Whether {@link Math#fma} is an instruction. Otherwise it is computed with {@link java.math.BigDecimal}, at least a hundred times
   * slower, also in each lane of a vector. No property tells, so it is timed against a plain multiply and add.
   */
  private static boolean hasFusedMultiplyAdd() {
    long fused = Long.MAX_VALUE;
    long plain = Long.MAX_VALUE;
    float x = 0.3f;
    for (int round = 0; round < 10; round++) {
      long start = System.nanoTime();
      for (int i = 0; i < 50; i++) {
        x = Math.fma(x, 0.7f, 0.1f);
      }
      long middle = System.nanoTime();
      for (int i = 0; i < 50; i++) {
        x = multiplyAdd(x, 0.7f, 0.1f);
      }
      fused = Math.min(fused, middle - start);
      plain = Math.min(plain, System.nanoTime() - middle);
    }
    return x < 1 && fused < 10 * plain + 1000; // a thousand nanoseconds for clocks that tick slowly
  }

  private static float multiplyAdd(float a, float b, float c) {
    return a * b + c;
  }

  /**
   * Creates the SIMD kernels. A class that is missing from the jar is an error, not a reason to run plain Java.
   *
   * @throws IllegalStateException if SIMD kernels cannot run
   */
  public static KernelProvider loadVector() {
    vectorObstacle()
        .ifPresent(
            obstacle -> {
              throw new IllegalStateException(obstacle);
            });
    try {
      return Class.forName(VECTOR_CLASS).asSubclass(KernelProvider.class).getDeclaredConstructor().newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(VECTOR_CLASS + " is missing from the jar or cannot be created", e);
    }
  }

  /** Why the value of this property is wrong; empty if it is not set or one of these. */
  private static Optional<String> wrongNumber(String property, String choices, String... valid) {
    String value = System.getProperty(property);
    if (value == null || List.of(valid).contains(value)) {
      return Optional.empty();
    }
    return Optional.of("-D" + property + "=" + value + ", must be " + choices);
  }
}
