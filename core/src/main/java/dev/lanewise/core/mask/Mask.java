package dev.lanewise.core.mask;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.mask.lowering.Band;
import dev.lanewise.core.mask.lowering.Lowering;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.Visibility;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.runtime.ScoreView;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Decides which keys a query may see. Masks compose with {@link #and} and {@link #or}. A masked key contributes nothing, whatever its key
 * and value hold. A query that sees no key has output 0.
 *
 * <p>In the formulas below query i and key j count from 0 within batch entry b, which has L queries and S keys. When sequences are packed
 * into one array, each sequence is a batch entry. The query's <i>position</i> p is i + S − L: the last query has the position of the last
 * key. A causal mask and a window may have another {@link Alignment}. Arrays are copied unless stated otherwise. Each call checks them
 * against its shape, and throws an {@link IllegalArgumentException} if they do not fit. Masks are immutable and may be shared.
 *
 * <pre>{@code
 * Mask mask = Mask.causal().and(Mask.keyLengths(17, 24)); // two sequences, padded
 * attention.withMask(mask).compute(query, key, value, output);
 * }</pre>
 */
@SuppressWarnings("exports") // what a call needs from a mask is internal
public sealed interface Mask permits Mask.Window, Masks.LengthMask, Masks.Pair, DocumentMask, Mask.Tree, MatrixMask, MapMask {

  /** Every query sees every key. */
  static Mask none() {
    return Masks.NONE;
  }

  /** Causal mask, aligned bottom-right: the last query sees all keys, and each earlier query sees one key less: j ≤ p. */
  static Mask causal() {
    return windowUpTo(0);
  }

  /** Causal mask with the given alignment: j ≤ p. The alignments differ when the numbers of keys and queries differ. */
  static Mask causal(Alignment alignment) {
    return windowUpTo(0).withAlignment(alignment);
  }

  /**
   * Window around the query's position: p − left ≤ j ≤ p + right.
   *
   * @param left number of visible keys before the position
   * @param right number of visible keys after the position
   * @throws IllegalArgumentException if a number is negative
   */
  static Window window(int left, int right) {
    return Masks.window(left, right);
  }

  /**
   * Window without a limit on the right: p − left ≤ j.
   *
   * @param left number of visible keys before the position
   * @throws IllegalArgumentException if the number is negative
   */
  static Window windowFrom(int left) {
    return Masks.window(left, Band.FAR);
  }

  /**
   * Window without a limit on the left: j ≤ p + right.
   *
   * @param right number of visible keys after the position
   * @throws IllegalArgumentException if the number is negative
   */
  static Window windowUpTo(int right) {
    return Masks.window(Band.FAR, right);
  }

  /** Only the first {@code lengths[b]} keys of batch entry b are visible (padding at the end of each sequence): j &lt; lengths[b]. */
  static Mask keyLengths(int... lengths) {
    return Masks.LengthMask.of(Masks.Limit.KEYS, lengths);
  }

  /** Only the first {@code lengths[b]} queries of batch entry b see any key: i &lt; lengths[b]. */
  static Mask queryLengths(int... lengths) {
    return Masks.LengthMask.of(Masks.Limit.QUERIES, lengths);
  }

  /** Prefix language model: every query sees the first {@code lengths[b]} keys; the other keys are causal: j &lt; lengths[b] or j ≤ p. */
  static Mask prefix(int... lengths) {
    return Masks.LengthMask.of(Masks.Limit.PREFIX, lengths);
  }

  /**
   * Documents in one sequence, also known as segments: a query sees the keys with the same id: queryIds[b, i] = keyIds[b, j].
   *
   * @param batch number of batch entries
   * @param queryIds dense batch × queries; for packed sequences, batch × queries of the longest sequence
   * @param keyIds dense batch × keys; for packed sequences, batch × keys of the longest sequence
   * @throws IllegalArgumentException if batch is below 1, or no divisor of both lengths
   */
  static Mask documents(int batch, int[] queryIds, int[] keyIds) {
    return new DocumentMask(batch, Objects.requireNonNull(queryIds, "queryIds").clone(), Objects.requireNonNull(keyIds, "keyIds").clone());
  }

  /**
   * Tree of drafted tokens, for speculative decoding: the last n queries and the last n keys are its n nodes, the same in each batch entry.
   * A node sees every key before the tree, its ancestors, and itself: j &lt; S − n, or j − (S − n) on the path from i − (L − n) up to its
   * root. Queries before the tree are causal: j ≤ p. Positions follow the tree, in layers ({@link MultiHeadAttention#withPositions}) and in
   * ALiBi: the position of a node is S − n plus its depth. Windows count rows, unless {@link Tree#withWindowsByPosition} is called.
   *
   * @param parents the parent of each node, which has a smaller number, or −1 for a root
   * @throws IllegalArgumentException if a parent is below −1, or does not come before its node
   */
  static Tree tree(int... parents) {
    return new TreeMask(Objects.requireNonNull(parents, "parents").clone(), false);
  }

  /**
   * Booleans, true where the key is visible: data[offset + b · batchStride + h · headStride + i · queryStride + j · keyStride] for query
   * head h. A stride of 0 broadcasts. The array is not copied: each call reads it again and packs it into bits. For a matrix that many
   * calls share, {@link #evaluate} is faster.
   *
   * @param data the array that holds the elements
   * @param offset index of the element b = h = i = j = 0
   * @param batchStride distance between batch entries, in elements
   * @param headStride distance between query heads
   * @param queryStride distance between queries
   * @param keyStride distance between keys
   * @throws IllegalArgumentException if a number is negative
   */
  static Mask matrix(boolean[] data, int offset, int batchStride, int headStride, int queryStride, int keyStride) {
    Objects.requireNonNull(data, "matrix.data");
    return new MatrixMask(data, ScoreView.ofStrides("matrix", offset, batchStride, headStride, queryStride, keyStride));
  }

  /**
   * A dense array of booleans whose axes are aligned with batch × heads × queries × keys from the right, as those of {@link Bias#of};
   * otherwise as {@link #matrix(boolean[], int, int, int, int, int)}.
   *
   * @param shape 1 to 4 sizes, for packed sequences those of the longest sequence; an axis of 1, or none, broadcasts
   * @throws IllegalArgumentException if the sizes are not those of the array
   */
  static Mask matrix(boolean[] data, int... shape) {
    return new MatrixMask(data, ScoreView.ofShape("matrix", Objects.requireNonNull(data, "matrix.data").length, shape));
  }

  /**
   * The answers of a predicate: predicate(b, h, i, j) is called here, once for each element, and kept in a compact map for any number of
   * calls.
   *
   * @param predicate called in order, on this thread
   * @param batch batch entries of the later calls, or 1 if all batch entries are alike
   * @param heads query heads, or 1 if all heads are alike
   * @param queries L, of the longest sequence if sequences are packed
   * @param keys S, of the longest sequence if sequences are packed
   * @throws IllegalArgumentException if a number is negative, or batch · heads · queries is above 2<sup>31</sup> − 1
   */
  static Mask evaluate(Predicate predicate, int batch, int heads, int queries, int keys) {
    return MapMask.evaluate(Objects.requireNonNull(predicate, "predicate"), batch, heads, queries, keys);
  }

  /** A key is visible if both masks show it. */
  default Mask and(Mask other) {
    return Masks.Pair.both(this, Objects.requireNonNull(other, "other"));
  }

  /** A key is visible if at least one of the two masks shows it. Each of them must fit the call. */
  default Mask or(Mask other) {
    return new Masks.Pair(this, Objects.requireNonNull(other, "other"), false);
  }

  /**
   * Tells whether a query sees a key, by the definition of the mask. This method is slow, and does not check that the mask fits.
   *
   * @param queries number of queries of this batch entry
   * @param keys number of keys of this batch entry
   */
  boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys);

  /**
   * Checks that the mask fits the call.
   *
   * @throws IllegalArgumentException naming what does not fit, with both numbers
   * @hidden
   */
  void check(CallShape shape);

  /**
   * The depth of each node of the mask's tree, whose nodes are the last queries and keys. Positions count depths instead of rows then. The
   * result is null if there is no tree, or if each node is the child of the node before it.
   *
   * @throws IllegalArgumentException if there are two different trees
   * @hidden
   */
  default int @Nullable [] depths() {
    return null;
  }

  /**
   * The depth of each node of the mask's tree, if windows count positions; null if they count rows.
   *
   * @hidden
   */
  default int @Nullable [] windowDepths() {
    return null;
  }

  /**
   * This mask with windows that count positions, for queries and keys that end with nodes of these depths.
   *
   * @hidden
   */
  default Mask withWindowDepths(int[] depths) {
    return this;
  }

  /**
   * Adds the mask to a lowering whose shape has passed {@link #check}.
   *
   * @hidden
   */
  void lower(Lowering lowering);

  /**
   * The mask as the kernels read it, for one call whose shape has passed {@link #check}.
   *
   * @hidden
   */
  default Visibility lower(CallShape shape) {
    Lowering lowering = new Lowering(shape);
    lower(lowering);
    return lowering.visibility();
  }

  /**
   * A window around the position of each query, {@link Mask#window}.
   *
   * <pre>{@code
   * Mask streaming = Mask.window(255, 0).withSinks(4); // the last 256 keys up to the query's own, and the first four
   * Mask chunk = Mask.window(255, 0).withAlignment(Mask.Alignment.offsets(1024, 512)); // queries from positions 1024 and 512 on
   * }</pre>
   */
  sealed interface Window extends Mask permits Masks.WindowMask {

    /**
     * Returns a window that also shows the first keys, the attention sinks of "Efficient Streaming Language Models with Attention Sinks"
     * (Xiao et al., 2024): j ≤ p + right, and p − left ≤ j or j &lt; sinks. The right side of the window limits the sinks too. With {@code
     * window(rows − 1, 0).withSinks(sinks)} a query sees the same keys as in a cache with {@link KeyValueCache.Builder#window window(rows,
     * sinks)}.
     *
     * @param sinks number of first keys that stay visible
     * @throws IllegalArgumentException if the number is negative
     */
    Window withSinks(int sinks);

    /** Returns the window around positions of another alignment. */
    Window withAlignment(Alignment alignment);
  }

  /**
   * A tree of drafted tokens, {@link Mask#tree}.
   *
   * <pre>{@code
   * Mask drafts = Mask.window(255, 0).and(Mask.tree(-1, 0, 0).withWindowsByPosition()); // both children of node 0 see 256 tokens
   * }</pre>
   */
  sealed interface Tree extends Mask permits TreeMask {

    /**
     * Returns the tree with windows that count positions instead of rows, both those of masks it is combined with by {@link Mask#and} and
     * those of caches. A node then sees the window that it has in a sequence of its path alone: p is the node's position, and the left side
     * and sinks count the positions of keys.
     */
    Tree withWindowsByPosition();
  }

  /** The position p of query i of batch entry b, around which causal masks and windows are placed. Immutable. */
  sealed interface Alignment permits Masks.Diagonal {

    /** p = i + S − L: the last query has the position of the last key. */
    static Alignment bottomRight() {
      return Masks.Diagonal.BOTTOM_RIGHT;
    }

    /** p = i: the first query has the position of the first key. */
    static Alignment topLeft() {
      return Masks.Diagonal.TOP_LEFT;
    }

    /** p = i + offsets[b]: each batch entry has its own diagonal. An offset may be negative. */
    static Alignment offsets(int... offsets) {
      return new Masks.Diagonal(false, Objects.requireNonNull(offsets, "offsets").clone());
    }
  }

  /** The caller's own rule, for {@link #evaluate}. */
  @FunctionalInterface
  interface Predicate {
    /** Tells whether the query sees the key. */
    boolean visible(int batchEntry, int queryHead, int query, int key);
  }
}
