package dev.lanewise.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.throughput.ThroughputCommand;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class SuiteTest {
  @Test
  void theQuickSuiteIsPartOfTheFullOne() {
    assertThat(Suite.full(true)).containsAll(Suite.quick(true)).hasSizeGreaterThan(Suite.quick(true).size());
    assertThat(Suite.full(true)).extracting(Case::id).doesNotHaveDuplicates();
    // a case takes about 6 s, and 5 minutes are what the quick suite may take
    assertThat(Suite.quick(false)).hasSizeBetween(30, 45).noneMatch(of -> of.arguments().getFirst().equals("duel"));
  }

  @Test
  void argumentsAreThroughputs() {
    for (Case of : Suite.full(false)) {
      assertThat(of.arguments().getFirst()).isEqualTo("throughput");
      List<String> unknown =
          new CommandLine(new ThroughputCommand())
              .setUnmatchedArgumentsAllowed(true)
              .parseArgs(of.arguments().stream().skip(1).toArray(String[]::new))
              .unmatched();
      assertThat(unknown).as(of.id()).isEmpty();
    }
  }

  @Test
  void bothPathsOfACaseHaveOneTitle() {
    for (Case of : Suite.full(true)) {
      if (of.id().endsWith("-scalar")) {
        assertThat(Suite.full(true))
            .filteredOn(other -> other.id().equals(of.id().replace("-scalar", "-vector")))
            .singleElement()
            .extracting(Case::title)
            .isEqualTo(of.title());
      }
    }
  }
}
