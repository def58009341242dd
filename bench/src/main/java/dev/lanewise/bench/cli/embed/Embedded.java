package dev.lanewise.bench.cli.embed;

import dev.lanewise.bench.cli.files.Input;
import dev.lanewise.bench.cli.files.TextLines;
import dev.lanewise.text.TextEncoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A line of text and its embedding.
 *
 * @param line number of the line, from 1
 * @param text text of the line
 * @param embedding the vector
 */
@SuppressWarnings("ArrayRecordComponent")
record Embedded(long line, String text, float[] embedding) {

  /**
   * Computes the vectors of lines.
   *
   * @throws IOException if a line is too long for an encoder that refuses such texts; the message names the line
   */
  static float[][] vectors(TextEncoder encoder, List<TextLines.Line> lines, Path file) throws IOException {
    try {
      return encoder.embed(lines.stream().map(TextLines.Line::text).toList());
    } catch (IllegalArgumentException e) {
      for (TextLines.Line line : lines) {
        checkLength(encoder, line, file);
      }
      throw e;
    }
  }

  private static void checkLength(TextEncoder encoder, TextLines.Line line, Path file) throws IOException {
    try {
      encoder.tokens(line.text());
    } catch (IllegalArgumentException e) {
      String reason = String.valueOf(e.getMessage()).replace(" of texts[0]", "");
      throw new IOException("line " + line.number() + " of " + Input.name(file) + ": " + reason, e);
    }
  }
}
