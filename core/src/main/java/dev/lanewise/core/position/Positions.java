package dev.lanewise.core.position;

import dev.lanewise.core.Attention;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.mask.lowering.TreeDepths;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;

/**
 * Tells a model the positions of its rows. The type says what the positions act on: the input of the first layer ({@link InputPositions}),
 * or inside each layer the queries and keys, the scores, or nothing ({@link LayerPositions}). All are immutable and safe to share between
 * threads. Create them once and use them for all layers.
 *
 * <pre>{@code
 * Positions.sinusoidal(encoder.embedDim()).apply(x, 0); // once, before the first layer
 * encoder.forward(x, y);
 * encoder.withPositions(Rotary.of(headDim)).forward(x, y); // in each layer: on queries and keys
 * encoder.withPositions(Positions.alibi(numHeads)).forward(x, y); // in each layer: on scores
 * }</pre>
 */
public sealed interface Positions permits InputPositions, LayerPositions {

  /** {@link #sinusoidal(int, double)} with the base of the paper, 10 000. */
  static InputPositions sinusoidal(int embedDim) {
    return sinusoidal(embedDim, 10_000);
  }

  /**
   * Sines and cosines ("Attention Is All You Need", Vaswani et al., 2017, section 3.5), for positions up to 2<sup>31</sup> − 1. In a row at
   * position p, sin(p · base<sup>−2i / embedDim</sup>) is added to element 2i, and the cosine to element 2i + 1. Both are computed in
   * double and rounded once.
   *
   * @param embedDim elements of a row
   * @param base above 1
   */
  static InputPositions sinusoidal(int embedDim, double base) {
    return new InputPositions(new SinusoidalTable(embedDim, base), embedDim);
  }

  /**
   * A learned row for each position below {@code maxPositions} ("Convolutional Sequence to Sequence Learning", Gehring et al., 2017; BERT,
   * GPT-2).
   *
   * @param table dense maxPositions × embedDim; copied
   */
  static InputPositions learned(float[] table, int maxPositions, int embedDim) {
    return new InputPositions(new LearnedTable(table, maxPositions, embedDim), embedDim);
  }

  /** ALiBi ("Train Short, Test Long", Press et al., 2022) with the slopes of the paper, {@link Attention#standardSlopes}. */
  static LayerPositions alibi(int numHeads) {
    Checks.atLeast("numHeads", numHeads, 1);
    return new AlibiPositions(Attention.standardSlopes(numHeads));
  }

  /**
   * Learned biases of relative positions ("Exploring the Limits of Transfer Learning", T5, Raffel et al., 2020, section 2.1). A key at
   * distance d from the query (key's position less query's) adds table[bucket(d), head] to the score. Half of the buckets hold one distance
   * each. The other half hold ranges that grow up to maxDistance; all larger distances share the last bucket. T5 does not scale scores: use
   * {@code withScale(1)}.
   *
   * @param table dense numBuckets × numHeads, as T5 stores {@code relative_attention_bias.weight}; copied
   * @param numBuckets 32 in T5
   * @param maxDistance 128 in T5
   * @param bidirectional true if half of the buckets are for keys after the query, as in an encoder; false if all keys after the query
   *     share bucket 0
   * @throws IllegalArgumentException if table.length is not a multiple of numBuckets, or no distance is left for the second half of the
   *     buckets
   */
  static LayerPositions relativeBuckets(float[] table, int numBuckets, int maxDistance, boolean bidirectional) {
    return new RelativePositions(table, new RelativeBuckets(numBuckets, maxDistance, bidirectional));
  }

  /**
   * Positions of the nodes of a {@link Mask#tree}: firstPosition plus their depth. For {@link
   * InputPositions#apply(dev.lanewise.core.SequenceBatch, int[])} and {@link Rotary#apply( dev.lanewise.kernels.data.Heads,
   * dev.lanewise.kernels.data.Heads, int[])}; layers follow the tree of their mask without this method.
   *
   * @param firstPosition the position of a root, which is the number of rows before the tree
   * @param parents the parent of each node, which has a smaller number, or −1 for a root
   * @return the position of each node
   * @throws IllegalArgumentException if firstPosition is negative, a parent does not come before its node, or a position is above
   *     2<sup>31</sup> − 1
   */
  static int[] ofTree(int firstPosition, int... parents) {
    Checks.atLeast("firstPosition", firstPosition, 0);
    int[] positions = TreeDepths.of(Objects.requireNonNull(parents, "parents"));
    for (int node = 0; node < positions.length; node++) {
      Checks.atMost("the position of node " + node, (long) firstPosition + positions[node], "the last position", Integer.MAX_VALUE);
      positions[node] += firstPosition;
    }
    return positions;
  }

  /**
   * Positions of consecutive rows: row r of batch entry b has position firstPositions[b] + r.
   *
   * @return batch × rows
   * @throws IllegalArgumentException if a number is negative, or a position is above 2<sup>31</sup> − 1
   */
  static int[] ofRows(int rows, int... firstPositions) {
    Checks.product("firstPositions.length", Objects.requireNonNull(firstPositions, "firstPositions").length, "rows", rows);
    for (int b = 0; b < firstPositions.length; b++) {
      Checks.atLeast("firstPositions[" + b + "]", firstPositions[b], 0);
      Checks.atMost("firstPositions[" + b + "] + rows - 1", firstPositions[b] + (rows - 1L), "the last position", Integer.MAX_VALUE);
    }
    return RowPositions.ofBatch(firstPositions, rows, null);
  }

  /** Positions of the rows of packed sequences, by their query starts; each sequence begins at position 0. */
  static int[] ofRows(PackedSequences sequences) {
    int[] positions = new int[Objects.requireNonNull(sequences, "sequences").queryStart(sequences.count())];
    for (int s = 0; s < sequences.count(); s++) {
      for (int row = sequences.queryStart(s); row < sequences.queryStart(s + 1); row++) {
        positions[row] = row - sequences.queryStart(s);
      }
    }
    return positions;
  }

  /** No positions: attention treats its rows as a set. */
  static LayerPositions none() {
    return NoPositions.NONE;
  }
}
