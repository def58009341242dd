package dev.lanewise.core.learn.optimise;

import dev.lanewise.core.learn.Parameter;
import java.util.List;
import java.util.function.Predicate;

/**
 * Stochastic gradient descent with momentum (Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013),
 * as PyTorch's {@code optim.SGD}. With the gradient g, the learning rate η, the momentum μ and the decay λ, for each element:
 *
 * <pre>
 * d ← g + λ θ          b ← μ b + d
 * θ ← θ − η b          or, with Nesterov's momentum, θ ← θ − η (d + μ b)
 * </pre>
 *
 * <p>Weights of two and more dimensions decay; biases and the weights of norms do not, unless {@link Builder#decays} says otherwise.
 *
 * <pre>{@code
 * Sgd optimiser = Sgd.builder(model.parameters()).momentum(0.9).nesterov().build();
 * optimiser.step(0.1);
 * }</pre>
 */
public final class Sgd extends Optimiser {
  private final double momentum;
  private final boolean nesterov;
  private final double decay;

  private Sgd(Builder builder) {
    super(builder.settings, builder.momentum > 0 ? List.of("momentum_buffer") : List.of());
    this.momentum = builder.momentum;
    this.nesterov = builder.nesterov;
    this.decay = builder.decay;
  }

  /** An optimiser without momentum and without decay, on one thread. It keeps no state. */
  public static Sgd of(List<Parameter> parameters) {
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

  /** Builder of an {@link Sgd}; not thread-safe. */
  public static final class Builder {
    private final Settings settings;
    private double momentum;
    private boolean nesterov;
    private double decay;

    private Builder(List<Parameter> parameters) {
      this.settings = new Settings(parameters);
    }

    /** Sets the momentum μ: at least 0 and below 1. */
    public Builder momentum(double newMomentum) {
      momentum = Settings.in("momentum", newMomentum, 1);
      return this;
    }

    /** Chooses Nesterov's momentum, which needs a momentum above 0. */
    public Builder nesterov() {
      nesterov = true;
      return this;
    }

    /** Sets the weight decay λ, which is added to the gradient: at least 0 and finite. */
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

    /**
     * Creates the optimiser, with a state of zeros.
     *
     * @throws IllegalStateException if Nesterov's momentum was chosen without a momentum
     */
    public Sgd build() {
      if (nesterov && momentum == 0) {
        throw new IllegalStateException("momentum is 0.0, must be above 0 for Nesterov's momentum");
      }
      return new Sgd(this);
    }
  }

  @Override
  Update update(long step, double learningRate, double gradientFactor) {
    float factor = (float) gradientFactor;
    float rate = (float) learningRate;
    float loss = (float) decay;
    float kept = (float) momentum;
    return (values, gradient, state, decays, from, to) -> {
      float own = decays ? loss : 0;
      if (momentum == 0) {
        plain(values, gradient, factor, own, rate, from, to);
      } else if (nesterov) {
        nesterov(values, gradient, state[0], factor, own, kept, rate, from, to);
      } else {
        momentum(values, gradient, state[0], factor, own, kept, rate, from, to);
      }
    };
  }

  private static void plain(float[] values, float[] gradient, float factor, float decay, float rate, int from, int to) {
    for (int i = from; i < to; i++) {
      values[i] -= rate * (factor * gradient[i] + decay * values[i]);
    }
  }

  private static void momentum(
      float[] values, float[] gradient, float[] buffer, float factor, float decay, float kept, float rate, int from, int to) {
    for (int i = from; i < to; i++) {
      float b = kept * buffer[i] + (factor * gradient[i] + decay * values[i]);
      buffer[i] = b;
      values[i] -= rate * b;
    }
  }

  private static void nesterov(
      float[] values, float[] gradient, float[] buffer, float factor, float decay, float kept, float rate, int from, int to) {
    for (int i = from; i < to; i++) {
      float d = factor * gradient[i] + decay * values[i];
      float b = kept * buffer[i] + d;
      buffer[i] = b;
      values[i] -= rate * (d + kept * b);
    }
  }
}
