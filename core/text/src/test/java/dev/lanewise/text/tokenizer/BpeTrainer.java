package dev.lanewise.text.tokenizer;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Finds the most frequent pairs of neighbours in words, again and again. For small vocabularies in tests. */
final class BpeTrainer {
  private final Map<List<String>, Integer> words = new LinkedHashMap<>();
  private final List<List<String>> merges = new ArrayList<>();

  /** Counts a word, given as its symbols. */
  void count(List<String> word) {
    words.merge(word, 1, Integer::sum);
  }

  /** Finds merges, at most this many. */
  List<List<String>> train(int most) {
    while (merges.size() < most) {
      Map<List<String>, Integer> pairs = new LinkedHashMap<>();
      words.forEach(
          (word, count) -> {
            for (int i = 0; i + 1 < word.size(); i++) {
              pairs.merge(List.of(word.get(i), word.get(i + 1)), count, Integer::sum);
            }
          });
      var best = pairs.entrySet().stream().max(Map.Entry.comparingByValue());
      if (best.isEmpty()) {
        break;
      }
      merge(best.get().getKey());
    }
    return merges;
  }

  private void merge(List<String> pair) {
    merges.add(pair);
    Map<List<String>, Integer> old = new LinkedHashMap<>(words);
    words.clear();
    old.forEach((word, count) -> words.merge(merged(word, pair), count, Integer::sum));
  }

  private static List<String> merged(List<String> word, List<String> pair) {
    List<String> merged = new ArrayList<>();
    for (int i = 0; i < word.size(); i++) {
      if (i + 1 < word.size() && word.get(i).equals(pair.get(0)) && word.get(i + 1).equals(pair.get(1))) {
        merged.add(word.get(i) + word.get(++i));
      } else {
        merged.add(word.get(i));
      }
    }
    return List.copyOf(merged);
  }
}
