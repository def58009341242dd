package dev.lanewise.spark;

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
  @ArchTest static final ArchTests houseRules = ArchTests.in(HouseRules.class);

  /** Tasks call the doors of the library, not its kernels' insides. */
  @ArchTest
  static final ArchRule usesNoInsides =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.lanewise.kernels.simd..", "dev.lanewise.kernels.plain..", "dev.lanewise.core.call..", "jdk.incubator..");

  @ArchTest
  static void packagesUseThoseBeforeThem(JavaClasses classes) {
    HouseRules.packagesUseThoseBefore(
        classes,
        List.of(
            "dev.lanewise.spark.search",
            "dev.lanewise.spark.attention",
            "dev.lanewise.spark.embed",
            "dev.lanewise.spark",
            "dev.lanewise.spark.job"));
  }
}
