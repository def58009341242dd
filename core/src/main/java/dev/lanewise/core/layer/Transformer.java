package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.Objects;

/**
 * An encoder and a decoder, where the encoder's output is the decoder's memory ("Attention Is All You Need", figure 1), without embeddings
 * and the last projection. Immutable and thread-safe.
 *
 * <pre>{@code
 * Transformer transformer = Transformer.of(encoder, decoder).withSourceMask(Mask.keyLengths(17, 24));
 * transformer.forward(source, target, output); // batch × rows × embedDim each
 * }</pre>
 */
public final class Transformer {
  private static final ScratchPool<Scratch> BUFFERS = Scratch.pool(8, 1);

  private final TransformerStack encoder;
  private final TransformerStack decoder;

  private Transformer(TransformerStack encoder, TransformerStack decoder) {
    this.encoder = Objects.requireNonNull(encoder, "encoder");
    this.decoder = Objects.requireNonNull(decoder, "decoder");
    for (int i = 0; i < decoder.layers().size(); i++) {
      for (SublayerPart.Attending sublayer : decoder.layers().get(i).attentions()) {
        if (sublayer.toMemory()) {
          sublayer.attention().checkMemoryDim("decoder.layers[" + i + "].cross", "encoder.embedDim", encoder.embedDim());
        }
      }
    }
  }

  /**
   * Creates a transformer.
   *
   * @throws IllegalArgumentException if the decoder's memory does not have the width of the encoder's output
   */
  public static Transformer of(TransformerStack encoder, TransformerStack decoder) {
    return new Transformer(encoder, decoder);
  }

  /** The encoder. */
  public TransformerStack encoder() {
    return encoder;
  }

  /** The decoder. */
  public TransformerStack decoder() {
    return decoder;
  }

  /** Returns a copy with this number of threads for each call, including the caller's. */
  public Transformer withThreads(int threads) {
    return new Transformer(encoder.withThreads(threads), decoder.withThreads(threads));
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public Transformer withKernels(Kernels kernels) {
    return new Transformer(encoder.withKernels(kernels), decoder.withKernels(kernels));
  }

  /** Returns a copy with this mask of the source, in the encoder and in the decoder's cross-attention. */
  public Transformer withSourceMask(Mask mask) {
    return new Transformer(encoder.withMask(mask), decoder.withMemoryMask(mask));
  }

  /** Returns a copy with this mask of the target, in place of the causal mask. */
  public Transformer withTargetMask(Mask mask) {
    return new Transformer(encoder, decoder.withMask(mask));
  }

  /**
   * Runs encoder and decoder.
   *
   * @param source batch × source rows × embedDim
   * @param target batch × target rows × embedDim
   * @param output batch × target rows × embedDim, written; may be {@code target} itself
   */
  public void forward(SequenceBatch source, SequenceBatch target, SequenceBatch output) {
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(target, "target");
    Checks.same("source.width", source.width(), "embedDim", encoder.embedDim());
    Checks.same("target.batch", target.batch(), "source.batch", source.batch());
    Checks.same("target.width", target.width(), "embedDim", decoder.embedDim());
    Rowwise.checkInPlace("output", output, "target", target);
    ViewChecks.disjoint("output", output.split(1), "source", source.split(1));
    Scratch buffers = BUFFERS.take();
    try {
      SequenceBatch memory = SequenceBatch.buffer(buffers, 0, source, encoder.embedDim());
      encoder.forward(source, memory);
      decoder.forward(target, memory, output);
    } finally {
      BUFFERS.give(buffers);
    }
  }
}
