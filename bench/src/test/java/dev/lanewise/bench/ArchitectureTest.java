package dev.lanewise.bench;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.junit.ArchTests;
import com.tngtech.archunit.lang.ArchRule;
import dev.lanewise.testing.HouseRules;
import java.util.List;

@AnalyzeClasses(locations = HouseRules.MainClasses.class, importOptions = ArchitectureTest.WrittenHere.class)
class ArchitectureTest {
  private static final String BENCH = "dev.lanewise.bench";

  @ArchTest static final ArchTests houseRules = ArchTests.in(HouseRules.class);

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
            BENCH + ".verify.files",
            BENCH + ".verify.soak",
            BENCH + ".cli.model",
            BENCH + ".cli.embed",
            BENCH + ".cli.explain",
            BENCH + ".cli.generate",
            BENCH + ".cli.learn.task",
            BENCH + ".cli.learn.model",
            BENCH + ".cli.learn.claim",
            BENCH + ".cli.learn.page",
            BENCH + ".cli.learn",
            BENCH + ".cli.train.data",
            BENCH + ".cli.train.lm",
            BENCH + ".cli.train.pairs",
            BENCH + ".cli.train",
            BENCH + ".cli.demo",
            BENCH + ".cli"));
  }

  /** Neither what JMH generates nor the peers, which only their profile compiles. */
  static final class WrittenHere implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("jmh_generated") && !location.contains("/peers/");
    }
  }
}
