package dev.lanewise.text;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.junit.LocationProvider;
import com.tngtech.archunit.lang.ArchRule;
import dev.lanewise.text.testing.HouseRules;
import java.io.IOException;
import java.util.List;
import java.util.Set;

@AnalyzeClasses(locations = ArchitectureTest.MainClasses.class)
class ArchitectureTest {
  private static final String TEXT = "dev.lanewise.text";

  @ArchTest static final ArchRule textUsesNoVectorApi = noClasses().should().dependOnClassesThat().resideInAPackage("jdk.incubator..");

  @ArchTest static final ArchRule textKnowsNoBench = noClasses().should().dependOnClassesThat().resideInAPackage("dev.lanewise.bench..");

  @ArchTest
  static void packagesUseThoseBeforeThem(JavaClasses classes) {
    HouseRules.packagesUseThoseBefore(classes, List.of(TEXT + ".json", TEXT + ".onnx", TEXT + ".bert", TEXT + ".tokenizer", TEXT));
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
      return Set.of(Location.of(MiniLm.class.getProtectionDomain().getCodeSource().getLocation()));
    }
  }
}
