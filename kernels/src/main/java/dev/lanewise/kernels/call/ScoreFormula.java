package dev.lanewise.kernels.call;

import dev.lanewise.kernels.data.Dropout;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The formula from a query and a key to a weight, which every path and the reference receive as it is. Immutable. Code that must answer for
 * every component takes the record apart by a pattern, which does not compile after a component has been added.
 *
 * @param scale the factor of the similarity; null for the default of the similarity
 * @param similarity how a query is compared with a key
 * @param changes the changes of the scores, by rising {@link ScoreChange#rank}
 * @param normaliser from scores to weights
 * @param weightFunction changes the weights; null for none
 * @param dropout drops weights after everything else; null for none
 */
public record ScoreFormula(
    @Nullable Float scale,
    Similarity similarity,
    List<ScoreChange> changes,
    Normaliser normaliser,
    @Nullable RowFunction weightFunction,
    @Nullable Dropout dropout) {

  /** softmax(query · key / √headDim). */
  public static final ScoreFormula STANDARD = new ScoreFormula(null, Similarity.dot(), List.of(), Normaliser.softmax(), null, null);

  public ScoreFormula withScale(float newScale) {
    return new ScoreFormula(newScale, similarity, changes, normaliser, weightFunction, dropout);
  }

  public ScoreFormula withSimilarity(Similarity newSimilarity) {
    return new ScoreFormula(scale, newSimilarity, changes, normaliser, weightFunction, dropout);
  }

  public ScoreFormula withNormaliser(Normaliser newNormaliser) {
    return new ScoreFormula(scale, similarity, changes, newNormaliser, weightFunction, dropout);
  }

  public ScoreFormula withWeightFunction(@Nullable RowFunction newFunction) {
    return new ScoreFormula(scale, similarity, changes, normaliser, newFunction, dropout);
  }

  public ScoreFormula withDropout(@Nullable Dropout newDropout) {
    return new ScoreFormula(scale, similarity, changes, normaliser, weightFunction, newDropout);
  }

  /**
   * Returns a formula with this change in place of an earlier change of its rank.
   *
   * @throws IllegalArgumentException if both the caller and the positions have slopes
   */
  public ScoreFormula with(ScoreChange change) {
    List<ScoreChange> sorted = new ArrayList<>(changes);
    int at = 0;
    while (at < sorted.size() && sorted.get(at).rank() < change.rank()) {
      at++;
    }
    if (at < sorted.size() && sorted.get(at).rank() == change.rank()) {
      checkSlopes(sorted.get(at), change);
      sorted.set(at, change);
    } else {
      sorted.add(at, change);
    }
    return withChanges(sorted);
  }

  private static void checkSlopes(ScoreChange one, ScoreChange other) {
    if (one instanceof ScoreChange.Alibi && one.ofPositions() != other.ofPositions()) {
      ScoreChange ofPositions = one.ofPositions() ? one : other;
      int slopes = ofPositions instanceof ScoreChange.Alibi alibi ? alibi.slopes().length : 0;
      throw new IllegalArgumentException(
          "slopes of withAlibi cannot be combined with the positions alibi(" + slopes + "), which have slopes of their own");
    }
  }

  /** Returns a formula without changes of this kind. */
  public ScoreFormula without(Class<? extends ScoreChange> kind) {
    return withChanges(changes.stream().filter(change -> !kind.isInstance(change)).toList());
  }

  /**
   * Returns a formula with this change by the positions of a layer, in place of an earlier one.
   *
   * @throws IllegalArgumentException if both the caller and the positions have slopes
   */
  public ScoreFormula withPositions(ScoreChange change) {
    return withChanges(changes.stream().filter(earlier -> !earlier.ofPositions()).toList()).with(change);
  }

  private ScoreFormula withChanges(List<ScoreChange> newChanges) {
    return new ScoreFormula(scale, similarity, List.copyOf(newChanges), normaliser, weightFunction, dropout);
  }

  /** The factor of the similarity of rows of this width: the given one, or 1/√headDim for the dot product and 1 for other similarities. */
  public double scale(int headDim) {
    if (scale != null) {
      return scale;
    }
    return similarity.scalesByWidth() ? 1 / Math.sqrt(headDim) : 1;
  }

  /** Whether a change depends on the positions of queries and keys. */
  public boolean usesPositions() {
    for (int i = 0; i < changes.size(); i++) {
      if (changes.get(i).usesPositions()) {
        return true;
      }
    }
    return false;
  }

  /** Whether a function of the caller changes scores. */
  public boolean changesByFunction() {
    return !changes.isEmpty() && changes.getLast() instanceof ScoreChange.Function;
  }

  /**
   * Checks that the formula fits a call.
   *
   * @throws IllegalArgumentException naming what does not fit, with both numbers
   */
  public void check(CallShape shape) {
    similarity.check(shape.query().width());
    if (scale != null && !Float.isFinite(scale)) {
      throw new IllegalArgumentException("scale is " + scale + ", must be finite");
    }
    for (int i = 0; i < changes.size(); i++) {
      changes.get(i).check(shape);
    }
    normaliser.check(shape.queryHeads());
  }

  /**
   * Checks that a written view is not in the array of a bias. A bias may begin at any offset and have any strides, so nothing may be
   * written to its array.
   */
  public void checkApart(String name, Heads written) {
    for (int i = 0; i < changes.size(); i++) {
      if (changes.get(i) instanceof ScoreChange.AddedBias added) {
        ViewChecks.disjoint(name, written, added.name(), Heads.of(added.bias().data(), 1, 1, 1, added.bias().data().length));
      }
    }
  }
}
