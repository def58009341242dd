package dev.lanewise.bench.cli.explain;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.cli.Main;
import dev.lanewise.bench.testing.TinyBert;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExplainCommandTest {
  private static final String LAW =
      "The law will never be perfect, but its application should be just - this is what we are missing, in my opinion.";

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path folder;

  @Test
  void printsTheStrongestLinksAndWhereThePageIs() throws IOException {
    Path page = folder.resolve("page.html");
    assertThat(execute("explain", "--output", page.toString(), "--threads", "2", LAW)).as(err.toString()).isZero();
    assertThat(err.toString()).isEmpty();
    assertThat(out.toString().lines())
        .hasSize(9)
        .contains("Tokens    27, with [CLS] and [SEP]", "Page      " + page)
        .anyMatch(line -> line.matches(" {2}its -> application +0\\.122 {2}most in layer 3, head 2: 0\\.89\\d"));
    assertThat(Files.readString(page)).startsWith("<!DOCTYPE html>").contains("\"application\"", "\"tokensGiven\":27");
    assertThat(folder).isDirectoryNotContaining(other -> !other.equals(page));
  }

  @Test
  void aLongTextIsCutAndThatIsSaid() throws IOException {
    Path page = folder.resolve("page.html");
    assertThat(execute("explain", "--output", page.toString(), "law ".repeat(300))).isZero();
    assertThat(out.toString())
        .startsWith("Tokens    256 of 302, with [CLS] and [SEP]: the model reads no more, so the end of the text is left out");
    assertThat(Files.readString(page)).contains("\"tokensGiven\":302");
  }

  /** In a small model of its own, whose vocabulary has these characters. */
  @Test
  void aChineseSentenceInAnotherModel() throws IOException {
    String model = TinyBert.write(folder.resolve("tiny")).toString();
    Path page = folder.resolve("page.html");
    assertThat(execute("explain", "--model", model, "--output", page.toString(), "法律公正")).as(err.toString()).isZero();
    assertThat(out.toString())
        .startsWith("Tokens    6, with [CLS] and [SEP]")
        .contains("Model     tiny, 2 layers of 2 heads; what each token looks at")
        .containsPattern("  [法律公正] -> [法律公正] ");
    assertThat(Files.readString(page)).contains("\"tokens\":[\"[CLS]\",\"法\",\"律\",\"公\",\"正\",\"[SEP]\"]", "attends to in tiny,");
    out.getBuffer().setLength(0);
    String[] cut = {"explain", "--model", model, "--output", page.toString(), "--force", "--max-tokens", "5", "--prefix", "the ", "法律公正"};
    assertThat(execute(cut)).as(err.toString()).isZero();
    assertThat(out.toString()).startsWith("Tokens    5 of 7, with [CLS] and [SEP]: ");
    assertThat(Files.readString(page)).contains("\"tokens\":[\"[CLS]\",\"the\",\"法\",\"律\",\"[SEP]\"]");
    assertThat(execute("explain", "--model", model, "--output", page.toString(), "--force", "--max-tokens", "41", "law")).isEqualTo(2);
    assertThat(err.toString()).contains("--max-tokens is 41, must be from 3 to 40");
  }

  @Test
  void oneTokenHasNoLinks() {
    assertThat(execute("explain", "--output", folder.resolve("page.html").toString(), "law")).isZero();
    assertThat(out.toString()).contains("nothing else: the text is one token");
  }

  @Test
  void wrongUseIsOneLine() {
    String page = folder.resolve("page.html").toString();
    assertRejected("TEXT is empty, must hold at least one word", "--output", page, "");
    assertRejected("TEXT is empty, must hold at least one word", "--output", page, " \t\n");
    assertRejected("--threads is 0, must be at least 1", "--threads", "0", "--output", page, "law");
    assertRejected("is a folder, must be a file", "--output", folder.toString(), "law");
    assertRejected("there is no folder", "--output", folder.resolve("no").resolve("page.html").toString(), "law");
    assertRejected("Unmatched argument", "law", "and order");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void helpIsNoError() {
    assertThat(execute("explain", "--help")).isZero();
    assertThat(out.toString())
        .startsWith("Usage: lanewise-bench explain")
        .contains("--output", "--threads", "--model", "TEXT", "lanewise-explain.html");
  }

  private void assertRejected(String message, String... args) {
    err.getBuffer().setLength(0);
    String[] all = new String[args.length + 1];
    all[0] = "explain";
    System.arraycopy(args, 0, all, 1, args.length);
    assertThat(execute(all)).isEqualTo(2);
    assertThat(err.toString().lines()).singleElement().asString().startsWith("lanewise-bench explain: ").contains(message);
    assertThat(out.toString()).isEmpty();
  }

  private int execute(String... args) {
    return Main.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(args);
  }
}
