package dev.lanewise.bench.cli.train.lm;

import dev.lanewise.bench.cli.train.data.Corpus;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.LanguageModel;
import dev.lanewise.core.layer.StackState;

/**
 * What a model needs for the held-out part of a text: the mean of −log₂ p over its bytes, where p is the probability that the model gives
 * to a byte after those before it. The first byte follows the part to learn from. The model reads the text in windows of {@code context}
 * bytes that overlap by half, so each byte has at least half a context before it.
 */
public final class HeldOut {
  private static final double LN2 = Math.log(2);

  private HeldOut() {}

  /** Bits a byte; the text must be longer than {@code context / 2} bytes before the held-out part, or its beginning has less context. */
  public static double bitsPerByte(LanguageModel model, Corpus corpus, int context) {
    int stride = Math.max(1, context / 2);
    double bits = 0;
    for (int from = corpus.learned(); from < corpus.bytes().length; from += stride) {
      int count = Math.min(stride, corpus.bytes().length - from);
      bits += bits(model, corpus.bytes(), Math.max(0, from - (context - stride)), from, count);
    }
    return bits / corpus.heldOut();
  }

  /** Bits of {@code count} bytes from {@code from} on, in a window that begins at {@code begin}, before it. */
  private static double bits(LanguageModel model, byte[] bytes, int begin, int from, int count) {
    int[] ids = new int[from + count - 1 - begin];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = bytes[begin + i] & 0xff;
    }
    SequenceBatch logits = SequenceBatch.zeros(1, count, model.vocabulary());
    try (StackState state = model.stack().start(1, ids.length)) {
      model.forward(ids, state, logits);
    }
    double bits = 0;
    for (int row = 0; row < count; row++) {
      bits += bits(logits.data(), logits.index(0, row), logits.width(), bytes[from + row] & 0xff);
    }
    return bits;
  }

  /** −log₂ of the softmax of a row at one of its elements. */
  private static double bits(float[] logits, int from, int count, int target) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < count; i++) {
      largest = Math.max(largest, logits[from + i]);
    }
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += Math.exp(logits[from + i] - largest);
    }
    return (Math.log(sum) + largest - logits[from + target]) / LN2;
  }
}
