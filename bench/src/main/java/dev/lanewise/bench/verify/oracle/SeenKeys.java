package dev.lanewise.bench.verify.oracle;

import dev.lanewise.kernels.data.RowFunction;

/**
 * Counts the keys that a query has seen before a key, by a function that keeps state for each row and by plain code without state. The
 * library gives a function exactly the keys that the mask shows. A segment that begins before the end of the last one restarts the row.
 */
public final class SeenKeys {
  private final Model model;

  /** The row of the last question. It is replaced as a whole, because several threads ask. */
  private volatile Row last = new Row(-1, new int[0]);

  /** The number of keys that a row has seen before each key. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Row(int number, int[] before) {}

  public SeenKeys(Model model) {
    this.model = model;
  }

  /** A function of a score or weight and of the number of keys that its row has seen before. */
  @FunctionalInterface
  public interface Step {
    float of(float x, int seen);
  }

  /** The number of keys seen before key j. */
  public int before(int b, int head, int i, int j) {
    int number = row(b, head, i);
    Row row = last;
    if (row.number != number) {
      int[] before = new int[model.extent.keys()[b]];
      for (int key = 1; key < before.length; key++) {
        before[key] = before[key - 1] + (model.sees(b, head, i, key - 1) ? 1 : 0);
      }
      row = new Row(number, before);
      last = row;
    }
    return row.before[j];
  }

  /** A function that counts with a counter for each row. */
  public RowFunction function(Step step) {
    int rows = model.extent.entries() * model.extent.heads() * model.extent.mostQueries();
    int[] seen = new int[rows];
    int[] end = new int[rows];
    return (x, offset, length, b, head, i, first) -> {
      int row = row(b, head, i);
      seen[row] = first < end[row] ? 0 : seen[row];
      end[row] = first + length;
      for (int n = 0; n < length; n++) {
        x[offset + n] = step.of(x[offset + n], seen[row]);
        seen[row]++;
      }
    };
  }

  private int row(int b, int head, int i) {
    return (b * model.extent.heads() + head) * model.extent.mostQueries() + i;
  }
}
