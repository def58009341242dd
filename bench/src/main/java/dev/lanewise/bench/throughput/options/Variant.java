package dev.lanewise.bench.throughput.options;

import dev.lanewise.core.Attention;
import dev.lanewise.kernels.data.PackedSequences;
import org.jspecify.annotations.Nullable;

/**
 * A variant of attention with its seeded data.
 *
 * @param attention the call to measure
 * @param sequences the packed sequences; null if the sequences are entries of a batch
 * @param causal whether a query sees no key after its own position
 * @param window how many keys before its own position a query sees
 * @param visible mask elements, queries × keys; empty without a mask
 * @param columns columns of the mask
 * @param bytes bytes of what a call reads beside query, key and value
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Variant(
    Attention attention, @Nullable PackedSequences sequences, boolean causal, int window, boolean[] visible, int columns, long bytes) {
  /** The number of pairs of a query and a key of one head, where a causal mask or none hides the others. */
  public static long visiblePairs(int queries, int keys, boolean causal) {
    long pairs = 0;
    for (int i = 0; i < queries; i++) {
      pairs += end(i, queries, keys, causal);
    }
    return pairs;
  }

  /** The first key that a causal mask hides from a query; the number of keys without one. */
  private static int end(int query, int queries, int keys, boolean causal) {
    return causal ? Math.clamp(query + 1L + keys - queries, 0, keys) : keys;
  }

  /** The number of pairs of a query and a key of one head that count. */
  public long visiblePairs(int queries, int keys) {
    long pairs = 0;
    for (int i = 0; i < queries; i++) {
      int end = end(i, queries, keys, causal);
      int first = (int) Math.max(0, end - 1L - window);
      if (visible.length == 0) {
        pairs += end - first;
      } else {
        for (int j = first; j < end; j++) {
          pairs += visible[i * columns + j] ? 1 : 0;
        }
      }
    }
    return pairs;
  }
}
