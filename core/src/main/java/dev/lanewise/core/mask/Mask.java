package dev.lanewise.core.mask;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.mask.lowering.MaskRule;
import java.util.Objects;

/**
 * Which keys a query may see. Masks compose with {@link #and} and {@link #or}; a masked key contributes nothing, whatever its key and value
 * hold, and a query that sees no key gets output 0.
 *
 * <p>In the formulas below query i and key j count from 0 within batch entry b, which has L queries and S keys; when sequences are packed
 * into one array, each is a batch entry. The query's <i>position</i> is i + S − L: the last query stands at the last key. Arrays are copied
 * unless it says otherwise; whether they fit is checked with the shape of each call, which is refused with an {@link
 * IllegalArgumentException} if they do not. Masks are immutable and may be shared.
 */
@SuppressWarnings("exports") // what a call asks of a mask is nothing for users
public sealed interface Mask extends MaskRule permits RangeMask, DocumentMask, TreeMask, MatrixMask, MapMask, Masks.Pair {

  /** As a side of a {@link #window}: no limit. */
  int UNLIMITED = -1;

  /** Every query sees every key. */
  static Mask none() {
    return Masks.None.INSTANCE;
  }

  /** Causal, aligned bottom-right: the last query sees the last key, and each query before it one key less: j ≤ i + S − L. */
  static Mask causal() {
    return causal(Alignment.BOTTOM_RIGHT);
  }

  /** Causal with the given alignment; the two differ when there are more keys than queries, or fewer. */
  static Mask causal(Alignment alignment) {
    return new Masks.Causal(alignment);
  }

  /** Causal, with the diagonal where each batch entry has it: j ≤ i + offsets[b]. An offset may be negative. */
  static Mask causalOffsets(int... offsets) {
    return new Masks.CausalOffsets(Objects.requireNonNull(offsets, "offsets").clone());
  }

  /**
   * A window around the query's position p = i + S − L: p − left ≤ j ≤ p + right.
   *
   * @param left keys seen before the position, or {@link #UNLIMITED}
   * @param right keys seen behind it, or {@link #UNLIMITED}
   * @throws IllegalArgumentException if a side is below {@link #UNLIMITED}
   */
  static Mask window(int left, int right) {
    return new Masks.Window(left, right);
  }

  /**
   * A window that also shows the first keys, the attention sinks of "Efficient Streaming Language Models with Attention Sinks" (Xiao et
   * al., 2024), to every query that they do not lie behind the window of: j ≤ p + right, and p − left ≤ j or j &lt; sinks. With {@code
   * window(rows − 1, 0, sinks)} a query sees what it sees of a cache with {@link KeyValueCache.Builder#window window(rows, sinks)}.
   *
   * @param left as for {@link #window(int, int)}
   * @param right as for {@link #window(int, int)}
   * @param sinks how many of the first keys stay visible
   * @throws IllegalArgumentException if a side is below {@link #UNLIMITED}, or sinks is negative
   */
  static Mask window(int left, int right, int sinks) {
    Mask window = new Masks.Window(left, right);
    Mask first = new Masks.FirstKeys(sinks);
    return window.or(first).and(new Masks.Window(UNLIMITED, right));
  }

  /** In batch entry b only the first {@code lengths[b]} keys are seen (padding at the end of each sequence): j &lt; lengths[b]. */
  static Mask keyLengths(int... lengths) {
    return new Masks.KeyLengths(Objects.requireNonNull(lengths, "lengths").clone());
  }

  /** In batch entry b only the first {@code lengths[b]} queries see anything: i &lt; lengths[b]. */
  static Mask queryLengths(int... lengths) {
    return new Masks.QueryLengths(Objects.requireNonNull(lengths, "lengths").clone());
  }

  /** Prefix language model: all see the first {@code lengths[b]} keys, the rest is causal: j &lt; lengths[b] or j ≤ i + S − L. */
  static Mask prefix(int... lengths) {
    return new Masks.Prefix(Objects.requireNonNull(lengths, "lengths").clone());
  }

