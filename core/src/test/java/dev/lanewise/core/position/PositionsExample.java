package dev.lanewise.core.position;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.TransformerStack;

/** The example of the Javadoc of {@link Positions}; {@link PositionsTest} compares the two and runs it. */
final class PositionsExample {
  private PositionsExample() {}

  static void run(TransformerStack encoder, int numHeads, int headDim, SequenceBatch x, SequenceBatch y) {
    // begin
    Positions.sinusoidal(encoder.embedDim()).apply(x, 0); // once, before the first layer
    encoder.forward(x, y);
    encoder.withPositions(Rotary.of(headDim)).forward(x, y); // in each layer: on queries and keys
    encoder.withPositions(Positions.alibi(numHeads)).forward(x, y); // in each layer: on scores
    // end
  }
}
