package dev.lanewise.spark.search;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;
import java.io.Serializable;
import java.util.List;

/** Vectors of some rows, which are compared with other vectors by one product. */
final class VectorBlock implements Serializable {
  private static final long serialVersionUID = 1;

  /** Most rows of a block. */
  static final int ROWS = 1024;

  private final float[] vectors;
  private final int width;
  private final List<HeldRow> rows;
  private final double[] lengths;

  /**
   * A block.
   *
   * @param vectors rows × width, dense; kept
   * @param rows the rows they belong to
   */
  VectorBlock(float[] vectors, int width, List<HeldRow> rows) {
    this.vectors = vectors;
    this.width = width;
    this.rows = rows;
    this.lengths = new double[vectors.length / width];
    for (int row = 0; row < lengths.length; row++) {
      double squares = 0;
      for (int i = row * width; i < (row + 1) * width; i++) {
        squares += (double) vectors[i] * vectors[i];
      }
      lengths[row] = Math.sqrt(squares);
    }
  }

  int size() {
    return lengths.length;
  }

  int width() {
    return width;
  }

  HeldRow row(int row) {
    return rows.get(row);
  }

  /** This block, ready to be sent. */
  VectorBlock converted() {
    rows.forEach(HeldRow::converted);
    return this;
  }

  private Matrix matrix() {
    return Matrix.of(vectors, lengths.length, width);
  }

  /**
   * Compares all pairs. The similarity of a pair depends on its two vectors only: a product sums in the order of the elements, whatever
   * else it computes.
   *
   * @param cosine whether dot products are divided by the lengths of the vectors
   * @param similarities size() × other.size(), written from the beginning
   */
  void compare(VectorBlock other, boolean cosine, float[] similarities) {
    Kernels.selected().scores(matrix(), other.matrix(), 1, Matrix.of(similarities, size(), other.size()));
    for (int row = 0; cosine && row < size(); row++) {
      for (int column = 0; column < other.size(); column++) {
        double both = lengths[row] * other.lengths[column];
        int i = row * other.size() + column;
        similarities[i] = both == 0 ? 0 : (float) (similarities[i] / both);
      }
    }
  }
}
