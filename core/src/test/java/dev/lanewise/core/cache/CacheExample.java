package dev.lanewise.core.cache;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.io.IOException;
import java.nio.file.Path;
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

  static void keep(MultiHeadAttention layer, KeyValueCache cache, int[] parents, SequenceBatch drafts, SequenceBatch y) {
    // begin
    int before = cache.rows();
    layer.withMask(Mask.causal().and(Mask.tree(parents))).forward(drafts, List.of(cache), y);
    cache.keep(before, before, before + 2, before + 5); // nodes 0, 2 and 5 of the tree were accepted
    // end
  }

  static void shift(KeyValueCache cache, Rotary rotary) {
    // begin
    cache.remove(4, 260, rotary.table()); // forgets 256 tokens after the first 4
    // end
  }

  static void save(KeyValueCache prompt, Path path) throws IOException {
    // begin
    prompt.save(path);
    try (KeyValueCache copy = KeyValueCache.builder(prompt.keyValueHeads(), prompt.headDim()).capacity(4096).build()) {
      copy.load(path); // the same bits as prompt
    }
    // end
  }
}
