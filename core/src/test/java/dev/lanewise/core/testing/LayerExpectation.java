package dev.lanewise.core.testing;

import dev.lanewise.core.Attention;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.LayerPositions;
import dev.lanewise.core.position.Positions;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import org.jspecify.annotations.Nullable;

/**
 * The expected result of a layer with some {@link LayerSettings}, by the reference and with separate code for projections, positions and
 * bias.
 */
public final class LayerExpectation {
  public static final LayerShape SHAPE = LayerShape.of(LayerSettings.HEADS * LayerSettings.HEAD_DIM, LayerSettings.HEADS).valueDim(5);

  /** Depths of the tree in the settings. */
  private static final int[] DEPTHS = {0, 1, 1, 2};

  public Mask mask = Mask.none();
  @Nullable Double scale;
  public double softcap;
  @Nullable Bias bias;
  public float @Nullable [] slopes;
  @Nullable RowFunction scores;
  @Nullable RowFunction weights;
  public Normaliser normaliser = Normaliser.softmax();
  public Similarity similarity = Similarity.dot();
  float dropout;
  public @Nullable PackedSequences sequences;
  public LayerPositions positions = Positions.none();

  /** The last {@code queries} rows of self-attention, in double except for the output projection. */
  public SequenceBatch output(SequenceBatch x, int queries) {
    int first = x.rows() - queries;
    Heads query = SHAPE.query().apply(x).split(LayerSettings.HEADS);
    Heads key = SHAPE.key().apply(x).split(LayerSettings.HEADS);
    Heads value = SHAPE.value().apply(x).split(LayerSettings.HEADS);
    if (positions instanceof Rotary rotary) {
      rotary.apply(query, query, positions(x.rows()));
      rotary.apply(key, key, positions(x.rows()));
    }
    Attention attention =
        Attention.standard().withMask(mask).withSoftcap((float) softcap).withNormaliser(normaliser).withSimilarity(similarity);
    attention = scale == null ? attention : attention.withScale(scale.floatValue());
    attention = scores == null ? attention : attention.withScoreFunction(scores);
    attention = weights == null ? attention : attention.withWeightFunction(weights);
    attention = dropout == 0 ? attention : attention.withDropout(dropout, LayerSettings.DROPOUT_SEED, 3);
    attention = sequences == null ? attention : attention.withPackedSequences(sequences);
    float[] distances = positions.toString().startsWith("alibi") ? Attention.standardSlopes(LayerSettings.HEADS) : slopes;
    attention = distances == null ? attention : attention.withAlibi(distances);
    attention = attention.withBias(sum(x.rows(), queries));
    ReferenceAttention reference = ReferenceAttention.of(attention, query.rows(first, first + queries), key, value);
    return SHAPE.output().apply(joined(reference.output(), queries));
  }

  private static SequenceBatch joined(double[] heads, int queries) {
    SequenceBatch joined = SequenceBatch.zeros(1, queries, LayerSettings.HEADS * 5);
    for (int n = 0; n < heads.length; n++) {
      int head = n / 5 / queries;
      joined.data()[joined.index(0, n / 5 % queries) + head * 5 + n % 5] = (float) heads[n];
    }
    return joined;
  }

  /** The position of each row: in its own sequence, and for a tree node its depth. */
  private int[] positions(int rows) {
    int[] result = new int[rows];
    for (int s = 0; s < count(); s++) {
      int from = sequences == null ? 0 : sequences.keyStart(s);
      int length = sequences == null ? rows : sequences.keys(s);
      for (int i = 0; i < length; i++) {
        result[from + i] = position(i, length);
      }
    }
    return result;
  }

  private int count() {
    return sequences == null ? 1 : sequences.count();
  }

  private int position(int row, int rows) {
    int before = rows - DEPTHS.length;
    return mask.toString().startsWith("Tree") && row >= before ? before + DEPTHS[row - before] : row;
  }

  /** The sum of the bias and the effect of relative positions: sequences × heads × queries × keys. */
  private Bias sum(int rows, int queries) {
    float[] data = new float[count() * LayerSettings.HEADS * queries * rows];
    Bias all = new Bias(data, 0, LayerSettings.HEADS * queries * rows, queries * rows, rows, 1);
    for (int n = 0; n < data.length; n++) {
      int s = n / rows / queries / LayerSettings.HEADS;
      int head = n / rows / queries % LayerSettings.HEADS;
      int i = n / rows % queries;
      int j = n % rows;
      if (bias != null) {
        data[n] = bias.data()[bias.index(0, head, i) + j * bias.keyStride()];
      }
      int length = sequences == null ? rows : sequences.keys(s);
      int row = sequences == null ? i + rows - queries : i;
      if (positions.toString().startsWith("relative") && row < length && j < length) {
        data[n] += LayerSettings.relativeBias(position(j, length) - position(row, length), head);
      }
    }
    return all;
  }
}
