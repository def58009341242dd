package dev.lanewise.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.peers.DuelCommand;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class PeerCasesTest {
  @Test
  void argumentsAreDuels() {
    List<Case> duels = Suite.full(true, true).stream().filter(of -> of.chart() == Case.Chart.PEER).toList();
    assertThat(duels).hasSizeGreaterThan(40);
    for (Case of : duels) {
      List<String> arguments = of.argumentsOn(1);
      assertThat(arguments.getFirst()).isEqualTo("duel");
      List<String> unknown =
          new CommandLine(new DuelCommand())
              .setUnmatchedArgumentsAllowed(true)
              .parseArgs(arguments.stream().skip(1).toArray(String[]::new))
              .unmatched();
      assertThat(unknown).as(of.id()).isEmpty();
    }
  }
}
