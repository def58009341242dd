package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.simd.lanes.Transpose;
import java.util.Arrays;

/** Transposes query rows into the lanes. */
public final class LaneTransposer {
  private static final int LANES = Lanes.COUNT;

  private final int[] starts = new int[Tiles.QUERIES];
  private int lanes;

  /** Selects the tile's rows of {@code heads}; lanes past the last row repeat it. */
  public void open(QueryTile tile, Heads heads) {
    lanes = tile.lanes();
    tile.rowStarts(heads, starts);
  }

  /** target[d][lane] = scale · row[lane][d], in the layout of {@link LaneRows} for {@code rows} rows. */
  public void load(Heads query, float scale, float[] target, int rows, Scratch scratch) {
    int width = query.width();
    if (query.columnStride() != 1) {
      for (int d = 0; d < width; d++) {
        for (int lane = 0; lane < lanes; lane++) {
          target[LaneRows.index(rows, d, lane)] = query.data()[starts[lane] + d * query.columnStride()] * scale;
        }
      }
      return;
    }
    for (int lane = 0; lane < lanes; lane += LANES) { // in order: the last block of a vector reaches into the next vector
      for (int d = 0; d < width; d += LANES) {
        int columns = Math.min(LANES, width - d);
        if (columns == LANES) {
          scratch.source.setRows(query.data(), starts, lane, d);
        } else {
          Arrays.fill(scratch.padded, 0);
          for (int i = 0; i < LANES; i++) {
            System.arraycopy(query.data(), starts[lane + i] + d, scratch.padded, i * LANES, columns);
          }
          scratch.source.set(scratch.padded, 0, LANES);
        }
        scratch.target.set(target, LaneRows.index(rows, d, lane), LANES);
        Transpose.block(scratch.source, scratch.target, scale, scratch.block);
      }
    }
  }

  /** Index of a lane's row. */
  public int start(int lane) {
    return starts[lane];
  }
}
