package dev.lanewise.bench.cli.train.data;

import dev.lanewise.bench.cli.files.Input;
import dev.lanewise.bench.cli.files.TextLines;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads pairs of texts: a pair a line, its two texts separated by one tab. Blank lines are skipped. */
public final class PairFile {
  /** Most pairs of a file. */
  static final int MOST_PAIRS = 1_000_000;

  /** Most characters of all texts together, which bounds memory. */
  static final long MOST_LETTERS = 1L << 28;

  private PairFile() {}

  /**
   * A pair of texts that belong together.
   *
   * @param query what is looked for
   * @param text what should be found
   */
  public record Pair(String query, String text) {}

  /**
   * Reads a file.
   *
   * @throws IOException if it cannot be read, a line is no pair, or there are too many; the message names the line
   */
  public static List<Pair> read(Path file) throws IOException {
    List<Pair> pairs = new ArrayList<>();
    long letters = 0;
    try (TextLines lines = new TextLines(Input.text(file))) {
      for (List<TextLines.Line> batch = lines.nextBatch(); !batch.isEmpty(); batch = lines.nextBatch()) {
        for (TextLines.Line line : batch) {
          if (!line.readable()) {
            throw wrong(file, line, line.reason());
          }
          if (line.text().isBlank()) {
            continue;
          }
          pairs.add(parse(file, line));
          letters += line.text().length();
          if (pairs.size() > MOST_PAIRS || letters > MOST_LETTERS) {
            throw wrong(file, line, "is beyond the " + MOST_PAIRS + " pairs or " + MOST_LETTERS + " characters that are read at most");
          }
        }
      }
    }
    return pairs;
  }

  private static Pair parse(Path file, TextLines.Line line) throws IOException {
    String[] texts = line.text().split("\t", -1);
    if (texts.length != 2) {
      throw wrong(file, line, "has " + (texts.length - 1) + " tabs, must be two texts with one tab between them");
    }
    String query = texts[0].strip();
    String text = texts[1].strip();
    if (query.isEmpty() || text.isEmpty()) {
      throw wrong(file, line, "has an empty text");
    }
    return new Pair(query, text);
  }

  private static IOException wrong(Path file, TextLines.Line line, String what) {
    return new IOException("line " + line.number() + " of " + Input.name(file) + " " + what);
  }
}
