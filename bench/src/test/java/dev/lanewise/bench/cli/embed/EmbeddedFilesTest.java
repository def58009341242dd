package dev.lanewise.bench.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What {@code embed} and {@code similar} take a file for, and what they leave of an old one. */
class EmbeddedFilesTest {
  private static final String TEXT = "The law is just.\nEin Satz.\nIt rained.\n";
  private static EncoderModel model;

  @TempDir private Path folder;
  private Path input = Path.of("");
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void load() throws IOException {
    model = EncoderModel.load(ModelFiles.onClassPath("all-minilm-l6-v2"));
  }

  @BeforeEach
  void write() throws IOException {
    input = Files.writeString(folder.resolve("lines.txt"), TEXT);
  }

  private int run(Object command, Object... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    CommandLine line = new CommandLine(command).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    return line.execute(Arrays.stream(arguments).map(Object::toString).toArray(String[]::new));
  }

  private int embed(Object... arguments) {
    return run(new EmbedCommand(files -> model), arguments);
  }

  private String similar(Path file) {
    assertThat(run(new SimilarCommand(files -> model), "justice", file, "--top", 9)).as(err.toString()).isZero();
    return out.toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"T.JSONL", "t.json", "T.Json", "t.ndjson", "t.txt", "t"})
  void jsonLinesUnderAnyName(String name) {
    Path file = folder.resolve(name);
    assertThat(embed(input, "--output", file)).isZero();
    assertThat(similar(file)).isEqualTo(similar(input)).hasLineCount(3);
  }

  @Test
  void jsonLinesThatAnotherProgramHasWrittenAgain() throws IOException {
    Path file = folder.resolve("t.jsonl");
    assertThat(embed(input, "--output", file)).isZero();
    String expected = similar(input);
    String text = Files.readString(file);
    Path other = folder.resolve("other.txt");
    Files.writeString(other, "\ufeff\n" + text.replace("\":", "\": ").replace(",\"", ", \"").replace("\n", "\r\n") + "\n\n");
    assertThat(similar(other)).isEqualTo(expected);
    Files.writeString(other, text.replaceAll("\"line\":([0-9]+),\"text\":(\"[^\"]*\"),(.*)}", "$3,\"line\":$1,\"text\":$2}"));
    assertThat(similar(other)).isEqualTo(expected);
  }

  /** A line of text may look like JSON. */
  @Test
  void otherJsonIsText() throws IOException {
    Path file = Files.writeString(folder.resolve("t.txt"), "{\"a\":1}\nlaw\n");
    assertThat(similar(file)).hasLineCount(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"t.npy", "T.SAFETENSORS"})
  void aMatrixHasNoTexts(String name) {
    Path file = folder.resolve(name);
    assertThat(embed(input, "--output", file)).isZero();
    assertThat(run(new SimilarCommand(files -> model), "x", file)).isEqualTo(1);
    assertThat(err.toString()).contains(name + " is no UTF-8 text: it looks like ");
  }

  @Test
  void aByteOrderMarkIsNoPartOfTheText() throws IOException {
    Path plain = folder.resolve("plain.jsonl");
    assertThat(embed(input, "--output", plain)).isZero();
    Files.writeString(input, "\ufeff" + TEXT);
    Path marked = folder.resolve("marked.jsonl");
    assertThat(embed(input, "--output", marked)).isZero();
    assertThat(marked).hasSameBinaryContentAs(plain);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\n\n\n", "\r\n", " \n"})
  void blankLinesAtTheEndStopNothing(String blank) throws IOException {
    Path file = folder.resolve("t.jsonl");
    assertThat(embed(input, "--output", file)).isZero();
    Files.writeString(file, Files.readString(file) + blank);
    assertThat(similar(file)).hasLineCount(3);
    Files.writeString(input, TEXT + "more\n");
    assertThat(embed(input, "--output", file, "--resume")).as(err.toString()).isZero();
    assertThat(Files.readString(file)).hasLineCount(4).doesNotContain("\n\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"t.jsonl", "t.npy", "t.safetensors"})
  void resumeNoticesAnotherInput(String name) throws IOException {
    Path file = folder.resolve(name);
    assertThat(embed(input, "--output", file)).isZero();
    byte[] before = Files.readAllBytes(file);
    for (String other : new String[] {"The law.", "Ein Wort.", "It snowed."}) {
      Files.writeString(input, TEXT.replace("The law is just.", other) + "more\n");
      assertThat(embed(input, "--output", file, "--resume")).isEqualTo(1);
      assertThat(err.toString()).contains("line 1 of " + input + " is not the one that " + file + " holds");
      assertThat(Files.readAllBytes(file)).isEqualTo(before);
    }
    Files.writeString(input, TEXT.replace("rained", "snowed") + "more\n");
    assertThat(embed(input, "--output", file, "--resume")).isEqualTo(1);
    assertThat(err.toString()).contains("line 3 of ");
    assertThat(Files.readAllBytes(file)).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"t.jsonl", "t.npy"})
  void aFailureLeavesTheOldFile(String name) throws IOException {
    Path file = folder.resolve(name);
    assertThat(embed(input, "--output", file)).isZero();
    byte[] before = Files.readAllBytes(file);
    OutOfMemoryError error = new OutOfMemoryError("for a test");
    EmbedCommand fails =
        new EmbedCommand(
            files -> {
              throw error;
            });
    try {
      run(fails, input, "--output", file, "--force");
    } catch (OutOfMemoryError e) {
      assertThat(e).isSameAs(error);
    }
    Path binary = Files.write(folder.resolve("binary"), new byte[100]);
    assertThat(embed(binary, "--output", file, "--force")).isEqualTo(1);
    assertThat(err.toString()).contains("binary is no UTF-8 text: it looks like binary data");
    Path latin = Files.write(folder.resolve("latin"), new byte[] {'x', (byte) 0xff, '\n'});
    assertThat(embed(latin, "--output", file, "--force")).isEqualTo(1);
    assertThat(err.toString()).contains("none of the 1 lines of " + latin + " can be read");
    assertThat(Files.readAllBytes(file)).isEqualTo(before);
    Files.delete(binary);
    Files.delete(latin);
    assertThat(folder).isDirectoryNotContaining(other -> !other.equals(file) && !other.equals(input));
    assertThat(embed(input, "--output", file, "--force")).isZero();
    assertThat(Files.readAllBytes(file)).isEqualTo(before);
  }

  @Test
  void nothingReadableIsAFailure() throws IOException {
    Path latin = Files.write(folder.resolve("latin"), new byte[] {'x', (byte) 0xff, '\n', (byte) 0xff});
    assertThat(run(new SimilarCommand(files -> model), "x", latin)).isEqualTo(1);
    assertThat(err.toString()).contains("none of the 2 lines of " + latin + " can be read");
    assertThat(embed(latin, "--output", folder.resolve("new.jsonl"))).isEqualTo(1);
    assertThat(embed(Files.writeString(folder.resolve("empty"), ""), "--output", folder.resolve("empty.jsonl"))).isZero();
  }
}
