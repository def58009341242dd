package dev.lanewise.bench.cli.learn.model;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.Trainable;

/** A layer that passes information between positions, and computes only the last rows of each sequence, those that ask something. */
sealed interface Mixing extends Trainable permits AttentionMixer, WindowMixer, MeanMixer {
  /**
   * Computes the rows of {@code y}.
   *
   * @param x batch × rows × embedDim
   * @param y batch × asked rows × embedDim, written: the rows for the last positions of x
   */
  void forward(SequenceBatch x, SequenceBatch y, Trace trace);

  /**
   * Adds the gradients of the parameters.
   *
   * @param xGradient the gradient of x, written
   */
  void backward(Trace trace, SequenceBatch yGradient, SequenceBatch xGradient);
}
