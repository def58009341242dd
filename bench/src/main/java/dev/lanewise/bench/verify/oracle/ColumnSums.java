package dev.lanewise.bench.verify.oracle;

import java.util.List;
import java.util.function.IntFunction;

/** Judges column sums: the weight that each key gets from all queries. */
public record ColumnSums(Model model, List<PlainRow> rows, IntFunction<Bounds> bounds) {
  /**
   * Compares all sums.
   *
   * @throws Mismatch at the first that is wrong
   */
  public void verify(float[] actual) {
    double[] expected = new double[actual.length];
    double[] off = new double[actual.length];
    double[] size = new double[actual.length];
    for (int n = 0; n < rows.size(); n++) {
      PlainRow row = rows.get(n);
      double[] bound = bounds.apply(n).at(dev.lanewise.kernels.data.Stage.WEIGHTS);
      for (int j = 0; j < row.keys; j++) {
        int column = model.columnOf(row.b, row.head, j);
        expected[column] += row.weights[j];
        size[column] += Math.abs(row.weights[j]);
        off[column] += bound[j] + Model.summing(model.extent.mostQueries(), 4) * Math.abs(row.weights[j]);
      }
    }
    for (int column = 0; column < actual.length; column++) {
      double truth = expected[column];
      boolean same =
          Double.isFinite(truth)
              ? Math.abs(actual[column] - truth) <= off[column] || size[column] + off[column] >= Float.MAX_VALUE
              : Double.compare(actual[column], truth) == 0 || !Double.isFinite(off[column]);
      if (!same) {
        throw new Mismatch("column sum " + column + ": " + actual[column] + ", expected " + truth + " ± " + off[column]);
      }
    }
  }
}
