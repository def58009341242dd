package dev.lanewise.bench.cli.learn.task;

import java.util.SplittableRandom;

/**
 * The last token asks for the numbers of two letters at once, in this order; each letter stands once, with its number, somewhere among
 * tokens without meaning.
 *
 * <pre>
 * · C3 · A2 · · D1 · B4 CA?   →   32
 * </pre>
 *
 * <p>Tokens are the letters with their numbers, then a question for each ordered pair of letters, then the token without meaning.
 *
 * @param letters letters of each sequence
 * @param numbers different numbers; an answer is a pair of them
 */
public record TwoLookupsTask(int letters, int numbers) implements Task {
  @Override
  public int vocabulary() {
    return letters * numbers + letters * (letters - 1) + 1;
  }

  @Override
  public int answers() {
    return numbers * numbers;
  }

  /** The first letter of a question. */
  private int first(int question) {
    return question / (letters - 1);
  }

  /** The second letter of a question, which is another one than the first. */
  private int second(int question) {
    int rest = question % (letters - 1);
    return rest < first(question) ? rest : rest + 1;
  }

  @Override
  public int firstQuestion(int length) {
    return length - 1;
  }

  @Override
  public String token(int token) {
    if (token < letters * numbers) {
      return Draws.letter(token / numbers) + (token % numbers + 1);
    }
    int question = token - letters * numbers;
    return token < vocabulary() - 1 ? Draws.letter(first(question)) + Draws.letter(second(question)) + "?" : "·";
  }

  @Override
  public String answer(int answer) {
    return (answer / numbers + 1) + "" + (answer % numbers + 1);
  }

  @Override
  public Examples draw(SplittableRandom random, int count, int length) {
    Examples examples = Examples.empty(count, length);
    int last = length - 1;
    int[] drawn = new int[letters];
    for (int from = 0; from < count * length; from += length) {
      for (int i = 0; i < last; i++) {
        examples.tokens()[from + i] = vocabulary() - 1;
      }
      int[] places = Draws.distinct(random, letters, last);
      for (int letter = 0; letter < letters; letter++) {
        drawn[letter] = random.nextInt(numbers);
        examples.tokens()[from + places[letter]] = letter * numbers + drawn[letter];
      }
      int question = random.nextInt(letters * (letters - 1));
      examples.tokens()[from + last] = letters * numbers + question;
      examples.targets()[from + last] = drawn[first(question)] * numbers + drawn[second(question)];
      examples.sources()[from + last] = new int[] {places[first(question)], places[second(question)]};
    }
    return examples;
  }
}
