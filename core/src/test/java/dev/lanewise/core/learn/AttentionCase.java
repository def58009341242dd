package dev.lanewise.core.learn;

import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.Positions;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.kernels.data.Dropout;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.Similarity;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A configuration of a {@link TrainableAttention} and the shapes of a call, drawn by a seed.
 *
 * @param starts query starts and key starts of packed sequences; null for a batch
 * @param lengths number of keys of each batch entry; null for all
 */
@SuppressWarnings("ArrayRecordComponent")
record AttentionCase(
    long seed,
    int embedDim,
    int numHeads,
    int keyValueHeads,
    int headDim,
    int valueDim,
    int keyInputDim,
    int valueInputDim,
    boolean biases,
    boolean cross,
    boolean threeSources,
    int batch,
    int queryRows,
    int keyRows,
    int @Nullable [][] starts,
    int @Nullable [] lengths,
    Sight sight,
    Position positions,
    Similarity.Kind similarity,
    Normaliser.Kind normaliser,
    int softcap,
    boolean sinks,
    boolean learnedScale,
    float dropout) {

  enum Sight {
    ALL,
    CAUSAL,
    WINDOW
  }

  enum Position {
    NONE,
    ROTARY,
    ALIBI,
    SLOPES,
    BUCKETS
  }

  private static final long STEP = 3;
  private static final int STANDARD = 40;
  static final int BUCKETS = 8;
  static final int MAX_DISTANCE = 12;

  /** Draws a configuration. The first {@link #STANDARD} have any widths, rows and masks, but no change of scores. */
  static AttentionCase random(long seed) {
    Random random = new Random(seed * 7919 + 11);
    int numHeads = 1 << random.nextInt(3);
    int keyValueHeads = random.nextInt(3) == 0 ? 1 : numHeads;
    int headDim = 2 * (1 + random.nextInt(4));
    boolean plainWidths = random.nextInt(3) > 0;
    int embedDim = plainWidths ? numHeads * headDim : 3 + random.nextInt(9);
    boolean cross = random.nextInt(3) == 0;
    boolean threeSources = cross && random.nextInt(3) == 0;
    int keyInputDim = cross && random.nextBoolean() ? 2 + random.nextInt(7) : embedDim;
    int valueInputDim = threeSources && random.nextBoolean() ? 2 + random.nextInt(7) : keyInputDim;
    int batch = 1 + random.nextInt(2);
    int rows = 1 + random.nextInt(9);
    int keyRows = cross ? 1 + random.nextInt(9) : rows;
    int[][] starts = null;
    int[] lengths = null;
    if (random.nextInt(4) == 0) {
      batch = 1;
      starts = new int[][] {{0, rows / 2, rows}, {0, keyRows / 2, keyRows}};
    } else if (random.nextInt(3) == 0) {
      lengths = new int[batch];
      for (int b = 0; b < batch; b++) {
        lengths[b] = random.nextInt(keyRows + 1);
      }
    }
    boolean standard = seed < STANDARD;
    Position positions = Position.values()[random.nextInt(standard ? 2 : 5)];
    if (positions == Position.BUCKETS && cross && starts != null) {
      positions = Position.NONE; // keys less queries must be the same for each sequence
    }
    if (positions == Position.BUCKETS && starts != null && rows % 2 == 1) {
      rows++;
      keyRows++;
      starts = new int[][] {{0, rows / 2, rows}, {0, keyRows / 2, keyRows}};
    }
    Similarity.Kind similarity = standard || random.nextInt(3) > 0 ? Similarity.Kind.DOT : Similarity.Kind.values()[random.nextInt(3)];
    Normaliser.Kind normaliser = standard || random.nextInt(3) > 0 ? Normaliser.Kind.SOFTMAX : Normaliser.Kind.values()[random.nextInt(5)];
    return new AttentionCase(
        seed,
        embedDim,
        numHeads,
        keyValueHeads,
        headDim,
        plainWidths ? headDim : 1 + random.nextInt(7),
        keyInputDim,
        valueInputDim,
        random.nextInt(4) > 0,
        cross,
        threeSources,
        batch,
        rows,
        keyRows,
        starts,
        lengths,
        Sight.values()[random.nextInt(3)],
        positions,
        similarity,
        normaliser,
        !standard && random.nextInt(3) == 0 ? 3 : 0,
        !standard && normaliser == Normaliser.Kind.SOFTMAX && random.nextInt(3) == 0,
        !standard && random.nextInt(3) == 0,
        !standard && random.nextInt(3) == 0 ? 0.3f : 0);
  }

  TrainableAttention layer() {
    TrainableAttention.Builder builder =
        TrainableAttention.builder(embedDim, numHeads)
            .keyValueHeads(keyValueHeads)
            .headDim(headDim)
            .valueDim(valueDim)
            .sources(keyInputDim, valueInputDim)
            .attention(a -> a.withMask(mask()).withSoftcap(softcap));
    switch (similarity) {
      case DOT -> {}
      case COSINE -> builder.attention(a -> a.withSimilarity(Similarity.cosine()));
      case ADDITIVE -> builder.attention(a -> a.withSimilarity(Similarity.additive(new float[headDim])));
    }
    switch (normaliser) {
      case SOFTMAX -> {}
      case RELU -> builder.attention(a -> a.withNormaliser(Normaliser.relu()));
      case SQUARED_RELU -> builder.attention(a -> a.withNormaliser(Normaliser.squaredRelu()));
      case SIGMOID -> builder.attention(a -> a.withNormaliser(Normaliser.sigmoid()));
      case LINEAR -> builder.attention(a -> a.withNormaliser(Normaliser.linear()));
    }
    switch (positions) {
      case NONE -> {}
      case ROTARY -> builder.positions(Rotary.of(headDim));
      case ALIBI -> builder.positions(Positions.alibi(numHeads));
      case SLOPES -> builder.learnedSlopes();
      case BUCKETS -> builder.learnedBuckets(BUCKETS, MAX_DISTANCE, true);
    }
    TrainableAttention.Builder all = sinks ? builder.learnedSinks() : builder;
    all = (learnedScale ? all.learnedScale() : all).dropout(dropout);
    return (biases ? all : all.withoutBiases()).xavier(seed);
  }

  /** The factors of the weights of a row under dropout, in the first call of the step that {@link #prepare} begins. */
  float[] factors(int entry, int head, int query) {
    float[] factors = new float[keys(entry)];
    Dropout all = new Dropout(dropout, seed, STEP << 20);
    all.factors(entry * numHeads + head, query, 0, factors.length, new int[4], factors, 0);
    return factors;
  }

  /** The factor of the similarity if it does not learn. */
  double scale() {
    return similarity == Similarity.Kind.DOT ? 1 / Math.sqrt(headDim) : 1;
  }

  private Mask mask() {
    return switch (sight) {
      case ALL -> Mask.none();
      case CAUSAL -> Mask.causal();
      case WINDOW -> Mask.window(2, 1);
    };
  }

  void prepare(Trace trace) {
    trace.train(seed, STEP);
    PackedSequences sequences = starts == null ? null : PackedSequences.of(starts[0], starts[1]);
    if (cross) {
      trace.setMemorySequences(sequences).setMemoryLengths(lengths);
    } else {
      trace.setPackedSequences(sequences).setKeyLengths(lengths);
    }
  }

  int entries() {
    return starts == null ? batch : starts[0].length - 1;
  }

  int queryStart(int entry) {
    return starts == null ? entry * queryRows : starts[0][entry];
  }

  int keyStart(int entry) {
    return starts == null ? entry * keyRows : starts[1][entry];
  }

  int queries(int entry) {
    return starts == null ? queryRows : starts[0][entry + 1] - starts[0][entry];
  }

  int keys(int entry) {
    return starts == null ? keyRows : starts[1][entry + 1] - starts[1][entry];
  }

  int queryPosition(int entry, int i) {
    return i + Math.max(0, keys(entry) - queries(entry));
  }

  int keyPosition(int entry, int j) {
    return j + Math.max(0, queries(entry) - keys(entry));
  }

  boolean visible(int entry, int head, int i, int j) {
    int distance = keyPosition(entry, j) - queryPosition(entry, i);
    boolean shown =
        switch (sight) {
          case ALL -> true;
          case CAUSAL -> distance <= 0;
          case WINDOW -> distance >= -2 && distance <= 1;
        };
    return shown && (lengths == null || j < lengths[entry]);
  }

  /** T5's bucket for {@link #BUCKETS} in both directions, up to {@link #MAX_DISTANCE}. */
  int bucket(int distance) {
    int half = BUCKETS / 2;
    int exact = half / 2;
    int apart = Math.abs(distance);
    int first = distance > 0 ? half : 0;
    if (apart < exact) {
      return first + apart;
    }
    double part = Math.log((double) apart / exact) / Math.log((double) MAX_DISTANCE / exact) * (half - exact);
    return first + Math.min(half - 1, exact + (int) part);
  }
}
