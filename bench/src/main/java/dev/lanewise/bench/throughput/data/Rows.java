package dev.lanewise.bench.throughput.data;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import java.util.stream.IntStream;

/** Rows of matrices and heads: which of them are checked, and which thread computes which. */
public final class Rows {
  private static final int SAMPLES = 16;

  private Rows() {}

  /** Up to 16 of {@code count} rows, evenly spread, the first and the last among them. */
  public static int[] sample(int count) {
    int samples = Math.min(SAMPLES, count);
    return IntStream.range(0, samples).map(n -> (int) ((long) n * (count - 1) / Math.max(1, samples - 1))).toArray();
  }

  /** The rows of {@code matrix} in {@code parts} parts of about the same size, in order; some are empty if there are fewer rows. */
  public static Matrix[] split(Matrix matrix, int parts) {
    return IntStream.range(0, parts)
        .mapToObj(n -> matrix.rows(bound(matrix.rows(), n, parts), bound(matrix.rows(), n + 1, parts)))
        .toArray(Matrix[]::new);
  }

  /** The first index of part n, if {@code count} is divided into {@code parts}. */
  public static int bound(int count, int n, int parts) {
    return (int) ((long) count * n / parts);
  }

  /** Visits one row of one head. */
  public interface RowVisitor {
    /** Visits a row of a head of a batch entry. */
    void visit(int b, int head, int row);
  }

  /** Visits up to 16 rows of all batch entries and heads, evenly spread. */
  public static void sample(Heads heads, RowVisitor visitor) {
    for (int n : sample(heads.batch() * heads.heads() * heads.rows())) {
      visitor.visit(n / heads.rows() / heads.heads(), n / heads.rows() % heads.heads(), n % heads.rows());
    }
  }
}
