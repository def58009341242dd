package dev.lanewise.core.layer;

import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.LayerPositions;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A stack of encoder layers, with an optional norm after the last layer (usual for {@link Norm.Placement#PRE}). Immutable and thread-safe;
 * the {@code with…} methods return copies that share the weights.
 *
 * <p>For an example see {@link EncoderLayer}; {@link dev.lanewise.core.weights.TorchWeights} loads an encoder.
 */
public final class Encoder {
  private final List<EncoderLayer> layers;
  private final @Nullable Norm finalNorm;

  private Encoder(List<EncoderLayer> layers, @Nullable Norm finalNorm) {
    this.layers = LayerStack.copy(layers);
    this.finalNorm = finalNorm;
    LayerStack.check(layers.stream().map(EncoderLayer::embedDim).toList(), finalNorm);
  }

  /**
   * Creates an encoder from layers, on one thread.
   *
   * @param finalNorm null for none
   * @throws IllegalArgumentException if there is no layer, or widths differ
   */
  public static Encoder of(List<EncoderLayer> layers, @Nullable Norm finalNorm) {
    return new Encoder(layers, finalNorm).withThreads(1);
  }

  /** Returns a copy with this mask in every layer, in place of earlier ones. */
  public Encoder withMask(Mask mask) {
    return withLayers(layer -> layer.withMask(mask));
  }

  /** Returns a copy with these positions in every layer, see {@link MultiHeadAttention#withPositions}. */
  public Encoder withPositions(LayerPositions positions) {
    return withLayers(layer -> layer.withPositions(positions));
  }

  /** Returns a copy for packed sequences, see {@link MultiHeadAttention#withPackedSequences}. */
  public Encoder withPackedSequences(PackedSequences sequences) {
    return withLayers(layer -> layer.withPackedSequences(sequences));
  }

  /** Returns a copy with this number of threads for each call, including the caller's. */
  public Encoder withThreads(int threads) {
    return with(layer -> layer.withThreads(threads), norm -> norm.withThreads(threads));
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public Encoder withKernels(Kernels kernels) {
    return with(layer -> layer.withKernels(kernels), norm -> norm.withKernels(kernels));
  }

  /** Returns a copy with every layer changed by a function. */
  public Encoder withLayers(UnaryOperator<EncoderLayer> change) {
    return with(Objects.requireNonNull(change, "change"), norm -> norm);
  }

  private Encoder with(UnaryOperator<EncoderLayer> change, UnaryOperator<Norm> changeNorm) {
    return new Encoder(layers.stream().map(change).toList(), finalNorm == null ? null : changeNorm.apply(finalNorm));
  }

  /** The layers, from the input to the output. */
  public List<EncoderLayer> layers() {
    return layers;
  }

  /** Width of input and output rows. */
  public int embedDim() {
    return layers.get(0).embedDim();
  }

  /**
   * Runs all layers.
   *
   * @param x batch × rows × embedDim
   * @param output batch × rows × embedDim, written; may be {@code x} itself
   * @throws IllegalArgumentException if shapes differ, the mask or positions of some layer do not fit, or output shares elements with x
   *     without being the same view; nothing has been written then
   */
  public void forward(SequenceBatch x, SequenceBatch output) {
    forward(x, output, List.of());
  }

  /**
   * Runs all layers, and computes results of the heads of each, such as the attention weights, batch × numHeads × rows × rows. The output
   * has the bits it has without them.
   *
   * @param results those of each layer; an empty list for none
   * @throws IllegalArgumentException as for {@link #forward(SequenceBatch, SequenceBatch)}, or if results do not fit or share elements with
   *     any other argument; nothing has been written then
   */
  public void forward(SequenceBatch x, SequenceBatch output, List<Results> results) {
    Rowwise.checkLayer(x, embedDim(), output);
    layers.forEach(layer -> layer.check(x.batch(), x.rows()));
    layers.forEach(layer -> layer.checkApart("output", output.split(1)));
    checkResults(x, output, results);
    SequenceBatch from = x;
    for (int i = 0; i < layers.size(); i++) {
      if (results.isEmpty()) {
        layers.get(i).forward(from, output);
      } else {
        layers.get(i).forward(from, output, results.get(i));
      }
      from = output;
    }
    if (finalNorm != null) {
      finalNorm.forward(output, output);
    }
  }

  private void checkResults(SequenceBatch x, SequenceBatch output, List<Results> results) {
    Objects.requireNonNull(results, "results");
    if (results.isEmpty()) {
      return;
    }
    Checks.same("results", results.size(), "layers", layers.size());
    for (int i = 0; i < layers.size(); i++) {
      String name = "results[" + i + "]";
      layers.get(i).check(name, x, results.get(i));
      CallChecks.apart(name, results.get(i), "x", x);
      CallChecks.apart(name, results.get(i), "output", output);
      for (Heads written : results.get(i).written()) {
        layers.forEach(layer -> layer.checkApart(name, written));
        for (int j = 0; j < i; j++) {
          CallChecks.apart("results[" + j + "]", results.get(j), name, written);
        }
      }
    }
  }
}
