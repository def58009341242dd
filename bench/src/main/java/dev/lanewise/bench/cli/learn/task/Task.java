package dev.lanewise.bench.cli.learn.task;

import java.util.SplittableRandom;

/** Draws sequences of tokens in which some positions ask a question. Immutable. */
public interface Task {
  /** The target of a position that asks nothing. */
  int NO_ANSWER = -1;

  /** Number of different tokens. */
  int vocabulary();

  /** Number of different answers. */
  int answers();

  /** The text of a token. */
  String token(int token);

  /** The text of an answer. */
  String answer(int answer);

  /** The first position that may ask something. */
  int firstQuestion(int length);

  /**
   * Draws sequences.
   *
   * @param length tokens of each sequence, enough for what the task asks
   */
  Examples draw(SplittableRandom random, int count, int length);
}
