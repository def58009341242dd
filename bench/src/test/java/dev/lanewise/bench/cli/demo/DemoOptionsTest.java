package dev.lanewise.bench.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.cli.Main;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class DemoOptionsTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          demo --bogus                  | Unknown option: '--bogus'
          demo one two                  | Unmatched argument at index 2: 'two'
          demo --threads 0              | --threads is 0, must be at least 1
          demo --threads x              | 'x' is not an int
          demo --output no-such/x.html  | there is no folder
          demo --output .               | is a folder
          demo --token zebra            | --token zebra is none of the sentence's 16 tokens
          nonsense                      | 'nonsense'
          """)
  void wrongOptionsExitWithTwoAndOneLine(String line, String message) {
    assertThat(execute(line.split(" "))).isEqualTo(2);
    assertThat(err.toString().lines()).singleElement().asString().startsWith("lanewise-bench").contains(message);
    assertThat(out.toString()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"''", "'  '"})
  void emptySentenceIsRefused(String sentence) {
    assertThat(execute("demo", sentence)).isEqualTo(2);
    assertThat(err.toString().lines()).singleElement().asString().contains("SENTENCE is empty");
  }

  @Test
  void noCommandIsRefused() {
    assertThat(execute()).isEqualTo(2);
    assertThat(err.toString().lines()).singleElement().asString().contains("missing command");
  }

  @ParameterizedTest
  @CsvSource({"demo --help", "--help", "demo -h"})
  void helpIsNoError(String line) {
    assertThat(execute(line.split(" "))).isZero();
    assertThat(out.toString()).contains("Usage: lanewise-bench");
    assertThat(err.toString()).isEmpty();
  }

  private int execute(String... args) {
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    return commandLine.execute(args);
  }
}
