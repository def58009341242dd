package dev.lanewise.bench.cli.learn.task;

import java.util.SplittableRandom;

/**
 * The last token asks for the number of one letter; each letter stands once, with its number, somewhere among tokens without meaning.
 *
 * <pre>
 * · C7 · · A2 · · · B5 · A?   →   2
 * </pre>
 *
 * <p>Tokens are the letters with their numbers, then a question for each letter, then the token without meaning.
 *
 * @param letters letters of each sequence
 * @param numbers different numbers, which are the answers
 */
public record LookupTask(int letters, int numbers) implements Task {
  @Override
  public int vocabulary() {
    return letters * numbers + letters + 1;
  }

  @Override
  public int answers() {
    return numbers;
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
    return token < vocabulary() - 1 ? Draws.letter(token - letters * numbers) + "?" : "·";
  }

  @Override
  public String answer(int answer) {
    return String.valueOf(answer + 1);
  }

  @Override
  public Examples draw(SplittableRandom random, int count, int length) {
    Examples examples = Examples.empty(count, length);
    int last = length - 1;
    for (int from = 0; from < count * length; from += length) {
      for (int i = 0; i < last; i++) {
        examples.tokens()[from + i] = vocabulary() - 1;
      }
      int asked = random.nextInt(letters);
      int[] places = Draws.distinct(random, letters, last);
      for (int letter = 0; letter < letters; letter++) {
        int number = random.nextInt(numbers);
        examples.tokens()[from + places[letter]] = letter * numbers + number;
        if (letter == asked) {
          examples.targets()[from + last] = number;
          examples.sources()[from + last] = new int[] {places[letter]};
        }
      }
      examples.tokens()[from + last] = letters * numbers + asked;
    }
    return examples;
  }
}
