package dev.lanewise.core;

import dev.lanewise.kernels.Kernels;
import org.jspecify.annotations.Nullable;

/**
 * Multi-head attention: query, key and value are projected by W_Q, W_K and W_V, each head attends on its slice, and the heads, side by side, are
 * projected by W_O ("Attention Is All You Need", section 3.2.2). Self-attention takes one source for all three, cross-attention two.
 */
public final class MultiHeadAttention {
  private MultiHeadAttention() {}

  /** A layer with {@code numHeads} query heads over {@code embedDim}-wide sequences, to be given its weights. */
  public static Builder builder(int embedDim, int numHeads) {
    return new Builder();
  }

  /** The same layer with this mask. */
  public MultiHeadAttention withMask(Mask mask) {
    throw new UnsupportedOperationException("not yet");
  }

  /** The same layer with this many threads a call. */
  public MultiHeadAttention withThreads(int threads) {
    throw new UnsupportedOperationException("not yet");
  }

  /** Self-attention: query, key and value all come from {@code x}; both are batch × rows × embedDim. */
  public void self(Sequences x, Sequences output) {
    forward(x, x, x, output);
  }

  /** Cross-attention: the query comes from {@code x}, key and value from {@code memory}. */
  public void cross(Sequences x, Sequences memory, Sequences output) {
    forward(x, memory, memory, output);
  }

  /** The general form: batch × queries × embedDim, batch × keys × keyInputDim, batch × keys × valueInputDim → batch × queries × embedDim. */
  public void forward(Sequences query, Sequences key, Sequences value, Sequences output) {
    throw new UnsupportedOperationException("not yet");
  }

  /** The attention weights that {@link #forward} would use: batch × numHeads × queries × keys, written. */
  public void weights(Sequences query, Sequences key, Heads weights) {
    throw new UnsupportedOperationException("not yet");
  }

  /** Collects the weights of a layer. Every weight is outputs × inputs, as PyTorch stores it; biases may be null. */
  public static final class Builder {
    private Builder() {}

    /** Key/value heads, a divisor of numHeads; default numHeads. */
    public Builder keyValueHeads(int keyValueHeads) {
      throw new UnsupportedOperationException("not yet");
    }

    /** Width of a value head; default embedDim / numHeads. */
    public Builder valueDim(int valueDim) {
      throw new UnsupportedOperationException("not yet");
    }

    /** Widths of the sequences that keys and values are projected from; default embedDim. */
    public Builder sources(int keyInputDim, int valueInputDim) {
      throw new UnsupportedOperationException("not yet");
    }

    /** W_Q: numHeads·headDim × embedDim. */
    public Builder query(float[] weight, float @Nullable [] bias) {
      throw new UnsupportedOperationException("not yet");
    }

    /** W_K: keyValueHeads·headDim × keyInputDim. */
    public Builder key(float[] weight, float @Nullable [] bias) {
      throw new UnsupportedOperationException("not yet");
    }

    /** W_V: keyValueHeads·valueDim × valueInputDim. */
    public Builder value(float[] weight, float @Nullable [] bias) {
      throw new UnsupportedOperationException("not yet");
    }

    /** W_O: embedDim × numHeads·valueDim. */
    public Builder output(float[] weight, float @Nullable [] bias) {
      throw new UnsupportedOperationException("not yet");
    }

    /** W_Q, W_K and W_V stacked, 3·embedDim × embedDim: PyTorch's {@code in_proj_weight} and {@code in_proj_bias}. */
    public Builder packedInput(float[] inProjWeight, float @Nullable [] inProjBias) {
      throw new UnsupportedOperationException("not yet");
    }

    /** The kernels to run on; default the fastest of this JVM. */
    public Builder kernels(Kernels kernels) {
      throw new UnsupportedOperationException("not yet");
    }

    /** The finished layer. */
    public MultiHeadAttention build() {
      throw new UnsupportedOperationException("not yet");
    }
  }
}
