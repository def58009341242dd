package dev.lanewise.bench.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.cli.Main;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is wrong with the options for Spark is told before Spark starts. The classes of tests have no folder of Spark beside them. */
class SparkOptionsTest {
  @TempDir private Path folder;
  private final StringWriter err = new StringWriter();

  private int run(String line) throws Exception {
    Path texts = Files.writeString(folder.resolve("texts.txt"), "a text\n");
    String[] arguments =
        Arrays.stream(line.split(" ", -1))
            .map(word -> word.replace("TEXTS", texts.toString()).replace("DIR", folder.toString()))
            .toArray(String[]::new);
    return Main.commandLine(arguments).setOut(new PrintWriter(new StringWriter())).setErr(new PrintWriter(err, true)).execute(arguments);
  }

  @Test
  void aBuildWithoutSparkTellsHowToGetIt() throws Exception {
    for (String spark : new String[] {"--spark", "--spark local[2]", "--spark spark://host:7077"}) {
      err.getBuffer().setLength(0);
      assertThat(run("embed TEXTS " + spark + " --output DIR/out")).isEqualTo(2);
      assertThat(err.toString().strip())
          .isEqualTo("lanewise-bench embed: this build has no Spark; build with mvn -Pspark -DskipTests package");
    }
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "embed --spark TEXTS --output DIR/out; must be local[N], spark://HOST:PORT, yarn or k8s://…; FILE stands before --spark",
        "embed TEXTS --spark mesos://x --output DIR/out; --spark is mesos://x, must be local[N]",
        "embed TEXTS --spark --output DIR/out --resume; --resume and --spark exclude each other",
        "embed TEXTS --spark --output DIR/out --force; --force and --spark exclude each other",
        "embed TEXTS --spark --output DIR/out --threads 2; --threads and --spark exclude each other",
        "embed TEXTS --spark --output DIR/out --pooling most; --pooling is most, must be",
        "embed TEXTS --output DIR/out.npy --conf spark.a=b; --conf needs --spark",
        "embed TEXTS --output DIR/out.npy --text-column a; --text-column needs --spark",
      })
  void optionsThatDoNotFit(String line, String message) throws Exception {
    assertThat(run(line)).isEqualTo(2);
    assertThat(err.toString().lines()).hasSize(1).allMatch(printed -> printed.contains(message));
  }
}
