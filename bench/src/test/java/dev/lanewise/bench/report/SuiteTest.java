package dev.lanewise.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.throughput.ThroughputCommand;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class SuiteTest {
  @Test
  void theQuickSuiteIsPartOfTheFullOne() {
    assertThat(Suite.full()).containsAll(Suite.quick()).hasSizeGreaterThan(Suite.quick().size());
    assertThat(Suite.full()).extracting(Case::id).doesNotHaveDuplicates();
    // a case takes about 4.5 s, and 5 minutes are what the quick suite may take
    assertThat(Suite.quick()).hasSizeBetween(30, 60);
  }

  @Test
  void argumentsAreThroughputs() {
    for (Case of : Suite.full()) {
      List<String> unknown =
          new CommandLine(new ThroughputCommand())
              .setUnmatchedArgumentsAllowed(true)
              .parseArgs(of.arguments().toArray(String[]::new))
              .unmatched();
      assertThat(unknown).as(of.id()).isEmpty();
    }
  }

  @Test
  void bothPathsOfACaseHaveOneTitle() {
    for (Case of : Suite.full()) {
      if (of.id().endsWith("-scalar")) {
        assertThat(Suite.full())
            .filteredOn(other -> other.id().equals(of.id().replace("-scalar", "-vector")))
            .singleElement()
            .extracting(Case::title)
            .isEqualTo(of.title());
      }
    }
  }
}
