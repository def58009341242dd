package dev.lanewise.core.learn.loss;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A loss of pairs of vectors, of which a pair is known to be similar or not. With c<sub>i</sub> = a<sub>i</sub>·b<sub>i</sub> /
 * (|a<sub>i</sub>| |b<sub>i</sub>|), the cosine of pair i, it is the mean over all pairs of
 *
 * <ul>
 *   <li>{@link #scores}: (c<sub>i</sub> − target<sub>i</sub>)², where the target is the wanted cosine, as in Sentence-BERT's regression
 *       (Reimers and Gurevych, 2019);
 *   <li>{@link #labels}: 1 − c<sub>i</sub> for the target 1, and max(0, c<sub>i</sub> − margin) for the target −1, as PyTorch's {@code
 *       nn.CosineEmbeddingLoss}.
 * </ul>
 *
 * <p>The gradient of c is (b/|b| − c·a/|a|) / |a| for a, and likewise for b. A vector of length 0 has the cosine 0 and the gradient 0.
 * Immutable and thread-safe.
 *
 * <pre>{@code
 * double loss = CosineLoss.scores().compute(first, second, wanted, firstGradient, secondGradient);
 * double other = CosineLoss.labels(0.2).compute(first, second, labels, firstGradient, secondGradient); // labels are 1 and -1
 * }</pre>
 */
public final class CosineLoss {
  private static final CosineLoss SCORES = new CosineLoss(false, 0);

  private final boolean labels;
  private final double margin;

  private CosineLoss(boolean labels, double margin) {
    this.labels = labels;
    this.margin = margin;
  }

  /** The squared difference between the cosine and a wanted cosine. */
  public static CosineLoss scores() {
    return SCORES;
  }

  /**
   * A loss that brings vectors with label 1 together, and vectors with label −1 apart until their cosine is at most the margin.
   *
   * @param margin a cosine, −1 to 1
   */
  public static CosineLoss labels(double margin) {
    if (!(margin >= -1 && margin <= 1)) {
      throw new IllegalArgumentException("margin is " + margin + ", must be in -1..1");
    }
    return new CosineLoss(true, margin);
  }

  /**
   * Computes the loss and its gradients. The vectors are the rows of all batch entries, such as the output of a pooling.
   *
   * @param first batch × rows × width, the first vector of each pair
   * @param second the same shape, the second vector of each pair
   * @param targets batch · rows numbers, finite; with {@link #labels} 1 or −1
   * @param firstGradient the gradient of first, the same shape, written; may be {@code first} itself; null if it is not wanted
   * @param secondGradient the gradient of second, likewise
   * @return the loss; 0 if there is no pair
   * @throws IllegalArgumentException if shapes differ, a target is another number, or a gradient shares elements with another view; nothing
   *     has been written then
   */
  public double compute(
      SequenceBatch first,
      SequenceBatch second,
      float[] targets,
      @Nullable SequenceBatch firstGradient,
      @Nullable SequenceBatch secondGradient) {
    Rows.sameShape("first", first, "second", second);
    int pairs = Rows.count("first", first);
    checkTargets(targets, pairs);
    Rows.gradient("firstGradient", firstGradient, "first", first);
    Rows.gradient("secondGradient", secondGradient, "second", second);
    Rows.disjoint("firstGradient", firstGradient, "second", second);
    Rows.disjoint("secondGradient", secondGradient, "first", first);
    Rows.disjoint("firstGradient", firstGradient, "secondGradient", secondGradient);
    int width = first.width();
    double sum = 0;
    for (int pair = 0; pair < pairs; pair++) {
      int a = Rows.index(first, pair);
      int b = Rows.index(second, pair);
      double inverseA = Rows.inverseLength(first.data(), a, width);
      double inverseB = Rows.inverseLength(second.data(), b, width);
      double cosine = Rows.dot(first.data(), a, second.data(), b, width) * inverseA * inverseB;
      sum += loss(cosine, targets[pair]);
      if (firstGradient == null && secondGradient == null) {
        continue;
      }
      double slope = slope(cosine, targets[pair]) / pairs;
      int toA = firstGradient == null ? 0 : Rows.index(firstGradient, pair);
      int toB = secondGradient == null ? 0 : Rows.index(secondGradient, pair);
      for (int c = 0; c < width; c++) {
        double unitA = first.data()[a + c] * inverseA;
        double unitB = second.data()[b + c] * inverseB;
        if (firstGradient != null) {
          firstGradient.data()[toA + c] = (float) (slope * (unitB - cosine * unitA) * inverseA);
        }
        if (secondGradient != null) {
          secondGradient.data()[toB + c] = (float) (slope * (unitA - cosine * unitB) * inverseB);
        }
      }
    }
    return pairs == 0 ? 0 : sum / pairs;
  }

  private void checkTargets(float[] targets, int pairs) {
    Objects.requireNonNull(targets, "targets");
    Checks.same("targets.length", targets.length, "first.batch * first.rows", pairs);
    for (int pair = 0; pair < pairs; pair++) {
      float target = targets[pair];
      if (labels ? Math.abs(target) != 1 : !Float.isFinite(target)) {
        throw new IllegalArgumentException("targets[" + pair + "] is " + target + ", must be " + (labels ? "1 or -1" : "finite"));
      }
    }
  }

  private double loss(double cosine, float target) {
    if (!labels) {
      return (cosine - target) * (cosine - target);
    }
    return target > 0 ? 1 - cosine : Math.max(0, cosine - margin);
  }

  /** The derivative of the loss of a pair by its cosine. */
  private double slope(double cosine, float target) {
    if (!labels) {
      return 2 * (cosine - target);
    }
    if (target > 0) {
      return -1;
    }
    return cosine > margin ? 1 : 0;
  }
}
