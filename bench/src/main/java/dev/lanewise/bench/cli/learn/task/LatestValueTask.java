package dev.lanewise.bench.cli.learn.task;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Variables get new values again and again, and are asked for now and then: the answer is the latest value before the question.
 *
 * <pre>
 * x3 y1 x5 x? y2 y? …   →   5 at the first question, 2 at the second
 * </pre>
 *
 * <p>The sequence begins with a value for each variable. Tokens are the variables with their values, then a question for each variable.
 *
 * @param variables at most three
 * @param values different values, which are the answers
 */
public record LatestValueTask(int variables, int values) implements Task {
  private static final String NAMES = "xyz";

  /** One of so many tokens after the first ones is a question. */
  private static final int QUESTION_EACH = 3;

  @Override
  public int vocabulary() {
    return variables * values + variables;
  }

  @Override
  public int answers() {
    return values;
  }

  @Override
  public int firstQuestion(int length) {
    return 0;
  }

  @Override
  public String token(int token) {
    return token < variables * values
        ? NAMES.charAt(token / values) + String.valueOf(token % values + 1)
        : NAMES.charAt(token - variables * values) + "?";
  }

  @Override
  public String answer(int answer) {
    return String.valueOf(answer + 1);
  }

  @Override
  public Examples draw(SplittableRandom random, int count, int length) {
    Examples examples = Examples.empty(count, length);
    int[] latest = new int[variables];
    int[] places = new int[variables];
    for (int from = 0; from < count * length; from += length) {
      int[] order = Draws.distinct(random, variables, variables);
      Arrays.fill(latest, 0);
      for (int i = 0; i < length; i++) {
        int variable = i < variables ? order[i] : random.nextInt(variables);
        boolean asks = i >= variables && (i == length - 1 || random.nextInt(QUESTION_EACH) == 0);
        if (asks) {
          examples.tokens()[from + i] = variables * values + variable;
          examples.targets()[from + i] = latest[variable];
          examples.sources()[from + i] = new int[] {places[variable]};
        } else {
          latest[variable] = random.nextInt(values);
          places[variable] = i;
          examples.tokens()[from + i] = variable * values + latest[variable];
        }
      }
    }
    return examples;
  }
}
