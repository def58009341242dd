package dev.lanewise.bench.cli.learn.model;

import dev.lanewise.kernels.data.Normaliser;

/**
 * What a model that reads a sequence has. A model is: embedding, one block, norm, linear layer to the answers. The block is {@code x +
 * mixer(norm(x))}, then {@code x + feedForward(norm(x))}; only the mixer passes information from one position to another.
 *
 * @param mixer what passes information between positions
 * @param heads heads of attention
 * @param keys which keys a position sees
 * @param weights how scores become weights
 * @param positions how the model knows the order of tokens
 * @param scaled whether scores are divided by √headDim
 * @param embedDim width of a row
 */
public record Design(Mixer mixer, int heads, Keys keys, Weights weights, Order positions, boolean scaled, int embedDim) {
  /** What passes information between positions. */
  public enum Mixer {
    /** Self-attention. */
    ATTENTION,
    /** A linear layer over a window of neighbours. */
    WINDOW,
    /** A linear layer over the mean of all positions. */
    MEAN
  }

  /** Which keys a position sees. */
  public enum Keys {
    /** All positions. */
    ALL,
    /** All positions but the own one. */
    OTHERS,
    /** The own position and those before it. */
    EARLIER
  }

  /** How scores become weights. */
  public enum Weights {
    /** Softmax. */
    SOFTMAX,
    /** ReLU, divided by the number of keys. */
    RELU,
    /** Sigmoid, divided by the number of keys. */
    SIGMOID;

    Normaliser normaliser() {
      return switch (this) {
        case SOFTMAX -> Normaliser.softmax();
        case RELU -> Normaliser.relu().dividedByKeys();
        case SIGMOID -> Normaliser.sigmoid().dividedByKeys();
      };
    }
  }

  /** How the model knows the order of tokens. */
  public enum Order {
    /** It does not. */
    NONE,
    /** Sines and cosines, added to the embedding. */
    SINUSOIDAL,
    /** A learned row for each position, added to the embedding. */
    LEARNED,
    /** Queries and keys are rotated. */
    ROTARY,
    /** The distance times a fixed slope is subtracted from scores. */
    ALIBI,
    /** A learned bias for each range of distances is added to scores. */
    T5
  }

  /** Neighbours on each side of a {@link Mixer#WINDOW}. */
  public static final int WINDOW = 3;

  private static final int EMBED_DIM = 32;

  /** Self-attention with one head to all positions, softmax, scaled scores and no positions. */
  public static Design attention() {
    return new Design(Mixer.ATTENTION, 1, Keys.ALL, Weights.SOFTMAX, Order.NONE, true, EMBED_DIM);
  }

  /** Returns a copy with another mixer. */
  public Design with(Mixer newMixer) {
    return new Design(newMixer, heads, keys, weights, positions, scaled, embedDim);
  }

  /** Returns a copy with another number of heads. */
  public Design withHeads(int newHeads) {
    return new Design(mixer, newHeads, keys, weights, positions, scaled, embedDim);
  }

  /** Returns a copy that sees other keys. */
  public Design with(Keys newKeys) {
    return new Design(mixer, heads, newKeys, weights, positions, scaled, embedDim);
  }

  /** Returns a copy with another function from scores to weights. */
  public Design with(Weights newWeights) {
    return new Design(mixer, heads, keys, newWeights, positions, scaled, embedDim);
  }

  /** Returns a copy with other positions. */
  public Design with(Order newPositions) {
    return new Design(mixer, heads, keys, weights, newPositions, scaled, embedDim);
  }

  /** Returns a copy with scores that are not divided by √headDim. */
  public Design unscaled() {
    return new Design(mixer, heads, keys, weights, positions, false, embedDim);
  }

  /** Returns a copy of another width. */
  public Design withEmbedDim(int newEmbedDim) {
    return new Design(mixer, heads, keys, weights, positions, scaled, newEmbedDim);
  }
}
