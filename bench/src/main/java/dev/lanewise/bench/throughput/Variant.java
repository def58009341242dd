package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.bench.throughput.options.VariantOptions;
import dev.lanewise.core.Attention;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.Similarity;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A variant of attention with its seeded data: as a call, as the reference of one row, and counted. */
public final class Variant {
  private static final double VISIBLE = 0.9;

  final boolean causal;
  final float softcap;
  final VariantOptions.Scores similarity;
  final VariantOptions.Weights weights;

  /** The packed sequences; null if the sequences are entries of a batch. */
  final @Nullable PackedSequences sequences;

  /** Columns of the mask and of the bias. */
  final int keys;

  /** Mask elements, queries × keys; null without a mask. */
  private final boolean @Nullable [] visible;

  final float @Nullable [] bias;
  final float @Nullable [] slopes;
  final float @Nullable [] sinks;

  /** The vector of additive scores; empty for other scores. */
  final float[] vector;

  /** How many keys before its own position a query sees; null for all. */
  private final @Nullable Integer window;

  private final Mask mask;

  Variant(VariantOptions options, ShapeOptions sizes, SeededData data) {
    causal = sizes.causal;
    window = options.window;
    softcap = options.softcap == null ? 0 : options.softcap;
    similarity = options.similarity;
    weights = options.normaliser;
    sequences = options.sequences == null ? null : data.sequences(options.sequences, VariantOptions.SHORTEST, sizes.queries);
    int queries = sequences == null ? sizes.queries : longest(sequences);
    keys = sequences == null ? sizes.keys : queries;
    vector = similarity == VariantOptions.Scores.ADDITIVE ? data.numbers(sizes.headDim) : new float[0];
    sinks = options.sinks ? data.numbers(sizes.heads) : null;
    slopes = options.alibi ? Attention.standardSlopes(sizes.heads) : null;
    bias = options.bias ? data.matrix(queries, keys).data() : null;
    visible = options.mask == null ? null : data.booleans(queries * keys, VISIBLE);
    mask = visible == null ? band() : band().and(mask(options.mask == VariantOptions.MaskKind.BOOLEAN, visible, queries));
  }

  private static int longest(PackedSequences sequences) {
    return IntStream.range(0, sequences.count()).map(sequences::queries).max().orElse(0);
  }

  private Mask band() {
    Mask causalOrNot = causal ? Mask.causal() : Mask.none();
    return window == null ? causalOrNot : causalOrNot.and(Mask.windowFrom(window));
  }

  private Mask mask(boolean asMatrix, boolean[] elements, int queries) {
    return asMatrix ? Mask.matrix(elements, queries, keys) : Mask.evaluate((b, head, i, j) -> elements[i * keys + j], 1, 1, queries, keys);
  }

  /** The call to measure. */
  Attention attention(Attention plain) {
    Attention attention =
        plain
            .withMask(mask)
            .withSimilarity(makeSimilarity())
            .withSoftcap(softcap)
            .withNormaliser(sinks == null ? weights.normaliser() : Normaliser.softmaxWithSinks(sinks));
    if (slopes != null) {
      attention = attention.withAlibi(slopes);
    }
    if (bias != null) {
      attention = attention.withBias(Bias.of(bias, bias.length / keys, keys));
    }
    return sequences == null ? attention : attention.withPackedSequences(sequences);
  }

  private Similarity makeSimilarity() {
    return switch (similarity) {
      case COSINE -> Similarity.cosine();
      case ADDITIVE -> Similarity.additive(vector);
      case DOT -> Similarity.dot();
    };
  }

  /** The end of the keys that a query may see: one more than its last key if it is causal, otherwise the number of keys. */
  int endKey(int query, int queries, int keyCount) {
    return causal ? Math.clamp(query + 1L + keyCount - queries, 0, keyCount) : keyCount;
  }

  /** Whether a query sees a key below its {@link #endKey}. */
  boolean sees(int query, int key, int endKey) {
    return (window == null || key >= endKey - 1L - window) && (visible == null || visible[query * keys + key]);
  }

  /** How many pairs of a query and a key of one head count. */
  long visiblePairs(int queries, int keyCount) {
    long pairs = 0;
    for (int i = 0; i < queries; i++) {
      int end = endKey(i, queries, keyCount);
      int first = window == null ? 0 : (int) Math.max(0, end - 1L - window);
      if (visible == null) {
        pairs += end - first;
      } else {
        for (int j = first; j < end; j++) {
          pairs += visible[i * keys + j] ? 1 : 0;
        }
      }
    }
    return pairs;
  }

  /** Bytes of what is read beside query, key and value. */
  long bytes() {
    return (visible == null ? 0L : visible.length) + (bias == null ? 0L : (long) Float.BYTES * bias.length);
  }

  /**
   * One query of one head, as a problem of its own: since the query stands at the last of the keys below its {@link #endKey}, positions are
   * what they were. (Without causal they are not, but then nothing asks for them.)
   *
   * @param queryRow 1 × headDim
   * @param keyRows endKey × headDim
   * @param valueRows endKey × valueDim
   */
  ReferenceAttention reference(Matrix queryRow, Matrix keyRows, Matrix valueRows, int head, int query) {
    Mask seen = visible == null ? band() : band().and(Mask.matrix(visible, query * keys, 0, 0, 0, 1));
    Normaliser normaliser = sinks == null ? weights.normaliser() : Normaliser.softmaxWithSinks(sinks[head]);
    Attention attention =
        Attention.standard().withMask(seen).withSimilarity(makeSimilarity()).withSoftcap(softcap).withNormaliser(normaliser);
    attention = slopes == null ? attention : attention.withAlibi(slopes[head]);
    attention = bias == null ? attention : attention.withBias(new Bias(bias, query * keys, 0, 0, 0, 1));
    return ReferenceAttention.of(attention, Heads.of(queryRow), Heads.of(keyRows), Heads.of(valueRows));
  }
}
