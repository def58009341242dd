package dev.lanewise.core;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTag;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.junit.ArchTests;
import com.tngtech.archunit.lang.ArchRule;
import dev.lanewise.core.call.AttentionSettings;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.testing.HouseRules;
import java.util.List;
import org.junit.jupiter.api.Tag;

@Tag("once")
@ArchTag("once")
@AnalyzeClasses(locations = HouseRules.MainClasses.class)
class ArchitectureTest {
  private static final String CORE = "dev.lanewise.core";

  @ArchTest static final ArchTests houseRules = ArchTests.in(HouseRules.class);

  @ArchTest static final ArchRule coreUsesNoVectorApi = noClasses().should().dependOnClassesThat().resideInAPackage("jdk.incubator..");

  @ArchTest
  static final ArchRule coreKnowsNeitherTextNorBench =
      noClasses().should().dependOnClassesThat().resideInAnyPackage("dev.lanewise.text..", "dev.lanewise.bench..");

  @ArchTest
  static final ArchRule referenceSharesOnlySettingsAndMasksWithWhatItChecks =
      noClasses()
          .that()
          .resideInAPackage(CORE + ".reference")
          .should()
          .dependOnClassesThat(
              resideInAPackage(CORE + "..")
                  .and(not(resideInAnyPackage(CORE + ".mask..", CORE + ".reference")))
                  .and(not(belongToAnyOf(Attention.class, AttentionSettings.class))));

  /** The description of a call has the plain Java form of each change of the scores, which the reference computes by itself. */
  @ArchTest
  static final ArchRule referenceComputesScoresByItself =
      noClasses()
          .that()
          .resideInAPackage(CORE + ".reference")
          .should()
          .callMethodWhere(target(owner(assignableTo(ScoreChange.class))).and(target(name("apply"))));

  @ArchTest
  static void packagesUseThoseBeforeThem(JavaClasses classes) {
    HouseRules.packagesUseThoseBefore(
        classes,
        List.of(
            CORE + ".foreign",
            CORE + ".parallel",
            CORE + ".mask.lowering",
            CORE + ".mask",
            CORE + ".cache.page",
            CORE + ".cache",
            CORE + ".call",
            CORE,
            CORE + ".reference",
            CORE + ".reference.layers",
            CORE + ".position",
            CORE + ".layer",
            CORE + ".generation",
            CORE + ".pooling",
            CORE + ".weights",
            CORE + ".learn.loss",
            CORE + ".learn",
            CORE + ".learn.optimise"));
  }
}
