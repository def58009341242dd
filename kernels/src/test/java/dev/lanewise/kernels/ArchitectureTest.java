package dev.lanewise.kernels;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTag;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.junit.ArchTests;
import com.tngtech.archunit.lang.ArchRule;
import dev.lanewise.testing.HouseRules;
import java.util.List;
import org.junit.jupiter.api.Tag;

@Tag("once")
@ArchTag("once")
@AnalyzeClasses(locations = HouseRules.MainClasses.class)
class ArchitectureTest {
  private static final String KERNELS = "dev.lanewise.kernels";

  @ArchTest static final ArchTests houseRules = ArchTests.in(HouseRules.class);

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
            KERNELS + ".call.gradient",
            KERNELS + ".selection",
            KERNELS + ".plain",
            KERNELS + ".simd.lanes",
            KERNELS + ".simd.elementwise",
            KERNELS + ".simd.product",
            KERNELS + ".simd.gradient",
            KERNELS + ".simd.stored",
            KERNELS + ".simd.fused",
            KERNELS + ".simd.backward",
            KERNELS + ".simd.decode",
            KERNELS + ".simd",
            KERNELS,
            KERNELS + ".probe"));
  }
}
