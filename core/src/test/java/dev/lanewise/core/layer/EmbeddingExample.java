package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;

/** The example of the Javadoc of {@link Embedding}; {@link EmbeddingTest} compares the two and runs it. */
final class EmbeddingExample {
  private EmbeddingExample() {}

  static void run(float[] table, SequenceBatch x) {
    int embedDim = x.width(), vocabulary = table.length / embedDim;
    // begin
    Embedding embedding = Embedding.of(table, vocabulary, embedDim);
    embedding.forward(new int[] {101, 7592, 102}, x); // x is 1 × 3 × embedDim
    // end
  }
}
