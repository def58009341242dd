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
  public float @Nullable [] update(QueryTile tile, float[] scores) {
    if (averages) {
      countKeys(scores, tile.keys());
    }
    apply(scores, tile.keys() * QUERIES);
    return null;
  }

  private void apply(float[] scores, int length) {
    switch (kind) {
      case SIGMOID -> VectorActivations.apply(Activation.SIGMOID, scores, 0, length);
      case RELU -> VectorActivations.apply(Activation.RELU, scores, 0, length);
      case SQUARED_RELU -> squaredRelu(scores, length);
      case LINEAR -> clearMasked(scores, length);
      case SOFTMAX -> throw new IllegalStateException("softmax needs the whole row");
    }
  }

  /** Counts the keys that each lane sees, which are those whose score is not −∞. A mask, a bias or a function can make it −∞. */
  private void countKeys(float[] scores, int keys) {
    for (int lane = 0; lane < QUERIES; lane += LANES) {
      FloatVector seen = FloatVector.zero(SPECIES);
      for (int key = 0; key < keys; key++) {
        FloatVector x = FloatVector.fromArray(SPECIES, scores, key * QUERIES + lane);
        seen = broadcast(SPECIES, 1f).blend(0f, x.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY)).add(seen);
      }
      seen.intoArray(tileCount, lane);
    }
    for (int lane = 0; lane < QUERIES; lane++) {
      count[lane] += (int) tileCount[lane];
    }
  }

  private static void squaredRelu(float[] scores, int length) {
    for (int i = 0; i < length; i += LANES) {
      FloatVector x = FloatVector.fromArray(SPECIES, scores, i);
      x = x.blend(0f, x.compare(VectorOperators.LT, 0f));
      x.mul(x).intoArray(scores, i);
    }
  }

  private static void clearMasked(float[] scores, int length) {
    for (int i = 0; i < length; i += LANES) {
      FloatVector x = FloatVector.fromArray(SPECIES, scores, i);
      x.blend(0f, x.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY)).intoArray(scores, i);
    }
  }

  @Override
  public float @Nullable [] close() {
    for (int lane = 0; averages && lane < QUERIES; lane++) {
      factor[lane] = 1f / Math.max(1, count[lane]);
    }
    return averages ? factor : null;
  }

  @Override
  public void weights(float[] scores, int keys) {
    apply(scores, keys * QUERIES);
    if (averages) {
      LaneTransposer.multiply(scores, keys, factor);
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
