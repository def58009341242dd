package dev.lanewise.text;

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
  private static final String TEXT = "dev.lanewise.text";

  @ArchTest static final ArchTests houseRules = ArchTests.in(HouseRules.class);

  @ArchTest static final ArchRule textUsesNoVectorApi = noClasses().should().dependOnClassesThat().resideInAPackage("jdk.incubator..");

  @ArchTest static final ArchRule textKnowsNoBench = noClasses().should().dependOnClassesThat().resideInAPackage("dev.lanewise.bench..");

  @ArchTest
  static void packagesUseThoseBeforeThem(JavaClasses classes) {
    HouseRules.packagesUseThoseBefore(
        classes,
        List.of(
            TEXT + ".json",
            TEXT + ".onnx",
            TEXT + ".bert",
            TEXT + ".causal",
            TEXT + ".tokenizer.normaliser",
            TEXT + ".tokenizer.pieces",
            TEXT + ".tokenizer.splitter",
            TEXT + ".tokenizer.decoder",
            TEXT + ".tokenizer.added",
            TEXT + ".tokenizer.template",
            TEXT + ".tokenizer.file",
            TEXT + ".tokenizer",
            TEXT + ".model",
            TEXT));
  }
}
