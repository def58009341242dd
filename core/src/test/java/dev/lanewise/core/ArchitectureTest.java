package dev.lanewise.core;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.junit.ArchTests;
import com.tngtech.archunit.lang.ArchRule;
import dev.lanewise.testing.HouseRules;
import java.util.List;

@AnalyzeClasses(locations = HouseRules.MainClasses.class)
class ArchitectureTest {
  private static final String CORE = "dev.lanewise.core";

  @ArchTest static final ArchTests houseRules = ArchTests.in(HouseRules.class);

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
}
