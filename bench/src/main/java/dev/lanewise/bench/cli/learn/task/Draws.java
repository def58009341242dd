package dev.lanewise.bench.cli.learn.task;

import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Random choices that several tasks need. */
final class Draws {
  private Draws() {}

  /** Different numbers below {@code bound}, in random order. */
  static int[] distinct(SplittableRandom random, int count, int bound) {
    int[] numbers = IntStream.range(0, bound).toArray();
    for (int i = 0; i < count; i++) {
      int other = i + random.nextInt(bound - i);
      int swapped = numbers[i];
      numbers[i] = numbers[other];
      numbers[other] = swapped;
    }
    return IntStream.of(numbers).limit(count).toArray();
  }

  /** The capital letter of a number. */
  static String letter(int number) {
    return String.valueOf((char) ('A' + number));
  }
}
