package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;

/** What a sublayer computes between its norms. */
sealed interface SublayerPart {
  /** Runs the part over rows; {@code call} provides the keys and values of attention. */
  void forward(AttentionSource call, SequenceBatch from, SequenceBatch to);

  int embedDim();

  int threads();

  SublayerPart withThreads(int threads);

  SublayerPart withKernels(Kernels kernels);

  /**
   * Attention.
   *
   * @param toMemory whether its keys and values come from a memory; otherwise from the rows of the queries, and the earlier rows of a state
   */
  record Attending(MultiHeadAttention attention, boolean toMemory) implements SublayerPart {
    public Attending {
      Objects.requireNonNull(attention, toMemory ? "cross" : "self");
    }

    @Override
    public void forward(AttentionSource call, SequenceBatch from, SequenceBatch to) {
      call.forward(this, from, to);
    }

    @Override
    public int embedDim() {
      return attention.embedDim();
    }

    @Override
    public int threads() {
      return attention.threads();
    }

    @Override
    public SublayerPart withThreads(int threads) {
      return new Attending(attention.withThreads(threads), toMemory);
    }

    @Override
    public SublayerPart withKernels(Kernels kernels) {
      return new Attending(attention.withKernels(kernels), toMemory);
    }

    @Override
    public String toString() {
      return toMemory ? "cross" : "self";
    }
  }

  /** A feed-forward network. */
  record Network(FeedForward network) implements SublayerPart {
    public Network {
      Objects.requireNonNull(network, "feedForward");
      Checks.same("feedForward.outputs", network.outputs(), "feedForward.inputs", network.inputs());
    }

    @Override
    public void forward(AttentionSource call, SequenceBatch from, SequenceBatch to) {
      network.forward(from, to);
    }

    @Override
    public int embedDim() {
      return network.inputs();
    }

    @Override
    public int threads() {
      return network.threads();
    }

    @Override
    public SublayerPart withThreads(int threads) {
      return new Network(network.withThreads(threads));
    }

    @Override
    public SublayerPart withKernels(Kernels kernels) {
      return new Network(network.withKernels(kernels));
    }

    @Override
    public String toString() {
      return "feedForward";
    }
  }
}
