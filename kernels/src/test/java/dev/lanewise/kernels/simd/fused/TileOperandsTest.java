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
import java.util.Arrays;
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

  /** Products of more than 2<sup>15</sup> steps are summed in double. */
  @Test
  void longRowsOfEqualTermsAreMultipliedPrecisely() {
    int depth = Tiles.LONG + 4097;
    float[] tenths = new float[3 * depth];
    Arrays.fill(tenths, 0.1f);
    float[] ones = new float[depth * Tiles.QUERIES];
    Arrays.fill(ones, 1);
    float[] target = new float[LaneRows.TILE];
    ContiguousTile rows = new ContiguousTile();
    Scratch scratch = new Scratch();
    rows.open(Heads.of(tenths, 1, 1, 3, depth), 0, 3, scratch);
    new RowProduct().multiply(rows, 3, ones, depth, depth, 2, target, scratch);
    for (int row = 0; row < 3; row++) {
      for (int lane = 0; lane < 2 * Lanes.COUNT; lane++) {
        double expected = depth * (double) 0.1f;
        assertThat((double) target[LaneRows.index(LaneRows.KEYS, row, lane)]).isCloseTo(expected, within(1e-6 * expected));
      }
    }
  }

  /** The first vector sees chains 0, 1 and 4, the second chains 1 to 3. Other chains are left as they were, past a strip. */
  @Test
  void onlyVisibleChainsAreMultiplied() {
    int keys = 71;
    int depth = 5;
    int panelRows = depth + 1;
    int lanes = 2 * Lanes.COUNT;
    Heads key = Heads.of(random(keys * depth), 1, 1, keys, depth);
    QueryTile tile = new QueryTile();
    tile.open(AttentionCall.of(Heads.zeros(1, 1, lanes, depth), key).build(), 0, 0, lanes);
    ContiguousTile rows = new ContiguousTile();
    rows.open(key, 0, keys, tile.scratch);
    float[] panel = random(panelRows * lanes);
    int[][] ranges = {{0, 32, 16, 64}, {0, keys, 48, 64}, {32, 48, 32, 48}, {64, keys, 16, 20}};
    for (int[] seen : ranges) {
      tile.openTile(0, keys);
      tile.see(0, seen[0], seen[1]);
      tile.see(1, seen[2], seen[3]);
      float[] target = new float[LaneRows.TILE];
      new RowProduct().multiplySeen(rows, tile, panel, panelRows, depth, target, tile.scratch);
      for (int k = 0; k < keys; k++) {
        for (int lane = 0; lane < lanes; lane++) {
          int vector = lane / Lanes.COUNT;
          float x = target[LaneRows.index(LaneRows.KEYS, k, lane)];
          String what = Arrays.toString(seen) + ", key " + k + ", lane " + lane;
          if (tile.seenFrom(vector, k) < tile.seenTo(vector, k + 1)) {
            double sum = 0;
            for (int d = 0; d < depth; d++) {
              sum += (double) key.get(0, 0, k, d) * panel[LaneRows.index(panelRows, d, lane)];
            }
            assertThat((double) x).as(what).isCloseTo(sum, within(1e-6));
          } else if (k % 16 >= 8) { // a strip has at most eight rows
            assertThat(x).as(what).isZero();
          }
        }
      }
    }
  }

  /** Four vectors load the rows that are read next: every fourth element, whose bits are combined; none if the strips need more rows. */
  @Test
  void nextRowsAreLoadedIfThereAreEnough() {
    assumeThat(Tiles.VECTORS).isEqualTo(4);
    int depth = 12;
    float[] panel = random(depth * Tiles.QUERIES);
    Scratch scratch = new Scratch();
    for (int count : new int[] {8, 10, 12}) {
      ContiguousTile rows = new ContiguousTile();
      rows.open(Heads.of(random((count + 4) * depth), 1, 1, count + 4, depth), 0, count, scratch);
      for (int there : new int[] {count, count + 4}) {
        float[] data = random(there * depth);
        ContiguousTile next = new ContiguousTile();
        next.open(Heads.of(data, 1, 1, there, depth), 0, there, scratch);
        RowProduct product = new RowProduct();
        product.touch(next);
        product.multiply(rows, count, panel, depth, depth, 4, new float[LaneRows.TILE], scratch);
        int loaded = (count + 3) / 4 * 4;
        int bits = 0;
        for (int at = 0; at < loaded * depth && there >= loaded; at += 4) {
          bits ^= Float.floatToRawIntBits(data[at]);
        }
        assertThat(scratch.touched).as("%s rows, %s next", count, there).isEqualTo(bits);
        product.touch(null);
        product.multiply(rows, count, panel, depth, depth, 4, new float[LaneRows.TILE], scratch);
        assertThat(scratch.touched).isZero();
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
