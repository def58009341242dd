package dev.lanewise.kernels.simd.fused;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.testing.AttentionCall;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a tile of two vectors of queries tells its loops. */
class QueryTileTest {
  private static final int WIDTH = 2 * QueryTile.LINE;
  private static final int KEYS = 100;

  @BeforeEach
  void assumeSimd() {
    assumeThat(Kernels.selected().path()).isNotEqualTo("scalar");
  }

  private static QueryTile tile(AttentionProblem problem, int rows) {
    QueryTile tile = new QueryTile();
    tile.open(problem, 1, 0, rows);
    tile.openTile(0, KEYS);
    return tile;
  }

  /** Two query heads share one of two heads of keys; the tile is of the second of these. */
  private static AttentionCall call(Heads query) {
    return AttentionCall.of(query, Heads.zeros(1, 2, KEYS, WIDTH));
  }

  private static QueryTile twoVectors() {
    return tile(call(Heads.zeros(1, 4, Lanes.COUNT, WIDTH)).build(), 2 * Lanes.COUNT);
  }

  @Test
  void everyVectorSeesTheWholeTileUnlessStatedOtherwise() {
    QueryTile tile = twoVectors();
    assertThat(tile.seesAll(0, KEYS)).isTrue();
    assertThat(tile.seenFrom(1, 3)).isEqualTo(3);
    assertThat(tile.seenTo(1, 70)).isEqualTo(70);
    assertThat(tile.firstVector(50)).isZero();
    assertThat(tile.endVector(50)).isEqualTo(2);
    assertThat(tile.sameVectors(0)).isEqualTo(KEYS);
    tile.see(0, 17, 20);
    tile.see(1, 0, 20);
    assertThat(tile.seesAll(0, KEYS)).isFalse();
    tile.openTile(KEYS, KEYS);
    assertThat(tile.seesAll(0, KEYS)).isTrue();
  }

  @Test
  void rangesAreRoundedToChains() {
    QueryTile tile = twoVectors();
    tile.see(0, 17, 33);
    tile.see(1, 31, KEYS);
    assertThat(tile.seenFrom(0, 0)).isEqualTo(16);
    assertThat(tile.seenFrom(0, 20)).isEqualTo(20);
    assertThat(tile.seenTo(0, 100)).isEqualTo(48);
    assertThat(tile.seenTo(0, 20)).isEqualTo(20);
    assertThat(tile.seenTo(1, 200)).isEqualTo(KEYS);
    assertThat(tile.seesAll(16, 48)).isTrue();
    assertThat(tile.seesAll(15, 48)).isFalse();
    assertThat(tile.seesAll(16, 49)).as("only the second vector sees key 48").isFalse();
    tile.see(1, 48, KEYS);
    assertThat(tile.seesAll(16, 48)).as("only the first vector sees key 16").isFalse();
  }

  /** The first vector sees chains 1 and 2 of seven, the second chains 2 to 4. */
  @Test
  void chainsWithTheSameVectorsAreFound() {
    QueryTile tile = twoVectors();
    tile.see(0, 16, 48);
    tile.see(1, 32, 80);
    int[] first = {2, 0, 0, 1, 1, 2, 2};
    int[] end = {0, 1, 2, 2, 2, 0, 0};
    int[] same = {16, 32, 48, 80, 80, KEYS, KEYS};
    for (int chain = 0; chain < first.length; chain++) {
      assertThat(tile.firstVector(16 * chain)).as("first of chain %s", chain).isEqualTo(first[chain]);
      assertThat(tile.endVector(16 * chain)).as("end of chain %s", chain).isEqualTo(end[chain]);
      assertThat(tile.sameVectors(16 * chain)).as("end of chains like %s", chain).isEqualTo(same[chain]);
    }
  }

