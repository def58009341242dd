package dev.lanewise.kernels.simd.fused;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.testing.AttentionCall;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The weights of a tile whose log-sum-exp is known. */
class OnlineSoftmaxTest {
  private static final int KEYS = 137;

  @BeforeEach
  void assumeSimd() {
    assumeThat(Kernels.selected().path()).isNotEqualTo("scalar");
  }

  /** Scores of rising size; lane 1 sees no key, lane 2 does not see key 3, and the base of lane 3 moves at key 70. */
  private static float[] scores() {
    Random random = new Random(11);
    float[] scores = new float[LaneRows.KEYS * Tiles.QUERIES];
    for (int key = 0; key < KEYS; key++) {
      for (int lane = 0; lane < Tiles.QUERIES; lane++) {
        scores[LaneRows.index(LaneRows.KEYS, key, lane)] = (float) (random.nextGaussian() * lane) - 20 * lane;
      }
      scores[LaneRows.index(LaneRows.KEYS, key, 1)] = Float.NEGATIVE_INFINITY;
    }
    scores[LaneRows.index(LaneRows.KEYS, 3, 2)] = Float.NEGATIVE_INFINITY;
    scores[LaneRows.index(LaneRows.KEYS, 70, 3)] = 20;
    return scores;
  }

  private static QueryTile tile() {
    Heads query = Heads.zeros(1, 1, Tiles.QUERIES, 1);
    QueryTile tile = new QueryTile();
    tile.open(AttentionCall.of(query, Heads.zeros(1, 1, KEYS, 1)).build(), 0, 0, Tiles.QUERIES);
    tile.openTile(0, KEYS);
    return tile;
  }

  private static double logSumExp(float[] scores, int lane) {
    double max = Double.NEGATIVE_INFINITY;
    for (int key = 0; key < KEYS; key++) {
      max = Math.max(max, scores[LaneRows.index(LaneRows.KEYS, key, lane)]);
    }
    double sum = 0;
    for (int key = 0; key < KEYS && max > Double.NEGATIVE_INFINITY; key++) {
      sum += Math.exp(scores[LaneRows.index(LaneRows.KEYS, key, lane)] - max);
    }
    return max + Math.log(sum);
  }

  @Test
  void weightsOfAKnownLogSumExpAreTheExponentialsOfTheDifference() {
    float[] scores = scores();
    float[] logSumExp = new float[Tiles.QUERIES];
    for (int lane = 0; lane < Tiles.QUERIES; lane++) {
      logSumExp[lane] = (float) logSumExp(scores, lane);
    }
    logSumExp[4] = Float.NaN;
    QueryTile tile = tile();
    OnlineSoftmax softmax = new OnlineSoftmax();
    softmax.openKnown(logSumExp);
    float[] weights = scores.clone();
    softmax.weights(tile, weights);
    for (int i = 0; i < KEYS * Tiles.QUERIES; i++) {
      int lane = i % Tiles.QUERIES;
      int at = LaneRows.index(LaneRows.KEYS, i / Tiles.QUERIES, lane);
      if (scores[at] == Float.NEGATIVE_INFINITY) {
        assertThat(weights[at]).as("masked, lane %s", lane).isZero();
        continue;
      }
      double difference = scores[at] - (double) logSumExp[lane];
      double expected = Math.exp(difference);
      if (Double.isNaN(expected)) {
        assertThat(weights[at]).isNaN();
      } else {
        double rounding = (Math.abs(difference) + 4) * 0x1p-24; // of the difference and of the polynomial
        assertThat((double) weights[at]).as("lane %s", lane).isCloseTo(expected, within(expected * rounding + 0x1p-125));
      }
    }
  }

  @Test
  void aKnownLogSumExpGivesTheWeightsOfTwoPasses() {
    for (Normaliser normaliser : new Normaliser[] {Normaliser.softmax(), Normaliser.softmaxWithSinks(-1.5f)}) {
      QueryTile tile = tile();
      OnlineSoftmax twoPasses = new OnlineSoftmax();
      twoPasses.open(tile, normaliser);
      float[] updated = scores();
      boolean rises = false;
      for (int key = 0; key < KEYS; key = tile.stepEnd(key)) {
        rises |= twoPasses.update(tile, updated, key, tile.stepEnd(key)) != null;
      }
      assertThat(rises).as("the base of a lane moves").isTrue();
      twoPasses.close(tile);
      float[] expected = scores();
      twoPasses.weights(tile, expected);
      float[] logSumExp = new float[Tiles.QUERIES];
      for (int lane = 0; lane < Tiles.QUERIES; lane++) {
        logSumExp[lane] = twoPasses.logSumExp(lane);
      }
      OnlineSoftmax known = new OnlineSoftmax();
      known.open(tile, normaliser);
      known.openKnown(logSumExp);
      float[] weights = scores();
      known.weights(tile, weights);
      for (int i = 0; i < KEYS * Tiles.QUERIES; i++) {
        int lane = i % Tiles.QUERIES;
        int at = LaneRows.index(LaneRows.KEYS, i / Tiles.QUERIES, lane);
        float rounding = expected[at] == 0 ? 0 : 1e-6f + Math.abs(logSumExp[lane]) * 0x1p-22f;
        assertThat(weights[at]).as("lane %s", lane).isCloseTo(expected[at], within(expected[at] * rounding + 0x1p-125f));
      }
    }
  }

  @Test
  void stepsEndAtMultiples() {
    QueryTile tile = new QueryTile();
    tile.openTile(70, 200);
    assertThat(tile.stepEnd(0)).isEqualTo(128 - 70);
    assertThat(tile.stepEnd(57)).isEqualTo(58);
    assertThat(tile.stepEnd(58)).isEqualTo(58 + 64);
    assertThat(tile.stepEnd(199)).isEqualTo(200);
  }
}
