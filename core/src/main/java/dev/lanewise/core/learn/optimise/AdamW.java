package dev.lanewise.core.learn.optimise;

import dev.lanewise.core.learn.Parameter;
import java.util.List;
import java.util.function.Predicate;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, "Decoupled weight decay regularization", 2019, algorithm 2), as PyTorch's {@code
 * optim.AdamW}. In step t, with the gradient g, the learning rate η and the decay λ, for each element:
 *
 * <pre>
 * m ← β₁ m + (1 − β₁) g              v ← β₂ v + (1 − β₂) g²
 * θ ← θ − η λ θ − η / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
 * </pre>
 *
 * <p>Weights of two and more dimensions decay; biases and the weights of norms do not, unless {@link Builder#decays} says otherwise.
 *
 * <pre>{@code
 * AdamW optimiser = AdamW.builder(model.parameters()).betas(0.9, 0.98).decay(0.1).threads(2).build();
 * optimiser.step(3e-4);
 * }</pre>
 */
public final class AdamW extends Optimiser {
  private final double beta1;
  private final double beta2;
  private final double epsilon;
  private final double decay;

  private AdamW(Builder builder) {
    super(builder.settings, List.of("exp_avg", "exp_avg_sq"));
    this.beta1 = builder.beta1;
    this.beta2 = builder.beta2;
    this.epsilon = builder.epsilon;
    this.decay = builder.decay;
  }

  /** An optimiser with β₁ = 0.9, β₂ = 0.999, ε = 1e-8 and decay 0.01, on one thread. */
  public static AdamW of(List<Parameter> parameters) {
    return builder(parameters).build();
  }

  /**
   * Begins an optimiser with the settings of {@link #of}.
   *
   * @param parameters different parameters with different names, frozen or not
   * @throws IllegalArgumentException if a parameter or a name occurs twice
   */
  public static Builder builder(List<Parameter> parameters) {
    return new Builder(parameters);
  }

  /** Builder of an {@link AdamW}; not thread-safe. */
  public static final class Builder {
    private final Settings settings;
    private double beta1 = 0.9;
    private double beta2 = 0.999;
    private double epsilon = 1e-8;
    private double decay = 0.01;

    private Builder(List<Parameter> parameters) {
      this.settings = new Settings(parameters);
    }

    /** Sets how much of the means of gradients and of their squares stays from step to step: each at least 0 and below 1. */
    public Builder betas(double newBeta1, double newBeta2) {
      Settings.in("beta1", newBeta1, 1);
      beta2 = Settings.in("beta2", newBeta2, 1);
      beta1 = newBeta1;
      return this;
    }

    /** Sets ε, which is added to the root: at least 0 and finite. */
    public Builder epsilon(double newEpsilon) {
      epsilon = Settings.in("epsilon", newEpsilon, Double.POSITIVE_INFINITY);
      return this;
    }

    /** Sets the weight decay λ: at least 0 and finite. */
    public Builder decay(double newDecay) {
      decay = Settings.in("decay", newDecay, Double.POSITIVE_INFINITY);
      return this;
    }

    /** Sets which parameters decay. */
    public Builder decays(Predicate<Parameter> predicate) {
      settings.decays(predicate);
      return this;
    }

    /** Sets the number of threads for each step, including the caller's. */
    public Builder threads(int threads) {
      settings.threads(threads);
      return this;
    }

    /** Creates the optimiser, with a state of zeros. */
    public AdamW build() {
      return new AdamW(this);
    }
  }

  @Override
  Update update(long step, double learningRate, double gradientFactor) {
    float factor = (float) gradientFactor;
    float kept1 = (float) beta1;
    float share1 = (float) (1 - beta1);
    float kept2 = (float) beta2;
    float share2 = (float) (1 - beta2);
    float rate = (float) (learningRate / (1 - Math.pow(beta1, (double) step)));
    float root = (float) (1 / Math.sqrt(1 - Math.pow(beta2, (double) step)));
    float small = (float) epsilon;
    float loss = (float) (learningRate * decay);
    return (values, gradient, state, decays, from, to) ->
        run(values, gradient, state[0], state[1], factor, kept1, share1, kept2, share2, rate, root, small, decays ? loss : 0, from, to);
  }

  /** A loop that C2 turns into vectors. Every operation is rounded, so that all machines compute the same bits. */
  private static void run(
      float[] values,
      float[] gradient,
      float[] mean,
      float[] square,
      float factor,
      float kept1,
      float share1,
      float kept2,
      float share2,
      float rate,
      float root,
      float epsilon,
      float decay,
      int from,
      int to) {
    for (int i = from; i < to; i++) {
      float g = factor * gradient[i];
      float m = kept1 * mean[i] + share1 * g;
      float v = kept2 * square[i] + share2 * (g * g);
      mean[i] = m;
      square[i] = v;
      float change = rate * (m / ((float) Math.sqrt(v) * root + epsilon));
      values[i] = values[i] - (decay * values[i] + change);
    }
  }
}
