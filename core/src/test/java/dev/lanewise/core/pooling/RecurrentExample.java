package dev.lanewise.core.pooling;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.layer.TransformerStack;

/** The example of the Javadoc of {@link RecurrentAttention}; {@link RecurrentAttentionTest} compares the two and runs it. */
final class RecurrentExample {
  private final float[] w;
  private final float[] u;
  private final float[] v;

  RecurrentExample(float[] w, float[] u, float[] v) {
    this.w = w;
    this.u = u;
    this.v = v;
  }

  /** A recurrent cell of the caller's. */
  @FunctionalInterface
  interface TransformerStack {
    void step(SequenceBatch context, SequenceBatch state);
  }

  void decode(SequenceBatch encoderStates, int[] lengths, TransformerStack decoder, SequenceBatch state, SequenceBatch context) {
    int steps = 3, stateDim = state.width(), width = context.width(), size = v.length;
    // begin
    RecurrentAttention.Scores scores =
        RecurrentAttention.Scores.additive(Linear.of(w, null, stateDim, size), Linear.of(u, null, width, size), v);
    RecurrentAttention memory = RecurrentAttention.of(scores, encoderStates).withLengths(lengths); // keys are projected here, once
    for (int step = 0; step < steps; step++) {
      memory.forward(state, context); // batch × 1 × stateDim; batch × 1 × width
      decoder.step(context, state); // your code
    }
    // end
  }
}
