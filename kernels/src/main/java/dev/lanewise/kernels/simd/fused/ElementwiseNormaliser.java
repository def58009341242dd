package dev.lanewise.kernels.simd.fused;

import static jdk.incubator.vector.FloatVector.broadcast;

import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.simd.elementwise.VectorActivations;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Tiles;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/** A normaliser whose weights depend on their own score only, optionally divided by the number of keys that the query sees. */
final class ElementwiseNormaliser implements TileNormaliser {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;
  private static final int QUERIES = Tiles.QUERIES;

  private final float[] factor = new float[QUERIES];
  private final float[] tileCount = new float[QUERIES];
  private final int[] count = new int[QUERIES];
  private Normaliser.Kind kind = Normaliser.Kind.LINEAR;
  private boolean averages;

  @Override
  public void open(QueryTile tile, Normaliser normaliser) {
    kind = normaliser.kind();
    averages = normaliser.averages();
    Arrays.fill(count, 0);
  }

  @Override
  public void openKnown(float[] lanesLogSumExp) {
    throw new IllegalStateException("only softmax has a log-sum-exp");
  }

  @Override
  public float @Nullable [] update(QueryTile tile, float[] scores, int from, int to) {
    if (averages) {
      countKeys(tile, scores, from, to);
    }
    apply(tile, scores, from, to);
    return null;
  }

  @Override
  public @Nullable SpanFactors join(QueryTile tile) {
    return null;
  }

  private void apply(QueryTile tile, float[] scores, int from, int to) {
    for (int lane = 0; lane < tile.lanes(); lane += LANES) {
      apply(scores, LaneRows.index(LaneRows.KEYS, from, lane), LaneRows.index(LaneRows.KEYS, to, lane));
    }
  }

  private void apply(float[] scores, int from, int to) {
    switch (kind) {
      case SIGMOID -> VectorActivations.apply(Activation.SIGMOID, scores, from, to - from);
      case RELU -> VectorActivations.apply(Activation.RELU, scores, from, to - from);
      case SQUARED_RELU -> squaredRelu(scores, from, to);
      case LINEAR -> clearMasked(scores, from, to);
      case SOFTMAX -> throw new IllegalStateException("softmax needs the whole row");
    }
  }

  /** Counts the keys that each lane sees, which are those whose score is not −∞. A mask, a bias or a function can make it −∞. */
  private void countKeys(QueryTile tile, float[] scores, int from, int to) {
    for (int lane = 0; lane < tile.lanes(); lane += LANES) {
      FloatVector seen = FloatVector.zero(SPECIES);
      for (int key = from; key < to; key++) {
        FloatVector x = FloatVector.fromArray(SPECIES, scores, LaneRows.index(LaneRows.KEYS, key, lane));
        seen = broadcast(SPECIES, 1f).blend(0f, x.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY)).add(seen);
      }
      seen.intoArray(tileCount, lane);
    }
    for (int lane = 0; lane < tile.lanes(); lane++) {
      count[lane] += (int) tileCount[lane];
    }
  }

  private static void squaredRelu(float[] scores, int from, int to) {
    for (int i = from; i < to; i += LANES) {
      FloatVector x = FloatVector.fromArray(SPECIES, scores, i);
      x = x.blend(0f, x.compare(VectorOperators.LT, 0f));
      x.mul(x).intoArray(scores, i);
    }
  }

  private static void clearMasked(float[] scores, int from, int to) {
    for (int i = from; i < to; i += LANES) {
      FloatVector x = FloatVector.fromArray(SPECIES, scores, i);
      x.blend(0f, x.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY)).intoArray(scores, i);
    }
  }

  @Override
  public float @Nullable [] close(QueryTile tile) {
    for (int lane = 0; averages && lane < QUERIES; lane++) {
      factor[lane] = 1f / Math.max(1, count[lane]);
    }
    return averages ? factor : null;
  }

  @Override
  public void weights(QueryTile tile, float[] scores) {
    apply(tile, scores, 0, tile.keys());
    if (averages) {
      LaneRows.multiply(scores, LaneRows.KEYS, tile.keys(), tile.lanes(), factor);
    }
  }

  @Override
  public boolean dividesByFinite(int lane) {
    return averages;
  }

  @Override
  public float logSumExp(int lane) {
    throw new IllegalStateException("only softmax has a log-sum-exp");
  }
}
