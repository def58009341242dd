package dev.lanewise.core.pooling;

import dev.lanewise.core.layer.Linear;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a decoder's state s is compared with an encoder's state h in {@link RecurrentAttention}; the parameters of that comparison. Immutable
 * and thread-safe.
 */
public final class RecurrentScores {
  private final @Nullable Linear state;
  private final @Nullable Linear key;
  private final Similarity similarity;
  private final String name;

  private RecurrentScores(String name, @Nullable Linear state, @Nullable Linear key, Similarity similarity) {
    this.name = name;
    this.state = state;
    this.key = key;
    this.similarity = similarity;
  }

  /** s · h; states of decoder and encoder are equally wide (Luong, Pham and Manning, 2015). */
  public static RecurrentScores dot() {
    return new RecurrentScores("dot", null, null, Similarity.dot());
  }

  /**
   * sᵀ W h ("general" in Luong, Pham and Manning, 2015).
   *
   * @param key W, from the width of the encoder's states to that of the decoder's
   */
  public static RecurrentScores general(Linear key) {
    return new RecurrentScores("general", null, Objects.requireNonNull(key, "key"), Similarity.dot());
  }

  /**
   * vᵀ tanh(W s + U h) (Bahdanau, Cho and Bengio, 2015; "concat" in Luong).
   *
   * @param state W, from the width of the decoder's states to that of v
   * @param key U, from the width of the encoder's states to that of v
   * @param vector v; copied
   */
  public static RecurrentScores additive(Linear state, Linear key, float... vector) {
    Objects.requireNonNull(state, "state");
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(vector, "vector");
    Checks.same("state.outputs", state.outputs(), "vector.length", vector.length);
    Checks.same("key.outputs", key.outputs(), "vector.length", vector.length);
    return new RecurrentScores("additive", state, key, Similarity.additive(vector));
  }

  /** What decoder states are projected by; null for not at all. */
  @Nullable Linear state() {
    return state;
  }

  /** What encoder states are projected by; null for not at all. */
  @Nullable Linear key() {
    return key;
  }

  Similarity similarity() {
    return similarity;
  }

  @Override
  public String toString() {
    return name;
  }
}
