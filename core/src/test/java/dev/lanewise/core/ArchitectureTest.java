package dev.lanewise.core;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.junit.LocationProvider;
import com.tngtech.archunit.lang.ArchRule;
import dev.lanewise.core.testing.HouseRules;
import java.io.IOException;
import java.util.List;
import java.util.Set;

@AnalyzeClasses(locations = ArchitectureTest.MainClasses.class)
class ArchitectureTest {
  private static final String CORE = "dev.lanewise.core";

  @ArchTest static final ArchRule coreUsesNoVectorApi = noClasses().should().dependOnClassesThat().resideInAPackage("jdk.incubator..");

  @ArchTest
  static final ArchRule coreKnowsNeitherTextNorBench =
      noClasses().should().dependOnClassesThat().resideInAnyPackage("dev.lanewise.text..", "dev.lanewise.bench..");

  @ArchTest
  static final ArchRule referenceSharesOnlyMasksWithWhatItChecks =
      noClasses()
          .that()
          .resideInAPackage(CORE + ".reference")
          .should()
          .dependOnClassesThat(resideInAPackage(CORE + "..").and(not(resideInAnyPackage(CORE + ".mask..", CORE + ".reference"))));

  @ArchTest
  static void packagesUseThoseBeforeThem(JavaClasses classes) {
    HouseRules.packagesUseThoseBefore(
        classes,
        List.of(
            CORE + ".parallel",
            CORE + ".mask.lowering",
            CORE + ".mask",
            CORE + ".reference",
            CORE + ".cache.page",
            CORE + ".cache",
            CORE + ".call",
            CORE,
            CORE + ".reference.layers",
            CORE + ".position",
            CORE + ".layer",
            CORE + ".pooling",
            CORE + ".weights"));
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
    HouseRules.switchesHaveNoDefault("SafetensorsJson");
  }

  static final class MainClasses implements LocationProvider {
    @Override
    public Set<Location> get(Class<?> testClass) {
      return Set.of(Location.of(Attention.class.getProtectionDomain().getCodeSource().getLocation()));
    }
  }
}
