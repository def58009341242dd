package dev.lanewise.kernels.selection;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.module.Configuration;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Runtimes that this one is not, made of modules without classes. */
@Tag("once")
class VectorModuleTest {
  private static final ModuleDescriptor BASE = ModuleDescriptor.newModule("mock.base").exports("mock.lang").build();
  private static final ModuleDescriptor INCUBATOR =
      ModuleDescriptor.newModule("jdk.incubator.vector").exports("jdk.incubator.vector").build();

  /** An internal package of the same name is none that Lanewise could use. */
  private static final ModuleDescriptor INTERNAL =
      ModuleDescriptor.newModule("mock.internal")
          .exports("jdk.internal.vm.vector", Set.of("mock.base"))
          .packages(Set.of("a.vector"))
          .build();

  private static final ModuleDescriptor SUCCESSOR = ModuleDescriptor.newModule("mock.math").exports("java.util.vector").build();

  @Test
  void aLoadedModuleIsNoObstacle() {
    assertThat(obstacle(25, List.of(BASE, INCUBATOR), "jdk.incubator.vector")).isEmpty();
    assertThat(obstacle(27, List.of(BASE, INCUBATOR, SUCCESSOR), "jdk.incubator.vector")).isEmpty();
  }

  @Test
  void aModuleThatIsNotLoadedNeedsTheFlag() {
    assertThat(obstacle(25, List.of(BASE, INCUBATOR), "mock.base"))
        .hasValue("the module jdk.incubator.vector is not loaded; start java with --add-modules jdk.incubator.vector");
  }

  @Test
  void anImageWithoutTheModuleNeedsJlink() {
    assertThat(obstacle(25, List.of(BASE, INTERNAL), "mock.base").orElseThrow())
        .startsWith("the module jdk.incubator.vector is not in this runtime; link it with jlink --add-modules jdk.incubator.vector");
  }

  @Test
  void aJdkWithTheApiInAnotherPackageIsNamedWithThePackage() {
    assertThat(obstacle(29, List.of(BASE, INTERNAL, SUCCESSOR), "mock.base").orElseThrow())
        .startsWith("Java 29 has the Vector API in the package java.util.vector of the module mock.math, which this version")
        .endsWith("run Java 25 with --add-modules jdk.incubator.vector, or a version of Lanewise for Java 29");
  }

  @Test
  void aLaterJdkWithoutTheModuleMayHaveLostIt() {
    assertThat(obstacle(29, List.of(BASE, INTERNAL), "mock.base").orElseThrow())
        .contains("not in this runtime; if Java 29 no longer has it, run Java 25 with", "otherwise link it with jlink");
  }

  @Test
  void noModuleOfThisJdkIsTakenForASuccessor() {
    ModuleFinder withoutIncubator =
        finder(ModuleFinder.ofSystem().findAll().stream().map(ModuleReference::descriptor).filter(m -> !m.name().equals(INCUBATOR.name())));
    assertThat(VectorModule.obstacle(ModuleLayer.empty(), withoutIncubator, 25).orElseThrow()).contains("not in this runtime");
  }

  private static Optional<String> obstacle(int java, List<ModuleDescriptor> system, String loaded) {
    ModuleFinder finder = finder(system.stream());
    Configuration resolved = ModuleLayer.boot().configuration().resolve(finder, ModuleFinder.of(), List.of(loaded));
    ModuleLayer boot = ModuleLayer.boot().defineModulesWithOneLoader(resolved, ClassLoader.getPlatformClassLoader());
    return VectorModule.obstacle(boot, finder, java);
  }

  private static ModuleFinder finder(Stream<ModuleDescriptor> modules) {
    Map<String, ModuleReference> references = modules.collect(Collectors.toMap(ModuleDescriptor::name, Mock::new));
    return new ModuleFinder() {
      @Override
      public Optional<ModuleReference> find(String name) {
        return Optional.ofNullable(references.get(name));
      }

      @Override
      public Set<ModuleReference> findAll() {
        return Set.copyOf(references.values());
      }
    };
  }

  private static final class Mock extends ModuleReference {
    Mock(ModuleDescriptor descriptor) {
      super(descriptor, null);
    }

    @Override
    public ModuleReader open() {
      throw new UnsupportedOperationException("no classes");
    }
  }
}
