package dev.lanewise.bench.cli.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextLinesTest {
  private static List<TextLines.Line> read(byte[] bytes, int atOnce) throws IOException {
    InputStream slow =
        new ByteArrayInputStream(bytes) {
          @Override
          public int read(byte[] to, int from, int length) {
            return super.read(to, from, Math.min(length, atOnce));
          }

          @Override
          public int read(byte[] to) {
            return read(to, 0, to.length);
          }
        };
    List<TextLines.Line> lines = new ArrayList<>();
    try (TextLines of = new TextLines(slow)) {
      for (TextLines.Line line = of.next(); line != null; line = of.next()) {
        lines.add(line);
      }
    }
    return lines;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 1 << 20})
  void linesWhereverTheBlocksEnd(int atOnce) throws IOException {
    assertThat(read(bytes("one\n\nthrée\r\n\r\r\nlast 👩"), atOnce))
        .containsExactly(
            new TextLines.Line(1, "one", ""),
            new TextLines.Line(2, "", ""),
            new TextLines.Line(3, "thrée", ""),
            new TextLines.Line(4, "\r", ""),
            new TextLines.Line(5, "last 👩", ""));
    assertThat(read(bytes("one\n"), atOnce)).containsExactly(new TextLines.Line(1, "one", ""));
    assertThat(read(new byte[0], atOnce)).isEmpty();
  }

  @Test
  void aLineThatIsNotUtf8IsNamedAndTheOthersAreRead() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(bytes("good\nbad "));
    bytes.write(0xff);
    bytes.writeBytes(bytes("\ncut "));
    bytes.write(0xc3);
    bytes.writeBytes(bytes("\nfine"));
    assertThat(read(bytes.toByteArray(), 3))
        .containsExactly(
            new TextLines.Line(1, "good", ""),
            new TextLines.Line(2, "", "is not UTF-8 at byte 5"),
            new TextLines.Line(3, "", "is not UTF-8 at byte 5"),
            new TextLines.Line(4, "fine", ""));
  }

  @Test
  void aLineThatIsTooLongIsSteppedOver() throws IOException {
    String most = "x".repeat(TextLines.MAX_BYTES);
    assertThat(read(bytes(most + "\n" + most + "x\nnext"), 1 << 16))
        .containsExactly(
            new TextLines.Line(1, most, ""),
            new TextLines.Line(2, "", "has 1048577 bytes, must be at most 1048576"),
            new TextLines.Line(3, "next", ""));
  }
}
