package dev.lanewise.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.throughput.ThroughputCommand;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class SuiteTest {
  @Test
  void theQuickSuiteIsPartOfTheFullOne() {
    assertThat(Suite.full(true, true)).containsAll(Suite.quick(true, true)).hasSizeGreaterThan(Suite.quick(true, true).size());
    assertThat(Suite.full(true, true)).extracting(Case::id).doesNotHaveDuplicates();
    // a case takes about 6 s, and 5 minutes are what the quick suite may take
    assertThat(Suite.quick(false, false)).hasSizeBetween(30, 45).noneMatch(of -> of.arguments().getFirst().equals("duel"));
  }

  @Test
  void argumentsAreThroughputs() {
    for (Case of : Suite.full(false, false)) {
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
  void shortLengthsAndTwoThreadsAreComparedWithOtherPrograms() {
    List<Case> all = Suite.quick(true, true);
    for (int length : new int[] {8, 16, 32, 48, 64, 96}) {
      assertThat(all).filteredOn(of -> of.title().equals("attention, L" + length + ", heads of 32")).hasSize(2);
    }
    List<Case> onTwo = all.stream().filter(of -> of.id().startsWith("duel-threads2-")).toList();
    assertThat(onTwo).hasSize(12).allSatisfy(of -> assertThat(of.title()).endsWith(", two threads"));
    assertThat(onTwo).extracting(of -> of.argumentsOn(1)).allSatisfy(arguments -> assertThat(arguments).containsOnlyOnce("--threads", "2"));
    assertThat(Suite.quick(true, false)).containsExactlyElementsOf(all.stream().filter(of -> !onTwo.contains(of)).toList());
    assertThat(Suite.quick(false, true)).isEqualTo(Suite.quick(false, false));
    assertThat(Suite.quick(true, false).getFirst().argumentsOn(3)).endsWith("--threads", "3");
    // a duel takes about 5 s, and 5 minutes are what they may take
    assertThat(all).filteredOn(of -> of.arguments().getFirst().equals("duel")).hasSizeBetween(40, 60);
  }

  @Test
  void bothPathsOfACaseHaveOneTitle() {
    for (Case of : Suite.full(true, true)) {
      if (of.id().endsWith("-scalar")) {
        assertThat(Suite.full(true, true))
            .filteredOn(other -> other.id().equals(of.id().replace("-scalar", "-vector")))
            .singleElement()
            .extracting(Case::title)
            .isEqualTo(of.title());
      }
    }
  }
}
