package dev.lanewise.core.cache;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.util.List;

/** The examples of the Javadoc of caches; {@link CacheExampleTest} compares the two and runs these. */
final class CacheExample {
  private CacheExample() {}

  static void cache(int keyValueHeads, int headDim, Heads promptKey, Heads promptValue, Heads draftKey, Heads draftValue) {
    // begin
    try (KeyValueCache cache = KeyValueCache.builder(keyValueHeads, headDim).format(KeyValueFormat.F16).capacity(4096).build()) {
      cache.append(promptKey, promptValue); // 1 × keyValueHeads × any number of rows × headDim
      cache.append(draftKey, draftValue);
      cache.truncate(cache.rows() - 2); // two of the drafted tokens were refused
    }
    // end
  }

  static void pool(int keyValueHeads, int headDim, Heads promptKey, Heads promptValue, Heads stepKey, Heads stepValue) {
    // begin
    try (KeyValuePool pool = KeyValuePool.builder(keyValueHeads, headDim).format(KeyValueFormat.BF16).pages(1024).build();
        KeyValueCache prompt = pool.newCache()) {
      prompt.append(promptKey, promptValue);
      try (KeyValueCache answer = prompt.fork(); // the prompt is stored once
          KeyValueCache other = prompt.fork()) {
        KeyValueCache.appendAll(List.of(answer, other), stepKey, stepValue);
      }
    }
    // end
  }
}
