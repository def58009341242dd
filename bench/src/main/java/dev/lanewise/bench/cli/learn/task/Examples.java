package dev.lanewise.bench.cli.learn.task;

import java.util.Arrays;

/**
 * Sequences of equal length, one after another.
 *
 * @param count number of sequences
 * @param length tokens of each sequence
 * @param tokens count × length
 * @param targets the answer of each position, count × length, or {@link Task#NO_ANSWER}
 * @param sources the places in its sequence that the answer of each position depends on, count × length; empty where there is none
 */
public record Examples(int count, int length, int[] tokens, int[] targets, int[][] sources) {

  /** Sequences that are still empty: every token is 0 and nothing is asked. */
  static Examples empty(int count, int length) {
    int[] targets = new int[count * length];
    Arrays.fill(targets, Task.NO_ANSWER);
    return new Examples(count, length, new int[count * length], targets, new int[count * length][0]);
  }

  /** Number of positions that ask something. */
  public int questions() {
    return (int) Arrays.stream(targets).filter(target -> target != Task.NO_ANSWER).count();
  }

  /** The answers of the last positions of each sequence, count × {@code last}. */
  public int[] lastTargets(int last) {
    int[] chosen = new int[count * last];
    for (int i = 0; i < count; i++) {
      System.arraycopy(targets, (i + 1) * length - last, chosen, i * last, last);
    }
    return chosen;
  }

  /** One of the sequences. */
  public Examples only(int which) {
    int from = which * length;
    return new Examples(
        1,
        length,
        Arrays.copyOfRange(tokens, from, from + length),
        Arrays.copyOfRange(targets, from, from + length),
        Arrays.copyOfRange(sources, from, from + length));
  }

  /** The distance between a position, counted over all sequences, and the farthest place that its answer depends on; 0 if there is none. */
  public int distance(int position) {
    return Arrays.stream(sources[position]).map(source -> Math.abs(position % length - source)).max().orElse(0);
  }
}
