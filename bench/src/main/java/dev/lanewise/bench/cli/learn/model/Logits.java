package dev.lanewise.bench.cli.learn.model;

import dev.lanewise.core.SequenceBatch;

/** Answers from logits. */
final class Logits {
  private Logits() {}

  /** The answer with the largest logit in a row; the first of several; 0 if all are NaN. */
  static int largest(SequenceBatch logits, int b, int row) {
    int best = 0;
    for (int c = 1; c < logits.width(); c++) {
      if (logits.get(b, row, c) > logits.get(b, row, best)) {
        best = c;
      }
    }
    return best;
  }
}