  /** Rows of the two query heads alternate; the tile begins at the second head of query 1. */
  @Test
  void rowsBelongToTheHeadsOfTheirGroup() {
    QueryTile tile = new QueryTile();
    tile.open(call(Heads.zeros(1, 4, Lanes.COUNT, WIDTH)).build(), 1, 3, Lanes.COUNT + 1);
    assertThat(tile.vectors()).isEqualTo(2);
    assertThat(tile.lanes()).isEqualTo(2 * Lanes.COUNT);
    for (int lane = 0; lane < tile.lanes(); lane++) {
      int row = 3 + Math.min(lane, Lanes.COUNT);
      assertThat(tile.queryHead(lane)).as("head of lane %s", lane).isEqualTo(2 + row % 2);
      assertThat(tile.query(lane)).as("query of lane %s", lane).isEqualTo(row / 2);
    }
  }

  /** A tile may begin inside of a step, behind a hole of the mask. */
  @Test
  void stepsEndAtMultiplesOf64() {
    QueryTile tile = twoVectors();
    assertThat(tile.stepEnd(0)).isEqualTo(64);
    assertThat(tile.stepEnd(64)).isEqualTo(KEYS);
    tile.openTile(48, KEYS);
    assertThat(tile.stepEnd(0)).isEqualTo(16);
    assertThat(tile.stepEnd(16)).isEqualTo(80);
    assertThat(tile.stepEnd(80)).isEqualTo(KEYS);
  }

  /** Lanes past the last row repeat it. A load of each line leaves the exclusive-or of their first elements. */
  @Test
  void rowsAreFoundAndTheirLinesLoaded() {
    int rows = Lanes.COUNT - 1;
    float[] data = new float[4 * Lanes.COUNT * WIDTH];
    for (int i = 0; i < data.length; i++) {
      data[i] = 1 + i * 0.01f;
    }
    Heads query = Heads.of(data, 1, 4, Lanes.COUNT, WIDTH);
    QueryTile tile = tile(call(query).build(), rows);
    int[] starts = new int[Lanes.COUNT];
    tile.rowStarts(query, starts);
    int lines = 0;
    for (int lane = 0; lane < Lanes.COUNT; lane++) {
      int row = Math.min(lane, rows - 1);
      assertThat(starts[lane]).as("lane %s", lane).isEqualTo(query.index(0, 2 + row % 2, row / 2));
      if (lane < rows) {
        lines ^= Float.floatToRawIntBits(data[starts[lane]]) ^ Float.floatToRawIntBits(data[starts[lane] + QueryTile.LINE]);
      }
    }
    assertThat(tile.scratch.touched).isEqualTo(lines);
    Heads columns = new Heads(data, 0, 1, 4, Lanes.COUNT, WIDTH, 0, WIDTH * Lanes.COUNT, 1, Lanes.COUNT);
    tile.rowStarts(columns, starts);
    assertThat(starts[2]).isEqualTo(columns.index(0, 2, 1));
    assertThat(tile.scratch.touched).as("columns apart").isZero();
  }

  /** Values are loaded beside the products of keys only if they are rows of the same length without gaps. */
  @Test
  void onlyDenseValuesAsLongAsKeysAreSelected() {
    Heads query = Heads.zeros(1, 4, Lanes.COUNT, WIDTH);
    Heads dense = Heads.zeros(1, 2, KEYS, WIDTH);
    Heads wide = Heads.zeros(1, 2, KEYS, WIDTH + 1);
    Heads columns = new Heads(wide.data(), 0, 1, 2, KEYS, WIDTH, 0, KEYS * WIDTH, WIDTH, 2);
    ContiguousTile target = new ContiguousTile();
    assertThat(tile(call(query).build(), 3).selectsDenseValues(target)).as("no output").isFalse();
    for (Heads value : Arrays.asList(wide, wide.columns(0, WIDTH), columns)) {
      AttentionProblem problem = call(query).output(value, Heads.zeros(1, 4, Lanes.COUNT, value.width())).build();
      assertThat(tile(problem, 3).selectsDenseValues(target)).as("%s", value).isFalse();
      assertThat(target.data()).isEmpty();
    }
    AttentionProblem problem = call(query).output(dense, Heads.zeros(1, 4, Lanes.COUNT, WIDTH)).build();
    assertThat(tile(problem, 3).selectsDenseValues(target)).isTrue();
    assertThat(target.data()).isSameAs(dense.data());
    assertThat(target.row(0)).isEqualTo(dense.index(0, 1, 0));
  }
}
