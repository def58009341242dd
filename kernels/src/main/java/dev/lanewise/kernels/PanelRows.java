package dev.lanewise.kernels;

import java.util.Arrays;

/** Brings the query rows of a panel into the lanes, and the output out of them. */
final class PanelRows {
  private static final int LANES = Lanes.COUNT;

  /** Floats a cache line; where lines are longer, some are touched twice. */
  private static final int LINE = 16;

  private PanelRows() {}

  /**
   * Asks for the panel's cache lines of {@code heads}, all at once: read one after the other while rows are turned, or written so, each
   * miss would be waited for. 3 % of the time of 12 heads of 512 rows.
   */
  static void touch(AttentionProblem problem, Heads heads, int unit, int row, int rows, Scratch scratch) {
    float sum = 0;
    for (int lane = 0; lane < rows; lane++) {
      int at = problem.index(heads, unit, row + lane);
      for (int d = 0; d < heads.width(); d += LINE) {
        sum += heads.data()[at + d];
      }
    }
    scratch.touched = sum;
  }

  /** target[d][lane] = scale · log2 e · query row {@code row + lane}; lanes past the last row are 0. */
  static void load(AttentionProblem problem, int unit, int row, int rows, float[] target, Scratch scratch) {
    Heads query = problem.query;
    float scale = problem.scale * VectorExp.LOG2_E;
    for (int lane = 0; lane < Tiles.QUERIES; lane += LANES) {
      int count = Math.clamp(rows - lane, 0, LANES);
      boolean whole = count == LANES && sameHead(problem, row + lane, count);
      for (int d = 0; d < query.width(); d += LANES) {
        int columns = Math.min(LANES, query.width() - d);
        if (whole && columns == LANES) {
          scratch.source.set(query.data(), problem.index(query, unit, row + lane) + d, query.rowStride());
        } else {
          Arrays.fill(scratch.padded, 0);
          for (int i = 0; i < count; i++) {
            System.arraycopy(query.data(), problem.index(query, unit, row + lane + i) + d, scratch.padded, i * LANES, columns);
          }
          scratch.source.set(scratch.padded, 0, LANES);
        }
        scratch.target.set(target, d * Tiles.QUERIES + lane, Tiles.QUERIES);
        Transpose.block(scratch.source, scratch.target, scale, scratch.block);
      }
    }
  }

  /** Output row {@code row + lane} = source[·][lane] for the first {@code rows} lanes. */
  static void store(AttentionProblem problem, int unit, int row, int rows, float[] source, Scratch scratch) {
    Heads output = problem.output;
    for (int lane = 0; lane < rows; lane += LANES) {
      int count = Math.min(LANES, rows - lane);
      boolean whole = count == LANES && sameHead(problem, row + lane, count);
      for (int d = 0; d < output.width(); d += LANES) {
        int columns = Math.min(LANES, output.width() - d);
        scratch.source.set(source, d * Tiles.QUERIES + lane, Tiles.QUERIES);
        if (whole && columns == LANES) {
          scratch.target.set(output.data(), problem.index(output, unit, row + lane) + d, output.rowStride());
          Transpose.block(scratch.source, scratch.target, 1, scratch.block);
        } else {
          scratch.target.set(scratch.padded, 0, LANES);
          Transpose.block(scratch.source, scratch.target, 1, scratch.block);
          for (int i = 0; i < count; i++) {
            System.arraycopy(scratch.padded, i * LANES, output.data(), problem.index(output, unit, row + lane + i) + d, columns);
          }
        }
      }
    }
  }

  private static boolean sameHead(AttentionProblem problem, int row, int rows) {
    return problem.queryRow(row) + rows <= problem.query.rows();
  }
}
