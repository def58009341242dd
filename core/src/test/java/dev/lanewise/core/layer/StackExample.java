package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.PackedSequences;

/** The examples of layers, stacks and states as their Javadoc shows them; {@link StackExampleTest} compares the two and runs them. */
final class StackExample {
  private StackExample() {}

  /** Example of {@link TransformerLayer}. */
  static void layer(
      MultiHeadAttention attention,
      Norm first,
      Linear up,
      Linear down,
      Norm second,
      SequenceBatch x,
      SequenceBatch y,
      SequenceBatch rows,
      SequenceBatch out) {
    // begin
    TransformerLayer layer =
        TransformerLayer.encoder(attention, first, FeedForward.of(up, down, Activation.GELU), second, Norm.Placement.POST);
    layer.withThreads(2).forward(x, y); // batch × rows × embedDim
    layer.withMask(Mask.keyLengths(17, 24)).forward(x, y); // padded: two sequences of 17 and 24 rows
    layer.withPackedSequences(PackedSequences.of(0, 17, 41)).forward(rows, out); // the same, packed: 1 × 41 × embedDim
    // end
  }

  /** Example of {@link TransformerLayer.Sublayer}. */
  static TransformerLayer.Sublayer sublayer(MultiHeadAttention attention, Norm before, Norm after) {
    // begin
    TransformerLayer.Sublayer sandwich = // as in Gemma 2
        TransformerLayer.Sublayer.self(attention).withNorm(before, Norm.Placement.PRE).withNorm(after, Norm.Placement.OUTPUT);
    // end
    return sandwich;
  }

  /** Example of {@link TransformerStack}. */
  static void stack(
      TransformerStack encoder,
      TransformerStack decoderOnly,
      TransformerStack decoder,
      SequenceBatch x,
      SequenceBatch y,
      SequenceBatch memory,
      SequenceBatch prompt,
      SequenceBatch promptOutput,
      SequenceBatch token,
      SequenceBatch tokenOutput) {
    // begin
    encoder.forward(x, y); // batch × rows × embedDim
    try (StackState state = decoderOnly.start(1, 512)) { // one sequence of up to 512 rows
      decoderOnly.forward(prompt, state, promptOutput); // batch × any number of rows × embedDim
      decoderOnly.forward(token, state, tokenOutput); // batch × 1 × embedDim: the bits of one pass over all rows
    }
    try (StackState state = decoder.start(memory, 512)) { // the memory is projected once
      decoder.forward(prompt, state, promptOutput);
    }
    // end
  }

  /** Example of {@link StackState}. */
  static void state(
      TransformerStack stack,
      SequenceBatch promptRows,
      SequenceBatch promptOutput,
      SequenceBatch rows,
      SequenceBatch row,
      SequenceBatch output) {
    // begin
    try (StackState prompt = stack.state().pages(1024).build()) { // pools, so that forks share pages
      stack.forward(promptRows, prompt, promptOutput);
      try (StackState answers = prompt.fork(0, 0, 0)) { // three sequences with the same prompt
        stack.forward(rows, answers, output); // 3 × new rows × embedDim
        answers.truncate(1, answers.rows(1) - 2); // two tokens of the second sequence were refused
        stack.forward(row, answers.select(0, 2), output.batch(0, 2)); // only two of them go on
      }
    }
    // end
  }
}
