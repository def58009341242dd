package dev.lanewise.bench.cli.embed;

import dev.lanewise.bench.cli.files.TextLines;
import java.io.Closeable;
import java.io.IOException;
import java.util.function.Supplier;

/** Writes embeddings line by line; what has been written stays valid after any later failure. */
interface VectorOutput extends Closeable {
  /** The number of lines that an earlier run wrote. */
  long linesBefore();

  /**
   * Whether the earlier run wrote this line with this text. Called for each of {@link #linesBefore()} in order, before anything is written.
   *
   * @param embedding computes the line's embedding, which is slow
   */
  boolean holds(TextLines.Line line, Supplier<float[]> embedding) throws IOException;

  /** Cuts off an incomplete last line. Called before the first line is written. */
  void begin() throws IOException;

  /** Writes the embedding of the next line. */
  void append(TextLines.Line line, float[] embedding) throws IOException;

  /** Records that the next line has no embedding. */
  void skip(TextLines.Line line) throws IOException;

  /** Passes everything so far to the operating system. */
  void flush() throws IOException;
}
