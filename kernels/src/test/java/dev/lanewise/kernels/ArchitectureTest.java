package dev.lanewise.kernels;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.junit.LocationProvider;
import com.tngtech.archunit.lang.ArchRule;
import dev.lanewise.kernels.testing.HouseRules;
import java.io.IOException;
import java.util.List;
import java.util.Set;

@AnalyzeClasses(locations = ArchitectureTest.MainClasses.class)
class ArchitectureTest {
  private static final String KERNELS = "dev.lanewise.kernels";

  @ArchTest
  static final ArchRule onlySimdUsesTheVectorApi =
      noClasses().that().resideOutsideOfPackage(KERNELS + ".simd..").should().dependOnClassesThat().resideInAPackage("jdk.incubator..");

  @ArchTest
  static final ArchRule kernelsUseTheJdkAlone =
      classes()
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(KERNELS + "..", "java..", "jdk.incubator.vector..", "org.jspecify.annotations..");

  @ArchTest
  static void packagesUseThoseBeforeThem(JavaClasses classes) {
    HouseRules.packagesUseThoseBefore(
        classes,
        List.of(
            KERNELS + ".runtime",
            KERNELS + ".data",
            KERNELS + ".cache",
            KERNELS + ".call",
            KERNELS + ".plain",
            KERNELS + ".simd.lanes",
            KERNELS + ".simd.elementwise",
            KERNELS + ".simd.product",
            KERNELS + ".simd.stored",
            KERNELS + ".simd.fused",
            KERNELS + ".simd.decode",
            KERNELS + ".simd",
            KERNELS,
            KERNELS + ".probe"));
  }

  @ArchTest
  static void packagesHaveAtMost25Types(JavaClasses classes) {
    HouseRules.packagesAreSmall(classes);
  }

  @ArchTest
  static void atMost12TypesNeedEachOther(JavaClasses classes) {
    HouseRules.knotsAreSmall(classes);
  }

  @ArchTest
  static void packagesAreDescribed(JavaClasses classes) throws IOException {
    HouseRules.packagesAreDescribed();
  }

  @ArchTest
  static void exportedTypesHaveExamples(JavaClasses classes) throws IOException {
    HouseRules.exportedTypesHaveExamples();
  }

  @ArchTest
  static void switchesOverOwnTypesHaveNoDefault(JavaClasses classes) throws IOException {
    HouseRules.switchesHaveNoDefault();
  }

  static final class MainClasses implements LocationProvider {
    @Override
    public Set<Location> get(Class<?> testClass) {
      return Set.of(Location.of(Kernels.class.getProtectionDomain().getCodeSource().getLocation()));
    }
  }
}
