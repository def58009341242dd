package dev.lanewise.core;

import dev.lanewise.kernels.Heads;
import dev.lanewise.kernels.SequenceStarts;
import dev.lanewise.kernels.internal.Checks;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Encoder layers one behind the other, and a norm behind the last where there is one (usual for {@link NormPlacement#PRE}). Immutable and
 * thread-safe; what is derived by a {@code with} shares the weights.
 */
public final class Encoder {
  private final List<EncoderLayer> layers;
  private final @Nullable Norm finalNorm;
  private final int threads;

  private Encoder(List<EncoderLayer> layers, @Nullable Norm finalNorm, int threads) {
    this.layers = List.copyOf(layers);
    this.finalNorm = finalNorm;
    this.threads = threads;
    Stack.check(layers.stream().map(EncoderLayer::embedDim).toList(), finalNorm);
  }

  /**
   * These layers, on one thread.
   *
   * @param finalNorm null for none
   * @throws IllegalArgumentException if there is no layer, or widths differ
   */
  public static Encoder of(List<EncoderLayer> layers, @Nullable Norm finalNorm) {
    return new Encoder(layers, finalNorm, 1).withThreads(1);
  }

  /** The same encoder with this mask in every layer. */
  public Encoder withMask(Mask mask) {
    return withLayers(of -> of.withMask(mask));
  }

  /** The same encoder with these positions in every layer, see {@link MultiHeadAttention#withPositions}. */
  public Encoder withPositions(LayerPositions positions) {
    return withLayers(of -> of.withPositions(positions));
  }

  /** The same encoder over packed sequences, see {@link MultiHeadAttention#withSequences}. */
  public Encoder withSequences(SequenceStarts sequences) {
    return withLayers(of -> of.withSequences(sequences));
  }

  /** The same encoder with this many threads a call, the caller's among them. */
  public Encoder withThreads(int newThreads) {
    Checks.atLeast("threads", newThreads, 1);
    return new Encoder(layers.stream().map(of -> of.withThreads(newThreads)).toList(), finalNorm, newThreads);
  }

  /** The same encoder with every layer changed. */
  public Encoder withLayers(UnaryOperator<EncoderLayer> change) {
    return new Encoder(layers.stream().map(change).toList(), finalNorm, threads);
  }

  /** The layers, from the input on. */
  public List<EncoderLayer> layers() {
    return layers;
  }

  /** Width of the rows that go in and come out. */
  public int embedDim() {
    return layers.get(0).embedDim();
  }

  /**
   * Runs all layers.
   *
   * @param x batch × rows × embedDim
   * @param output batch × rows × embedDim, written; may be {@code x} itself
   */
  public void forward(Sequences x, Sequences output) {
    forward(x, output, List.of());
  }

  /**
   * Runs all layers and hands out what each attends to.
   *
   * @param weights one a layer, batch × numHeads × rows × rows, written; empty for none
   */
  public void forward(Sequences x, Sequences output, List<Heads> weights) {
    Rows.checkLayer(x, embedDim(), output);
    if (!weights.isEmpty()) {
      Checks.same("weights", weights.size(), "layers", layers.size());
    }
    for (int i = 0; i < weights.size(); i++) {
      checkApart("weights[" + i + "]", weights.get(i), x, output);
      for (int j = 0; j < i; j++) {
        Checks.disjoint("weights[" + i + "]", weights.get(i), "weights[" + j + "]", weights.get(j));
      }
    }
    layers.forEach(layer -> layer.checkApart("output", output.split(1)));
    Sequences from = x;
    for (int i = 0; i < layers.size(); i++) {
      if (!weights.isEmpty()) {
        layers.get(i).weights(from, weights.get(i));
      }
      layers.get(i).forward(from, output);
      from = output;
    }
    if (finalNorm != null) {
      finalNorm.apply(output, output, threads);
    }
  }

  /** That weights of a layer are apart from the rows, and from what any layer reads beside them. */
  private void checkApart(String name, Heads weights, Sequences x, Sequences output) {
    Objects.requireNonNull(weights, name);
    Checks.disjoint(name, weights, "x", x.split(1));
    Checks.disjoint(name, weights, "output", output.split(1));
    layers.forEach(layer -> layer.checkApart(name, weights));
  }
}
