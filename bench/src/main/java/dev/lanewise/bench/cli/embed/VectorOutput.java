package dev.lanewise.bench.cli.embed;

import java.io.Closeable;
import java.io.IOException;
import java.util.function.Supplier;

/** Where embeddings go, line by line, so that what has been written stays whatever happens later. */
interface VectorOutput extends Closeable {
  /** How many lines of the input this holds already, because an earlier run wrote them. */
  long linesBefore();

  /**
   * Whether this holds a line as the input has it. Asked for each of {@link #linesBefore()} in order, before anything is written.
   *
   * @param embedding gives the line's embedding, which takes time
   */
  boolean holds(TextLines.Line line, Supplier<float[]> embedding) throws IOException;

  /** Cuts off what an interrupted run left of a line. To be called before anything is written, once it is clear that it will be. */
  void begin() throws IOException;

  /** The embedding of the next line. */
  void append(TextLines.Line line, float[] embedding) throws IOException;

  /** The next line has none. */
  void skip(TextLines.Line line) throws IOException;

  /** Hands everything so far to the operating system. */
  void flush() throws IOException;
}
