package dev.lanewise.text.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Finds the most frequent pairs of neighbours in words, again and again. For small vocabularies in tests. */
final class BpeTrainer {
  /** Several files of a test are made of the same words. */
  private static final Map<Words, List<List<String>>> TRAINED = new ConcurrentHashMap<>();

  private final Map<List<String>, Integer> words = new LinkedHashMap<>();
  private final List<String> symbols = new ArrayList<>();
  private final Map<String, Integer> numbers = new HashMap<>();

  /** Counts a word, given as its symbols. */
  void count(List<String> word) {
    words.merge(word, 1, Integer::sum);
  }

  /** Finds merges, at most this many. */
  List<List<String>> train(int most) {
    return TRAINED.computeIfAbsent(new Words(Map.copyOf(words), most), key -> trained(most));
  }

  private List<List<String>> trained(int most) {
    List<int[]> numbered = new ArrayList<>();
    words.keySet().forEach(word -> numbered.add(word.stream().mapToInt(this::number).toArray()));
    int[] counts = words.values().stream().mapToInt(count -> count).toArray();
    List<List<String>> merges = new ArrayList<>();
    Pairs pairs = new Pairs();
    List<int[]> pairsOfWords = new ArrayList<>(numbered.stream().map(pairs::of).toList());
    while (merges.size() < most) {
      int best = mostFrequent(pairsOfWords, counts, pairs.keys.size());
      if (best < 0) {
        break;
      }
      int left = (int) (pairs.keys.get(best) >> 32);
      int right = pairs.keys.get(best).intValue();
      merges.add(List.of(symbols.get(left), symbols.get(right)));
      int merged = number(symbols.get(left) + symbols.get(right));
      for (int i = 0; i < counts.length; i++) {
        int[] word = merged(numbered.get(i), left, right, merged);
        if (word.length != numbered.get(i).length) {
          numbered.set(i, word);
          pairsOfWords.set(i, pairs.of(word));
        }
      }
    }
    return merges;
  }

  /** The most frequent pair, the first of equals; −1 if there is none. */
  private static int mostFrequent(List<int[]> pairsOfWords, int[] counts, int pairs) {
    int[] sums = new int[pairs];
    int[] seen = new int[pairs];
    int length = 0;
    for (int i = 0; i < counts.length; i++) {
      for (int pair : pairsOfWords.get(i)) {
        if (sums[pair] == 0) {
          seen[length++] = pair;
        }
        sums[pair] += counts[i];
      }
    }
    int best = -1;
    for (int i = 0; i < length; i++) {
      if (best < 0 || sums[seen[i]] > sums[best]) {
        best = seen[i];
      }
    }
    return best;
  }

  private int number(String symbol) {
    Integer known = numbers.putIfAbsent(symbol, symbols.size());
    if (known == null) {
      symbols.add(symbol);
      return symbols.size() - 1;
    }
    return known;
  }

  private static int[] merged(int[] word, int left, int right, int merged) {
    int[] result = new int[word.length];
    int length = 0;
    for (int i = 0; i < word.length; i++) {
      if (i + 1 < word.length && word[i] == left && word[i + 1] == right) {
        result[length++] = merged;
        i++;
      } else {
        result[length++] = word[i];
      }
    }
    return length == word.length ? word : Arrays.copyOf(result, length);
  }

  /** Pairs of symbols, numbered once: to number them for each merge would take most of the time. */
  private static final class Pairs {
    private final List<Long> keys = new ArrayList<>();
    private final Map<Long, Integer> numbers = new HashMap<>();

    int[] of(int[] word) {
      int[] pairs = new int[Math.max(0, word.length - 1)];
      for (int k = 0; k < pairs.length; k++) {
        long key = (long) word[k] << 32 | word[k + 1];
        pairs[k] =
            numbers.computeIfAbsent(
                key,
                absent -> {
                  keys.add(absent);
                  return keys.size() - 1;
                });
      }
      return pairs;
    }
  }

  private record Words(Map<List<String>, Integer> counts, int most) {}
}
