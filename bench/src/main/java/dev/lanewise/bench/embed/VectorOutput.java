package dev.lanewise.bench.embed;

import java.io.Closeable;
import java.io.IOException;

/** Where embeddings go, line by line, so that what has been written stays whatever happens later. */
interface VectorOutput extends Closeable {
  /** How many lines of the input this holds already, because an earlier run wrote them. */
  long linesBefore();

  /** The embedding of the next line. */
  void append(TextLines.Line line, float[] embedding) throws IOException;

  /** The next line has none. */
  void skip(TextLines.Line line) throws IOException;

  /** Hands everything so far to the operating system. */
  void flush() throws IOException;
}
