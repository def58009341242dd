package dev.lanewise.kernels.selection;

import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;

/** The module of the Vector API: whether it is loaded, and what to do where it is not. */
final class VectorModule {
  static final String NAME = "jdk.incubator.vector";

  /** The Java version that has the module for certain. Lanewise is compiled for it. */
  private static final int JAVA = 25;

  private static final String FLAG = "--add-modules " + NAME;

  private VectorModule() {}

  /** Why this runtime cannot use the module, with the remedy; empty if it can. */
  static Optional<String> obstacle() {
    if (System.getProperty("org.graalvm.nativeimage.imagecode") != null) {
      return Optional.of("a native image cannot define the hidden classes of the SIMD kernels; run on a JVM for SIMD");
    }
    return obstacle(ModuleLayer.boot(), ModuleFinder.ofSystem(), Runtime.version().feature());
  }

  /**
   * As {@link #obstacle()}, of any runtime.
   *
   * @param boot the modules that are loaded; those of its parents do not count
   * @param system the modules that the runtime has
   * @param java the version of the runtime
   */
  static Optional<String> obstacle(ModuleLayer boot, ModuleFinder system, int java) {
    if (boot.modules().stream().anyMatch(module -> module.getName().equals(NAME))) {
      return Optional.empty();
    }
    if (system.find(NAME).isPresent()) {
      return Optional.of("the module " + NAME + " is not loaded; start java with " + FLAG);
    }
    Optional<String> successor = successor(system);
    if (successor.isPresent()) {
      return Optional.of(
          "Java "
              + java
              + " has the Vector API in "
              + successor.get()
              + ", which this version of Lanewise does not use; "
              + otherJava(java));
    }
    String missing = "the module " + NAME + " is not in this runtime; ";
    String remedy = "link it with jlink " + FLAG + ", and start java with " + FLAG;
    return Optional.of(
        missing + (java > JAVA ? "if Java " + java + " no longer has it, " + otherJava(java) + "; otherwise " : "") + remedy);
  }

  private static String otherJava(int java) {
    return "run Java " + JAVA + " with " + FLAG + ", or a version of Lanewise for Java " + java;
  }

  /**
   * The package in which the Vector API may be after its incubation. Its name is not known yet; the package of an incubator module keeps
   * the last part of its name. No module of Java 25 exports another package of this name.
   */
  private static Optional<String> successor(ModuleFinder system) {
    return system.findAll().stream().map(ModuleReference::descriptor).flatMap(VectorModule::exportedToAll).min(Comparator.naturalOrder());
  }

  private static Stream<String> exportedToAll(ModuleDescriptor module) {
    return module.exports().stream()
        .filter(exported -> !exported.isQualified() && exported.source().endsWith(".vector"))
        .map(exported -> "the package " + exported.source() + " of the module " + module.name());
  }
}
