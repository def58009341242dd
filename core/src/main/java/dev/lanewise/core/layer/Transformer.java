package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.Objects;

/**
 * An encoder whose output is the memory of a decoder ("Attention Is All You Need", figure 1), without embeddings and the last projection.
 * Immutable and thread-safe.
 */
public final class Transformer {
  private static final ScratchPool<Scratch> BUFFERS = Scratch.pool(8, 1);

  private final Encoder encoder;
  private final Decoder decoder;

  private Transformer(Encoder encoder, Decoder decoder) {
    this.encoder = Objects.requireNonNull(encoder, "encoder");
    this.decoder = Objects.requireNonNull(decoder, "decoder");
    for (int i = 0; i < decoder.layers().size(); i++) {
      decoder.layers().get(i).cross().checkMemoryDim("decoder.layers[" + i + "].cross", "encoder.embedDim", encoder.embedDim());
    }
  }

  /**
   * The two together.
   *
   * @throws IllegalArgumentException if the decoder's memory is not as wide as the encoder's output
   */
  public static Transformer of(Encoder encoder, Decoder decoder) {
    return new Transformer(encoder, decoder);
  }

  /** The encoder. */
  public Encoder encoder() {
    return encoder;
  }

  /** The decoder. */
  public Decoder decoder() {
    return decoder;
  }

  /** The same on this many threads a call, the caller's among them. */
  public Transformer withThreads(int threads) {
    return new Transformer(encoder.withThreads(threads), decoder.withThreads(threads));
  }

  /** The same with a mask of the source: in the encoder, and where the decoder looks at its output. */
  public Transformer withSourceMask(Mask mask) {
    return new Transformer(encoder.withMask(mask), decoder.withMemoryMask(mask));
  }

  /** The same with a mask of the target in place of the causal one. */
  public Transformer withTargetMask(Mask mask) {
    return new Transformer(encoder, decoder.withMask(mask));
  }

  /**
   * Runs both.
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
    Rows.checkInPlace("output", output, "target", target);
    ViewChecks.disjoint("output", output.split(1), "source", source.split(1));
    Scratch buffers = BUFFERS.take();
    try {
      SequenceBatch memory = Rows.buffer(buffers, 0, source, encoder.embedDim());
      encoder.forward(source, memory);
      decoder.forward(target, memory, output);
    } finally {
      BUFFERS.give(buffers);
    }
  }
}
