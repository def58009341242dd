package dev.lanewise.bench.cli.demo;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.text.tokenizer.Tokens;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * What every token of a sentence attends to, head by head.
 *
 * @param tokens the sentence
 * @param weights 1 × heads × tokens × tokens; each row sums to 1
 */
record AttentionMap(Tokens tokens, Heads weights) {

  /**
   * A key token as one query sees it.
   *
   * @param token its place in the sentence
   * @param mean its weight, averaged over heads
   * @param head the head that gives it most, from 0
   * @param most its weight there
   */
  record Attended(int token, double mean, int head, double most) {}

  static AttentionMap compute(FirstLayer model, Tokens tokens, SequenceBatch x, Kernels kernels) {
    Heads weights = Heads.zeros(1, FirstLayer.NUM_HEADS, tokens.length(), tokens.length());
    model.attention(kernels).weights(x, x, weights);
    return new AttentionMap(tokens, weights);
  }

  /** The key tokens that this query attends to most, most first. */
  List<Attended> mostAttended(int query, int count) {
    return IntStream.range(0, tokens.length())
        .mapToObj(key -> attended(query, key))
        .sorted(Comparator.comparingDouble(Attended::mean).reversed())
        .limit(count)
        .toList();
  }

  /** The first token that reads like this, in whatever case. */
  OptionalInt find(String text) {
    return IntStream.range(0, tokens.length()).filter(token -> tokens.texts().get(token).equalsIgnoreCase(text)).findFirst();
  }

  /** "its" if the sentence has one, else the word that looks hardest at one other token (at itself, if it is the only one). */
  int mostTelling() {
    return find("its")
        .orElseGet(
            () -> {
              Comparator<Integer> byWord = Comparator.comparing(this::isWord);
              return IntStream.range(1, tokens.length() - 1).boxed().max(byWord.thenComparingDouble(this::hardestLook)).orElse(0);
            });
  }

  private boolean isWord(int token) {
    return Character.isLetterOrDigit(tokens.texts().get(token).codePointAt(0));
  }

  private double hardestLook(int query) {
    return IntStream.range(0, tokens.length())
        .filter(key -> key != query && !tokens.isFrame(key))
        .mapToDouble(key -> attended(query, key).mean())
        .max()
        .orElse(0);
  }

  private Attended attended(int query, int key) {
    double sum = 0;
    int strongest = 0;
    for (int head = 0; head < weights.heads(); head++) {
      sum += weights.get(0, head, query, key);
      if (weights.get(0, head, query, key) > weights.get(0, strongest, query, key)) {
        strongest = head;
      }
    }
    return new Attended(key, sum / weights.heads(), strongest, weights.get(0, strongest, query, key));
  }
}
