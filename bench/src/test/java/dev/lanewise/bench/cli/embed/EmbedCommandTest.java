package dev.lanewise.bench.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.text.TextEncoder;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class EmbedCommandTest {
  private static final List<String> TEXTS = List.of("The law is just.", "", "Ein Satz.", "It rained \"all\" day\t.", "👩‍👩‍👧");
  private static final int BAD = 3;
  private static final int WIDTH = 384;
  private static final int ROW_BYTES = WIDTH * Float.BYTES;

  private static EncoderModel model;
  private static TextEncoder encoder;
  private static float[][] expected;

  @TempDir private Path folder;
  private Path input = Path.of("");
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void embed() throws IOException {
    model = EncoderModel.load(ModelFiles.onClassPath("all-minilm-l6-v2"));
    encoder = TextEncoder.of(model);
    expected = encoder.embed(TEXTS);
  }

  /** Line 3 of the input is not UTF-8. */
  @BeforeEach
  void write() throws IOException {
    input = folder.resolve("lines.txt");
    List<String> lines = new ArrayList<>(TEXTS);
    lines.add(BAD - 1, "\u00ff");
    Files.writeString(input, String.join("\n", lines), StandardCharsets.UTF_8);
    byte[] bytes = Files.readAllBytes(input);
    for (int i = 0; i < bytes.length - 1; i++) {
      if (bytes[i] == (byte) 0xc3 && bytes[i + 1] == (byte) 0xbf) {
        bytes[i] = (byte) 0xff;
      }
    }
    Files.write(input, bytes);
  }

  private int run(Object command, Object... arguments) {
    CommandLine line = new CommandLine(command).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    return line.execute(Arrays.stream(arguments).map(Object::toString).toArray(String[]::new));
  }

  private int embed(Path output, String... more) {
    List<Object> arguments = new ArrayList<>(List.of(input, "--output", output, "--threads", 1));
    arguments.addAll(List.of(more));
    return run(new EmbedCommand(files -> model), arguments.toArray());
  }

  private static List<Embedded> read(Path file) throws IOException {
    List<Embedded> lines = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      lines.add(JsonLines.parse(line, WIDTH));
    }
    return lines;
  }

  @Test
  void jsonLinesHoldNumberTextAndEmbedding() throws IOException {
    Path file = folder.resolve("out.jsonl");
    assertThat(embed(file)).isZero();
    assertThat(err.toString()).contains("line 3 is not UTF-8 at byte 1; skipped");
    assertThat(out.toString()).contains("out.jsonl: 5 lines; 1 skipped");
    List<Embedded> lines = read(file);
    assertThat(lines).extracting(Embedded::line).containsExactly(1L, 2L, 4L, 5L, 6L);
    assertThat(lines).extracting(Embedded::text).isEqualTo(TEXTS);
    for (int i = 0; i < expected.length; i++) {
      assertThat(lines.get(i).embedding()).isEqualTo(expected[i]);
    }
  }

  @Test
  void aMatrixHasARowForEachLine() throws IOException {
    Path npy = folder.resolve("out.npy");
    assertThat(embed(npy)).isZero();
    byte[] bytes = Files.readAllBytes(npy);
    assertThat(bytes).hasSize(RowFormat.HEADER_BYTES + 6 * ROW_BYTES);
    String header = new String(bytes, 0, RowFormat.HEADER_BYTES, StandardCharsets.ISO_8859_1);
    assertThat(header)
        .startsWith("\u0093NUMPY\u0001\u0000v\u0000{'descr': '<f4', 'fortran_order': False, 'shape': (6, 384), }")
        .endsWith("\n");
    float[] rows = new float[6 * WIDTH];
    ByteBuffer.wrap(bytes).position(RowFormat.HEADER_BYTES).slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(rows);
    assertRows(rows);

    Path safetensors = folder.resolve("out.safetensors");
    assertThat(embed(safetensors)).isZero();
    try (Safetensors file = Safetensors.open(safetensors)) {
      assertThat(file.names()).containsExactly("embeddings");
      assertRows(file.floats("embeddings", 6, WIDTH));
    }
  }

  private static void assertRows(float[] rows) {
    for (int line = 0, next = 0; line < 6; line++) {
      float[] row = Arrays.copyOfRange(rows, line * WIDTH, (line + 1) * WIDTH);
      if (line == BAD - 1) {
        assertThat(row).containsOnly(Float.NaN);
      } else {
        assertThat(row).isEqualTo(expected[next++]);
      }
    }
  }

  /** Whatever an interrupted run left behind a whole line or row is lost, and nothing else. */
  @ParameterizedTest
  @ValueSource(strings = {"out.jsonl", "out.npy", "out.safetensors"})
  void resumeGoesOnWhereAnEarlierRunEnded(String name) throws IOException {
    Path whole = folder.resolve("whole-" + name);
    assertThat(embed(whole)).isZero();
    byte[] all = Files.readAllBytes(whole);
    byte[] allText = Files.readAllBytes(input);
    Path file = folder.resolve(name);
    Files.write(input, Arrays.copyOf(allText, indexOf(allText, '\n', 4)));
    assertThat(embed(file)).isZero();
    Files.write(input, allText);
    for (int torn : new int[] {0, 1, 1000, 3 * ROW_BYTES}) {
      byte[] before = Files.readAllBytes(file);
      byte[] left = Arrays.copyOf(before, before.length + torn);
      Arrays.fill(left, before.length, left.length, (byte) '{');
      Files.write(file, left);
      assertThat(embed(file, "--resume")).as(err.toString()).isZero();
      assertThat(Files.readAllBytes(file)).isEqualTo(all);
    }
    assertThat(out.toString()).contains("2 lines, after the 4 from before").contains("0 lines, after the 6 from before");
    Files.write(input, Arrays.copyOf(allText, 3));
    assertThat(embed(file, "--resume")).isEqualTo(1);
    assertThat(err.toString()).contains("the input has 1 lines, but the output already holds 6");
    assertThat(Files.readAllBytes(file)).isEqualTo(all);
  }

  private static int indexOf(byte[] bytes, char wanted, int times) {
    int at = -1;
    for (int i = 0; i < times; i++) {
      do {
        at++;
      } while (bytes[at] != wanted);
    }
    return at;
  }

  @Test
  void whatIsNotFromThisCommandIsLeftAlone() throws IOException {
    for (String name : List.of("out.jsonl", "out.npy", "out.safetensors")) {
      Path file = folder.resolve(name);
      Files.writeString(file, "something else\n".repeat(20));
      assertThat(embed(file)).isEqualTo(2);
      assertThat(embed(file, "--resume")).isEqualTo(1);
      assertThat(err.toString()).contains(name + " is not from this command").contains(name + " is there already; --force replaces it");
      assertThat(Files.readString(file)).isEqualTo("something else\n".repeat(20));
      assertThat(embed(file, "--force")).isZero();
      assertThat(Files.size(file)).isGreaterThan(5 * 1000);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"--threads=0", "--resume", "--force", "missing.txt"})
  void wrongOptions(String option) {
    assertThat(run(new EmbedCommand(files -> model), option)).isEqualTo(2);
    assertThat(err.toString()).containsAnyOf("--threads is 0, must be at least 1", "needs --output", "missing.txt is not there");
  }

  @Test
  void similarFindsTheNearestLines() {
    Path file = folder.resolve("out.jsonl");
    assertThat(embed(file)).isZero();
    for (Path from : List.of(input, file)) {
      out.getBuffer().setLength(0);
      assertThat(run(new SimilarCommand(files -> model), "Laws should be just", from, "--top", 2, "--threads", 1)).isZero();
      assertThat(out.toString().lines()).hasSize(2);
      double score = TextEncoder.similarity(expected[0], encoder.embed("Laws should be just"));
      assertThat(out.toString().lines().findFirst().orElseThrow()).isEqualTo(String.format("%6.3f  %6d  %s", score, 1, TEXTS.get(0)));
    }
    assertThat(run(new SimilarCommand(files -> model), "x", input, "--top", 0)).isEqualTo(2);
    assertThat(run(new SimilarCommand(files -> model), "x", folder)).isEqualTo(2);
  }

  @Test
  void similarNamesALineThatIsNoEmbedding() throws IOException {
    Path file = folder.resolve("wrong.jsonl");
    Files.writeString(file, "{\"line\":1,\"text\":\"a\",\"embedding\":[1,2]}\n");
    assertThat(run(new SimilarCommand(files -> model), "x", file)).isEqualTo(1);
    assertThat(err.toString()).contains("line 1 of").contains("has an embedding of 2 numbers, must be 384");
    Files.writeString(file, "{\"line\":1}\n");
    assertThat(run(new SimilarCommand(files -> model), "x", file)).isEqualTo(1);
    assertThat(err.toString()).contains("has no text");
  }
}
