package dev.lanewise.bench;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.junit.LocationProvider;
import com.tngtech.archunit.lang.ArchRule;
import dev.lanewise.bench.cli.Main;
import dev.lanewise.bench.testing.HouseRules;
import java.io.IOException;
import java.util.List;
import java.util.Set;

@AnalyzeClasses(locations = ArchitectureTest.MainClasses.class, importOptions = ArchitectureTest.WrittenHere.class)
class ArchitectureTest {
  private static final String BENCH = "dev.lanewise.bench";

  @ArchTest static final ArchRule benchUsesNoVectorApi = noClasses().should().dependOnClassesThat().resideInAPackage("jdk.incubator..");

  @ArchTest
  static void packagesUseThoseBeforeThem(JavaClasses classes) {
    HouseRules.packagesUseThoseBefore(
        classes,
        List.of(
            BENCH + ".cli.console",
            BENCH + ".cli.files",
            BENCH + ".throughput.data",
            BENCH + ".throughput.timing",
            BENCH + ".throughput.options",
            BENCH + ".throughput",
            BENCH + ".jmh",
            BENCH + ".report",
            BENCH + ".verify.oracle",
            BENCH + ".verify.fuzz",
            BENCH + ".verify.soak",
            BENCH + ".cli.embed",
            BENCH + ".cli.explain",
            BENCH + ".cli.demo",
            BENCH + ".cli"));
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
  static void switchesOverOwnTypesHaveNoDefault(JavaClasses classes) throws IOException {
    HouseRules.switchesHaveNoDefault();
  }

  static final class MainClasses implements LocationProvider {
    @Override
    public Set<Location> get(Class<?> testClass) {
      return Set.of(Location.of(Main.class.getProtectionDomain().getCodeSource().getLocation()));
    }
  }

  /** Neither what JMH generates nor the peers, which only their profile compiles. */
  static final class WrittenHere implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("jmh_generated") && !location.contains("/peers/");
    }
  }
}
