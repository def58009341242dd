package dev.lanewise.spring.ai;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

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

  /** An adapter translates and computes nothing. */
  @ArchTest
  static final ArchRule usesTextAndItsFrameworkOnly =
      classes()
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "java..",
              "org.springframework..",
              "io.micrometer..",
              "dev.lanewise.spring.ai",
              "dev.lanewise.text",
              "dev.lanewise.text.model",
              "org.jspecify..");

  @ArchTest
  static void packagesUseThoseBeforeThem(JavaClasses classes) {
    HouseRules.packagesUseThoseBefore(classes, List.of("dev.lanewise.spring.ai"));
  }
}
