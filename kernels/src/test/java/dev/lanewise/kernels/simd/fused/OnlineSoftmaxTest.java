package dev.lanewise.kernels.simd.fused;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.simd.lanes.Packing;
import dev.lanewise.kernels.simd.lanes.Tiles;
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

  /** Scores of rising size; lane 1 sees no key, and lane 2 does not see key 3. */
  private static float[] scores() {
    Random random = new Random(11);
    float[] scores = new float[Packing.roundUp(KEYS, 4) * Tiles.QUERIES];
    for (int key = 0; key < KEYS; key++) {
      for (int lane = 0; lane < Tiles.QUERIES; lane++) {
        scores[key * Tiles.QUERIES + lane] = (float) (random.nextGaussian() * lane) - 20 * lane;
      }
      scores[key * Tiles.QUERIES + 1] = Float.NEGATIVE_INFINITY;
    }
    scores[3 * Tiles.QUERIES + 2] = Float.NEGATIVE_INFINITY;
    return scores;
  }

  private static double logSumExp(float[] scores, int lane) {
    double max = Double.NEGATIVE_INFINITY;
    for (int key = 0; key < KEYS; key++) {
      max = Math.max(max, scores[key * Tiles.QUERIES + lane]);
    }
    double sum = 0;
    for (int key = 0; key < KEYS && max > Double.NEGATIVE_INFINITY; key++) {
      sum += Math.exp(scores[key * Tiles.QUERIES + lane] - max);
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
    OnlineSoftmax softmax = new OnlineSoftmax();
    softmax.openKnown(logSumExp);
    float[] weights = scores.clone();
    softmax.weights(weights, KEYS);
    for (int at = 0; at < KEYS * Tiles.QUERIES; at++) {
      int lane = at % Tiles.QUERIES;
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
      QueryTile tile = new QueryTile();
      tile.openTile(0, KEYS);
      OnlineSoftmax twoPasses = new OnlineSoftmax();
      twoPasses.open(tile, normaliser);
      assertThat(twoPasses.update(tile, scores())).as("the maximum rises").isNotNull();
      twoPasses.close();
      float[] expected = scores();
      twoPasses.weights(expected, KEYS);
      float[] logSumExp = new float[Tiles.QUERIES];
      for (int lane = 0; lane < Tiles.QUERIES; lane++) {
        logSumExp[lane] = twoPasses.logSumExp(lane);
      }
      OnlineSoftmax known = new OnlineSoftmax();
      known.open(tile, normaliser);
      known.openKnown(logSumExp);
      float[] weights = scores();
      known.weights(weights, KEYS);
      for (int at = 0; at < KEYS * Tiles.QUERIES; at++) {
        int lane = at % Tiles.QUERIES;
        float rounding = expected[at] == 0 ? 0 : 1e-6f + Math.abs(logSumExp[lane]) * 0x1p-22f;
        assertThat(weights[at]).as("lane %s", lane).isCloseTo(expected[at], within(expected[at] * rounding + 0x1p-125f));
      }
    }
  }
}
