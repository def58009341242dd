package dev.lanewise.core.position;

import dev.lanewise.core.Attention;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.mask.lowering.TreeDepths;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;

/**
 * How a model tells rows apart by where they stand. The type says what positions act on: the input of the first layer ({@link
 * InputPositions}), or inside of each layer queries and keys, scores, or nothing ({@link LayerPositions}). All are immutable and safe to
 * share between threads, and best made once for all layers.
 *
 * <pre>{@code
 * Positions.sinusoidal(encoder.embedDim()).addTo(x, 0); // once, before the first layer
 * encoder.forward(x, y);
 * encoder.withPositions(Positions.rotary(Rotary.of(headDim))).forward(x, y); // in each layer: on queries and keys
 * encoder.withPositions(Positions.alibi(numHeads)).forward(x, y); // in each layer: on scores
 * }</pre>
 */
public sealed interface Positions permits InputPositions, LayerPositions {

  /** {@link #sinusoidal(int, double)} with the base of the paper, 10 000. */
  static InputPositions sinusoidal(int embedDim) {
    return sinusoidal(embedDim, 10_000);
  }

  /**
   * Sines and cosines ("Attention Is All You Need", Vaswani et al., 2017, section 3.5), for positions up to 2<sup>31</sup> − 1: to element
   * 2i of a row at position p sin(p · base<sup>−2i / embedDim</sup>) is added, to element 2i + 1 the cosine. Computed in double, rounded
   * once.
   *
   * @param embedDim elements of a row
   * @param base above 1
   */
  static InputPositions sinusoidal(int embedDim, double base) {
    return new InputPositions(new SinusoidalRows(embedDim, base), embedDim);
  }

  /**
   * A learned row for each position below {@code maxPositions} ("Convolutional Sequence to Sequence Learning", Gehring et al., 2017; BERT,
   * GPT-2).
   *
   * @param table dense maxPositions × embedDim; copied
   */
  static InputPositions learned(float[] table, int maxPositions, int embedDim) {
    return new InputPositions(new LearnedRows(table, maxPositions, embedDim), embedDim);
  }

  /** Rotary positions (Su et al., 2021), which are of this kind themselves. */
  static LayerPositions rotary(Rotary rotary) {
    return rotary;
  }

  /** ALiBi ("Train Short, Test Long", Press et al., 2022) with the slopes of the paper, {@link Attention#standardSlopes}. */
  static LayerPositions alibi(int numHeads) {
    Checks.atLeast("numHeads", numHeads, 1);
    return new AlibiPositions(Attention.standardSlopes(numHeads));
  }

  /**
   * Learned biases of relative positions ("Exploring the Limits of Transfer Learning", T5, Raffel et al., 2020, section 2.1). A key at
   * distance d from the query (key's position less query's) adds table[bucket(d), head] to the score: half of the buckets hold a distance
   * each, the other half ever wider ranges up to maxDistance, beyond which all is one. T5 does not scale scores: {@code withScale(1)}.
   *
   * @param table dense numBuckets × numHeads, as T5 stores {@code relative_attention_bias.weight}; copied
   * @param numBuckets 32 in T5
   * @param maxDistance 128 in T5
   * @param bidirectional half of the buckets are for keys behind the query, as in an encoder; else all of those keys share bucket 0
   * @throws IllegalArgumentException if table.length is no multiple of numBuckets, or the buckets have no range to cover
   */
  static LayerPositions relativeBuckets(float[] table, int numBuckets, int maxDistance, boolean bidirectional) {
    return new RelativePositions(table, new RelativeBuckets(numBuckets, maxDistance, bidirectional));
  }

  /**
   * Where the nodes of a {@link Mask#tree} stand: at their depth. For {@link InputPositions#addAt} and {@link Rotary#apply(
   * dev.lanewise.kernels.data.Heads, dev.lanewise.kernels.data.Heads, int[])}; layers follow the tree of their mask by themselves.
   *
   * @param firstPosition of a root: how many rows there are before the tree
   * @param parents the parent of each node, which comes before it, or −1 for a root
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

  /** None: attention sees a set of rows. */
  static LayerPositions none() {
    return NoPositions.NONE;
  }
}