  /**
   * Documents side by side, also known as segments: a query sees the keys with its own id: queryIds[b, i] = keyIds[b, j].
   *
   * @param batch number of batch entries
   * @param queryIds dense batch × queries; when sequences are packed, batch × queries of the longest
   * @param keyIds dense batch × keys, likewise
   * @throws IllegalArgumentException if batch is below 1, or no divisor of both lengths
   */
  static Mask documents(int batch, int[] queryIds, int[] keyIds) {
    return new DocumentMask(batch, Objects.requireNonNull(queryIds, "queryIds").clone(), Objects.requireNonNull(keyIds, "keyIds").clone());
  }

  /**
   * A tree of drafted tokens, for speculative decoding: the last n queries and the last n keys are its n nodes, the same in each batch
   * entry. A node sees every key before the tree, its ancestors, and itself: j &lt; S − n, or j − (S − n) on the path from i − (L − n) up
   * to its root. Queries before the tree are causal: j ≤ i + S − L. Positions follow the tree, in layers ({@link
   * MultiHeadAttention#withPositions}) and as ALiBi: a node stands at S − n and its depth. Windows go by rows.
   *
   * @param parents the parent of each node, which comes before it, or −1 for a root
   * @throws IllegalArgumentException if a parent is below −1, or does not come before its node
   */
  static Mask tree(int... parents) {
    return new TreeMask(Objects.requireNonNull(parents, "parents").clone());
  }

  /**
   * A boolean matrix, true where the key is seen: data[offset + b · batchStride + h · headStride + i · queryStride + j · keyStride] for
   * query head h. A stride of 0 broadcasts. The array is not copied: each call reads it anew and packs it into bits; what many calls share
   * is cheaper as {@link #evaluate}.
   *
   * @param data the array that holds the elements
   * @param offset index of the element of b = h = i = j = 0
   * @param batchStride distance between batch entries, in elements
   * @param headStride distance between query heads
   * @param queryStride distance between queries
   * @param keyStride distance between keys
   * @throws IllegalArgumentException if a number is negative
   */
  static Mask matrix(boolean[] data, int offset, int batchStride, int headStride, int queryStride, int keyStride) {
    return new MatrixMask(data, offset, batchStride, headStride, queryStride, keyStride, MatrixMask.ANY);
  }

  /**
   * As {@link #matrix(boolean[], int, int, int, int, int)}: dense queries × keys, the same for all heads and batch entries.
   *
   * @param keys S, of the longest sequence if they are packed; a call with another number of keys is refused
   */
  static Mask matrix(boolean[] data, int keys) {
    return MatrixMask.dense(data, keys);
  }

  /**
   * Whatever a predicate says, asked here once for each element and kept in a compact map, for any number of calls: predicate(b, h, i, j).
   *
   * @param predicate asked in order, on this thread
   * @param batch batch entries of the calls to come, or 1 if all are alike
   * @param heads query heads, or 1 if all are alike
   * @param queries L, of the longest sequence if they are packed
   * @param keys S, of the longest sequence likewise
   * @throws IllegalArgumentException if a number is negative, or batch · heads · queries is above 2<sup>31</sup> − 1
   */
  static Mask evaluate(Predicate predicate, int batch, int heads, int queries, int keys) {
    return MapMask.evaluate(Objects.requireNonNull(predicate, "predicate"), batch, heads, queries, keys);
  }

  /** A key is seen if both masks let it through. */
  default Mask and(Mask other) {
    return new Masks.Both(this, Objects.requireNonNull(other, "other"));
  }

  /** A key is seen if at least one of both masks lets it through; each must fit the call. */
  default Mask or(Mask other) {
    return new Masks.Either(this, Objects.requireNonNull(other, "other"));
  }

  /**
   * Whether a query sees a key, by the definition of the mask: slow, and without a check that the mask fits.
   *
   * @param queries number of queries of this batch entry
   * @param keys number of keys of this batch entry
   */
  boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys);

  /** Where the diagonal of a causal mask lies when queries and keys differ in number. */
  enum Alignment {
    /** Query i sees the keys up to i + S − L. */
    BOTTOM_RIGHT,
    /** Query i sees the keys up to i. */
    TOP_LEFT
  }

  /** The caller's own rule, for {@link #evaluate}. */
  @FunctionalInterface
  interface Predicate {
    /** Whether the query sees the key. */
    boolean visible(int batchEntry, int queryHead, int query, int key);
  }
}
