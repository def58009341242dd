package dev.lanewise.bench.cli.learn.task;

import java.util.SplittableRandom;

/**
 * Every token asks whether its letter stands a second time in the sequence. Half of the tokens, or one or two less, have a twin.
 *
 * <pre>
 * K B R B   →   no yes no yes
 * </pre>
 *
 * @param letters different letters, at most 26
 */
public record DuplicateTask(int letters) implements Task {
  @Override
  public int vocabulary() {
    return letters;
  }

  @Override
  public int answers() {
    return 2;
  }

  @Override
  public int firstQuestion(int length) {
    return 0;
  }

  @Override
  public String token(int token) {
    return Draws.letter(token);
  }

  @Override
  public String answer(int answer) {
    return answer == 0 ? "no" : "yes";
  }

  /**
   * {@inheritDoc}
   *
   * @param length at most 4/3 of the letters
   */
  @Override
  public Examples draw(SplittableRandom random, int count, int length) {
    Examples examples = Examples.empty(count, length);
    int twins = length / 4;
    for (int from = 0; from < count * length; from += length) {
      int[] chosen = Draws.distinct(random, length - twins, letters);
      int[] places = Draws.distinct(random, length, length);
      for (int i = 0; i < length; i++) {
        int twin = i < twins ? length - twins + i : i - (length - twins);
        boolean hasTwin = i < twins || i >= length - twins;
        examples.tokens()[from + places[i]] = chosen[i < length - twins ? i : twin];
        examples.targets()[from + places[i]] = hasTwin ? 1 : 0;
        if (hasTwin) {
          examples.sources()[from + places[i]] = new int[] {places[twin]};
        }
      }
    }
    return examples;
  }
}
