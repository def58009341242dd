package dev.lanewise.bench.cli.embed;

import dev.lanewise.bench.cli.files.TextLines;
import java.io.Closeable;
import java.io.IOException;
import java.util.function.Supplier;

/** Writes embeddings line by line; what has been written stays valid after any later failure. */
interface VectorOutput extends Closeable {
  /** Largest accepted difference: another path of the kernels changes an element by about 1e-6 of it, another text by about 0.05. */
  double MOST_DIFFERENCE = 1e-3;

  /** Whether two vectors are of the same text and model: differences are measured by the largest element, or by 1 if that is larger. */
  static boolean near(float[] one, float[] other) {
    double largest = 1;
    double difference = 0;
    for (int i = 0; i < one.length; i++) {
      largest = Math.max(largest, Math.abs(other[i]));
      difference = Math.max(difference, Math.abs((double) one[i] - other[i]));
    }
    return difference <= MOST_DIFFERENCE * largest;
  }

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
