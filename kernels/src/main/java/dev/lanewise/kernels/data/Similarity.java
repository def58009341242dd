package dev.lanewise.kernels.data;

import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The function that compares a query with a key.
 *
 * <pre>{@code
 * attention.withSimilarity(Similarity.cosine()).withScale(10).compute(query, key, value, output);
 * }</pre>
 */
public final class Similarity {
  private static final Similarity DOT = new Similarity(Kind.DOT, null);
  private static final Similarity COSINE = new Similarity(Kind.COSINE, null);

  private final Kind kind;
  private final float @Nullable [] vector;

  /** The formula. */
  public enum Kind {
    /** Dot product. */
    DOT,
    /** Cosine of the angle between query and key. */
    COSINE,
    /** Weighted sum of hyperbolic tangents. */
    ADDITIVE
  }

  private Similarity(Kind kind, float @Nullable [] vector) {
    this.kind = kind;
    this.vector = vector;
  }

  /** Σ<sub>d</sub> query[d] · key[d]. */
  public static Similarity dot() {
    return DOT;
  }

  /** The dot product of query and key, divided by their lengths ("Query-Key Normalization", Henry et al., 2020); 0 if query or key is 0. */
  public static Similarity cosine() {
    return COSINE;
  }

  /**
   * Σ<sub>a</sub> vector[a] · tanh(query[a] + key[a]) for projected queries and keys ("Neural Machine Translation by Jointly Learning to
   * Align and Translate", Bahdanau, Cho and Bengio, 2015).
   *
   * @param vector one element for each element of a projected query; copied
   */
  public static Similarity additive(float... vector) {
    return new Similarity(Kind.ADDITIVE, Objects.requireNonNull(vector, "vector").clone());
  }

  /** The formula. */
  public Kind kind() {
    return kind;
  }

  /** A copy of the vector of {@link #additive}; null for the other kinds. */
  public float @Nullable [] vector() {
    return vector == null ? null : vector.clone();
  }

  /** Whether scores are divided by √headDim by default. */
  public boolean scalesByWidth() {
    return kind == Kind.DOT;
  }

  /**
   * Checks that the vector fits rows of this width.
   *
   * @hidden
   */
  public void check(int width) {
    if (vector != null) {
      Checks.same("vector.length", vector.length, "query.width", width);
    }
  }
}
