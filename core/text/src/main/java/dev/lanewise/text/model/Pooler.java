package dev.lanewise.text.model;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import java.util.Optional;

/**
 * BERT's pooler: a linear map and tanh over the row of the first token.
 *
 * <pre>{@code
 * model.encoder().forward(ids, texts, Pooling.firstToken(), rows); // texts × 1 × embedDim
 * model.pooler().orElseThrow().forward(rows, pooled); // texts × 1 × embedDim
 * }</pre>
 *
 * <p>Immutable and thread-safe.
 */
public final class Pooler {
  private final Linear dense;

  private Pooler(Linear dense) {
    this.dense = dense;
  }

  /** Reads the pooler of an encoder, if there is one. */
  static Optional<Pooler> of(EncoderTensors tensors, int width) {
    if (!tensors.names().contains("pooler.dense.weight")) {
      return Optional.empty();
    }
    return Optional.of(new Pooler(linear(tensors, "pooler.dense", width, width).withActivation(Activation.TANH)));
  }

  /** Reads a linear map, and checks its shapes. */
  static Linear linear(NamedTensors tensors, String name, int inputs, int outputs) {
    return Linear.of(
        tensors.floats(name + ".weight", outputs, inputs), tensors.floats(name + ".bias", new long[] {outputs}), inputs, outputs);
  }

  /** The linear map with its activation. */
  Linear dense() {
    return dense;
  }

  /**
   * Computes a row for each row.
   *
   * @param rows texts × 1 × embedDim: the row of each text's first token
   * @param output of the same shape, written
   * @throws IllegalArgumentException if shapes differ; nothing has been written then
   */
  public void forward(SequenceBatch rows, SequenceBatch output) {
    dense.forward(rows, output);
  }

  Pooler withThreads(int threads) {
    return new Pooler(dense.withThreads(threads));
  }

  Pooler withKernels(Kernels kernels) {
    return new Pooler(dense.withKernels(kernels));
  }
}
