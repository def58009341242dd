package dev.lanewise.kernels.simd.fused;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.Visibility;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.simd.product.ScoreKernel;
import dev.lanewise.kernels.testing.AttentionCall;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The products of a tile with other operands than queries, keys and values, against sums in double. */
class TileOperandsTest {
  private final Random random = new Random(5);

  @BeforeEach
  void assumeSimd() {
    assumeThat(Kernels.selected().path()).isNotEqualTo("scalar");
  }

  private float[] random(int size) {
    float[] x = new float[size];
    for (int i = 0; i < size; i++) {
      x[i] = random.nextFloat() - 0.5f;
    }
    return x;
  }

  /** The rows end where their array ends, in layouts that are read in place, copied and transposed. */
  @Test
  void anyRowsAreMultipliedByAnyPanel() {
    for (int depth : new int[] {1, 7, 64, Tiles.KC + 3}) {
      for (int vectors = 1; vectors <= Tiles.VECTORS; vectors++) {
        int lanes = vectors * Lanes.COUNT;
        int strip = ScoreKernel.rows(vectors);
        for (int count : new int[] {1, strip, strip + 1, 3 * strip - 1}) {
          Heads dense = Heads.of(random(count * depth), 1, 1, count, depth);
          Heads columns = new Heads(random(count * depth), 0, 1, 1, count, depth, 0, 0, 1, count);
          for (Heads rows : new Heads[] {dense, columns}) {
            float[] panel = random(depth * lanes);
            float[] target = random(LaneRows.KEYS * lanes);
            ContiguousTile operand = new ContiguousTile();
            Scratch scratch = new Scratch();
            operand.open(rows, 0, count, scratch);
            new RowProduct().multiply(operand, count, panel, depth, depth, vectors, target, scratch);
            double error = 0;
            for (int at = 0; at < count * lanes; at++) {
              double sum = 0;
              for (int d = 0; d < depth; d++) {
                sum += (double) rows.get(0, 0, at / lanes, d) * panel[LaneRows.index(depth, d, at % lanes)];
              }
              error = Math.max(error, Math.abs(target[LaneRows.index(LaneRows.KEYS, at / lanes, at % lanes)] - sum));
            }
            assertThat(error).as("%s rows of %s for %s vectors", count, depth, vectors).isLessThan(3e-5);
          }
        }
      }
    }
  }

  /** The gradient of the queries is such a sum: Kᵀ · dS. */
  @Test
  void keysAreBlendedLikeValues() {
    int keys = Tiles.KEYS + 70;
    int width = 21;
    Heads query = Heads.of(new float[5 * width], 1, 1, 5, width);
    Heads key = Heads.of(random(keys * width), 1, 1, keys, width);
    Heads target = Heads.of(new float[5 * width], 1, 1, 5, width);
    AttentionProblem problem = AttentionCall.of(query, key).output(Heads.of(random(keys * width), 1, 1, keys, width), target).build();
    Visibility everything = problem.visibility;
    QueryTile tile = new QueryTile();
    tile.open(problem, 0, 0, 5);
    TileMask mask = new TileMask();
    mask.open(tile, everything);
    TileOutput sums = new TileOutput(QueryTile::openKeys);
    sums.openUnit(target, true);
    sums.open(tile);
    double[] expected = new double[5 * width];
    for (int first = 0; first < keys; first += Tiles.KEYS) {
      tile.openTile(first, Math.min(Tiles.KEYS, keys - first));
      mask.openTile(tile, everything);
      float[] factors = random(LaneRows.KEYS * (Tiles.QUERIES + Lanes.COUNT));
      sums.openTile(tile, mask, factors);
      sums.take(tile, mask, factors, 0, tile.keys());
      for (int i = 0; i < expected.length; i++) {
        for (int k = 0; k < tile.keys(); k++) {
          expected[i] += (double) key.get(0, 0, first + k, i % width) * factors[LaneRows.index(LaneRows.KEYS, k, i / width)];
        }
      }
    }
    sums.close(tile, null);
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) target.data()[i]).as("element %s", i).isCloseTo(expected[i], within(1e-5));
    }
  }
}
