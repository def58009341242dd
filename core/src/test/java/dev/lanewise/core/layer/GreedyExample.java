package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.position.InputPositions;

/** The example in the Javadoc of {@link GreedyDecoder}; {@link GreedyDecoderTest} compares and runs it. */
final class GreedyExample {
  private GreedyExample() {}

  static int[][] run(
      TransformerStack decoder,
      Embedding embedding,
      Linear vocabulary,
      InputPositions positions,
      int start,
      int stop,
      SequenceBatch memory) {
    // begin
    GreedyDecoder writer = GreedyDecoder.of(decoder, embedding, vocabulary, start, stop).withPositions(positions).withMaxLength(200);
    int[][] tokens = writer.decode(memory); // one row for each sequence, without start and stop
    writer.decode(memory, (sequence, token) -> System.out.println(sequence + ": " + token)); // each as soon as it is known
    // end
    return tokens;
  }
}
