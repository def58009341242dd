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
    while (merges.size() < most) {
      Map<Long, Integer> pairs = new LinkedHashMap<>();
      for (int i = 0; i < counts.length; i++) {
        int[] word = numbered.get(i);
        for (int k = 0; k + 1 < word.length; k++) {
          pairs.merge((long) word[k] << 32 | word[k + 1], counts[i], Integer::sum);
        }
      }
      var best = pairs.entrySet().stream().max(Map.Entry.comparingByValue());
      if (best.isEmpty()) {
        break;
      }
      int left = (int) (best.get().getKey() >> 32);
      int right = best.get().getKey().intValue();
      merges.add(List.of(symbols.get(left), symbols.get(right)));
      int merged = number(symbols.get(left) + symbols.get(right));
      numbered.replaceAll(word -> merged(word, left, right, merged));
    }
    return merges;
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

  private record Words(Map<List<String>, Integer> counts, int most) {}
}
