package dev.lanewise.bench.verify.oracle;

/**
 * A change of the scores between similarity and mask: its formula, and how far rounding may bring float code away from it. A model applies
 * its changes by rising {@link #rank}.
 */
public sealed interface ScoreChange {
  /** The score of key j after the change, rounded as the row is. */
  double of(double x, PlainRow row, int j);

  /**
   * The possible error of a changed score.
   *
   * @param x the score before the change
   * @param y the score after it
   * @param before the possible error of {@code x}
   */
  double bound(double x, double y, double before, PlainRow row, int j);

  /** 0 for a change that leads to capped scores, 1 for one that comes after it, 2 for one that comes last. */
  int rank();

  /** softcap · tanh(score / softcap). */
  record Softcap(double softcap) implements ScoreChange {
    @Override
    public double of(double x, PlainRow row, int j) {
      return row.round(softcap * row.round(Math.tanh(row.round(x / softcap))));
    }

    @Override
    public double bound(double x, double y, double before, PlainRow row, int j) {
      if (before == Bounds.ANY) {
        return before;
      }
      double above = Math.abs(softcap * Math.tanh((x + before) / softcap) - y);
      double off = Math.max(above, Math.abs(y - softcap * Math.tanh((x - before) / softcap)));
      return off + 16 * Bounds.UNIT * (Math.abs(y) + off) + 4 * Bounds.LEAST * (1 + softcap);
    }

    @Override
    public int rank() {
      return 0;
    }
  }

  /** The sum of the score and a number, such as a bias or a penalty for distance. A number of −∞ hides the key, whatever its score is. */
  record Sum(Addend addend) implements ScoreChange {
    /** The number that is added to a score. */
    @FunctionalInterface
    public interface Addend {
      double of(int b, int head, int i, int j);
    }

    private double added(PlainRow row, int j) {
      return addend.of(row.b, row.head, row.i, j);
    }

    @Override
    public double of(double x, PlainRow row, int j) {
      double added = added(row, j);
      return added == Bounds.GONE ? Bounds.GONE : row.round(x + row.round(added));
    }

    @Override
    public double bound(double x, double y, double before, PlainRow row, int j) {
      double size = Math.abs(x) + Math.abs(added(row, j));
      if (added(row, j) == Bounds.GONE) {
        return 0;
      }
      return size >= Float.MAX_VALUE && size < Double.POSITIVE_INFINITY ? Bounds.ANY : before + Bounds.rounding(size);
    }

    @Override
    public int rank() {
      return 1;
    }
  }

  /** A caller's function of the scores, or weights, that a query sees. It multiplies an error by {@code slope} at most. */
  record Function(double slope, Formula formula) implements ScoreChange {
    /** The formula. */
    @FunctionalInterface
    public interface Formula {
      double of(double x, int b, int head, int i, int j);
    }

    @Override
    public double of(double x, PlainRow row, int j) {
      return row.model.sees(row.b, row.head, row.i, j) ? row.round(formula.of(x, row.b, row.head, row.i, j)) : x;
    }

    @Override
    public double bound(double x, double y, double before, PlainRow row, int j) {
      if (y == Bounds.GONE && x != Bounds.GONE) {
        return 0;
      }
      return row.model.sees(row.b, row.head, row.i, j) ? slope * (before + Bounds.rounding(x)) : before;
    }

    @Override
    public int rank() {
      return 2;
    }
  }
}
