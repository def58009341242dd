package dev.lanewise.core.layer;

import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.core.position.LayerPositions;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A layer of a transformer: sublayers one after another, each with a residual connection and norms. The three usual kinds have factories:
 *
 * <pre>
 * encoder        self-attention, feed-forward
 * decoder        causal self-attention, cross-attention to a memory, feed-forward
 * decoderOnly    causal self-attention, feed-forward
 *
 * pre-norm       x + sublayer(norm(x))
 * post-norm      norm(x + sublayer(x))
 * output norm    x + norm(sublayer(x)), usually together with pre-norm ("sandwich")
 * </pre>
 *
 * <pre>{@code
 * TransformerLayer layer =
 *     TransformerLayer.encoder(attention, first, FeedForward.of(up, down, Activation.GELU), second, Norm.Placement.POST);
 * layer.withThreads(2).forward(x, y); // batch × rows × embedDim
 * layer.withMask(Mask.keyLengths(17, 24)).forward(x, y); // padded: two sequences of 17 and 24 rows
 * layer.withPackedSequences(PackedSequences.of(0, 17, 41)).forward(rows, out); // the same, packed: 1 × 41 × embedDim
 * }</pre>
 *
 * <p>Immutable and thread-safe; the {@code with…} methods return copies that share the weights. A {@link TransformerStack} runs several
 * layers, and runs layers over new rows of sequences with a state.
 */
public final class TransformerLayer {
  private final List<Sublayer> sublayers;
  private final List<SublayerPart.Attending> attentions;

  private TransformerLayer(List<Sublayer> sublayers) {
    this.sublayers = sublayers;
    this.attentions =
        sublayers.stream()
            .map(sublayer -> sublayer.part)
            .filter(SublayerPart.Attending.class::isInstance)
            .map(SublayerPart.Attending.class::cast)
            .toList();
    Checks.atLeast("sublayers", sublayers.size(), 1);
    for (int i = 1; i < sublayers.size(); i++) {
      Checks.same(sublayers.get(i).part + ".embedDim", sublayers.get(i).part.embedDim(), "embedDim", embedDim());
    }
  }

  /**
   * A sublayer: output = POST(x + OUTPUT(part(PRE(x)))), where each of the norms may be absent. Immutable.
   *
   * <pre>{@code
   * TransformerLayer.Sublayer sandwich = // as in Gemma 2
   *     TransformerLayer.Sublayer.self(attention).withNorm(before, Norm.Placement.PRE).withNorm(after, Norm.Placement.OUTPUT);
   * }</pre>
   */
  public static final class Sublayer {
    private final SublayerPart part;
    private final @Nullable Norm pre;
    private final @Nullable Norm output;
    private final @Nullable Norm post;

    private Sublayer(SublayerPart part, @Nullable Norm pre, @Nullable Norm output, @Nullable Norm post) {
      this.part = part;
      this.pre = pre;
      this.output = output;
      this.post = post;
    }

    /** Self-attention without norms. */
    public static Sublayer self(MultiHeadAttention attention) {
      return new Sublayer(new SublayerPart.Attending(attention, false), null, null, null);
    }

    /** Cross-attention to a memory, without norms. */
    public static Sublayer cross(MultiHeadAttention attention) {
      return new Sublayer(new SublayerPart.Attending(attention, true), null, null, null);
    }

    /** A feed-forward network without norms; its output has the width of its input. */
    public static Sublayer feedForward(FeedForward network) {
      return new Sublayer(new SublayerPart.Network(network), null, null, null);
    }

    /**
     * Returns a copy with this norm at this place, instead of an earlier one.
     *
     * @throws IllegalArgumentException if its width is not embedDim
     */
    public Sublayer withNorm(Norm norm, Norm.Placement placement) {
      Objects.requireNonNull(norm, part + "Norm");
      Objects.requireNonNull(placement, "placement");
      Checks.same(part + "Norm.width", norm.width(), "embedDim", part.embedDim());
      return switch (placement) {
        case PRE -> new Sublayer(part, norm, output, post);
        case OUTPUT -> new Sublayer(part, pre, norm, post);
        case POST -> new Sublayer(part, pre, output, norm);
      };
    }

    private Sublayer with(UnaryOperator<SublayerPart> change, UnaryOperator<Norm> changeNorm) {
      return new Sublayer(change.apply(part), changed(pre, changeNorm), changed(output, changeNorm), changed(post, changeNorm));
    }

    private static @Nullable Norm changed(@Nullable Norm norm, UnaryOperator<Norm> change) {
      return norm == null ? null : change.apply(norm);
    }

    /** Changes the attention, if this sublayer attends to a memory or not as given. */
    private Sublayer withAttention(boolean toMemory, UnaryOperator<MultiHeadAttention> change) {
      if (!(part instanceof SublayerPart.Attending before) || before.toMemory() != toMemory) {
        return this;
      }
      MultiHeadAttention changed = Objects.requireNonNull(change.apply(before.attention()), "the changed " + part);
      Checks.same(part + ".embedDim", changed.embedDim(), "embedDim", part.embedDim());
      return new Sublayer(new SublayerPart.Attending(changed, toMemory), pre, output, post);
    }
  }

  /**
   * Creates a layer from sublayers, on one thread. Masks of its attentions stay as they are.
   *
   * @throws IllegalArgumentException if there is no sublayer, or widths differ
   */
  public static TransformerLayer of(Sublayer... sublayers) {
    return new TransformerLayer(List.of(sublayers)).withThreads(1);
  }

  /**
   * Creates a layer of an encoder, on one thread. All arguments have the width of the attention's embedDim.
   *
   * @throws IllegalArgumentException if widths differ
   */
  public static TransformerLayer encoder(
      MultiHeadAttention self, Norm selfNorm, FeedForward feedForward, Norm feedForwardNorm, Norm.Placement placement) {
    return of(Sublayer.self(self).withNorm(selfNorm, placement), Sublayer.feedForward(feedForward).withNorm(feedForwardNorm, placement));
  }

  /** Creates a layer of a decoder without a memory: {@link #encoder} with a causal mask in addition to the mask of {@code self}. */
  public static TransformerLayer decoderOnly(
      MultiHeadAttention self, Norm selfNorm, FeedForward feedForward, Norm feedForwardNorm, Norm.Placement placement) {
    return encoder(causal(self), selfNorm, feedForward, feedForwardNorm, placement);
  }

  /**
   * Creates a layer of a decoder with a memory, on one thread. Its self-attention gets a causal mask in addition to the mask of {@code
   * self}.
   *
   * @throws IllegalArgumentException if widths differ
   */
  public static TransformerLayer decoder(
      MultiHeadAttention self,
      Norm selfNorm,
      MultiHeadAttention cross,
      Norm crossNorm,
      FeedForward feedForward,
      Norm feedForwardNorm,
      Norm.Placement placement) {
    return of(
        Sublayer.self(causal(self)).withNorm(selfNorm, placement),
        Sublayer.cross(cross).withNorm(crossNorm, placement),
        Sublayer.feedForward(feedForward).withNorm(feedForwardNorm, placement));
  }

  private static MultiHeadAttention causal(MultiHeadAttention self) {
    Objects.requireNonNull(self, "self");
    return self.withMask(self.mask() == Mask.none() ? Mask.causal() : self.mask().and(Mask.causal()));
  }

  /** Returns a copy with this mask in self-attention, in place of the causal mask and any other. */
  public TransformerLayer withMask(Mask mask) {
    return withSelf(attention -> attention.withMask(mask));
  }

  /** Returns a copy with this mask in cross-attention. */
  public TransformerLayer withMemoryMask(Mask mask) {
    return withCross(attention -> attention.withMask(mask));
  }

  /** Returns a copy with these positions in self-attention, see {@link MultiHeadAttention#withPositions}; a memory has none. */
  public TransformerLayer withPositions(LayerPositions positions) {
    return withSelf(attention -> attention.withPositions(positions));
  }

  /** Returns a copy for packed sequences in every attention, see {@link MultiHeadAttention#withPackedSequences}. */
  public TransformerLayer withPackedSequences(PackedSequences sequences) {
    return withSelf(attention -> attention.withPackedSequences(sequences)).withCross(attention -> attention.withPackedSequences(sequences));
  }

  /** Returns a copy with its self-attention changed by a function. */
  public TransformerLayer withSelf(UnaryOperator<MultiHeadAttention> change) {
    Objects.requireNonNull(change, "change");
    return with(sublayer -> sublayer.withAttention(false, change));
  }

  /** Returns a copy with its cross-attention changed by a function. */
  public TransformerLayer withCross(UnaryOperator<MultiHeadAttention> change) {
    Objects.requireNonNull(change, "change");
    return with(sublayer -> sublayer.withAttention(true, change));
  }

  /** Returns a copy with this number of threads for each call, including the caller's. */
  public TransformerLayer withThreads(int threads) {
    return with(sublayer -> sublayer.with(part -> part.withThreads(threads), norm -> norm.withThreads(threads)));
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public TransformerLayer withKernels(Kernels kernels) {
    return with(sublayer -> sublayer.with(part -> part.withKernels(kernels), norm -> norm.withKernels(kernels)));
  }

  private TransformerLayer with(UnaryOperator<Sublayer> change) {
    return new TransformerLayer(sublayers.stream().map(change).toList());
  }

  /** Width of input and output rows. */
  public int embedDim() {
    return sublayers.getFirst().part.embedDim();
  }

  /** The attention sublayers, in order. */
  List<SublayerPart.Attending> attentions() {
    return attentions;
  }

  /**
   * Runs the layer over whole sequences.
   *
   * @param x batch × rows × embedDim
   * @param output batch × rows × embedDim, written; may be {@code x} itself
   * @throws IllegalArgumentException if shapes differ, a mask does not fit, the layer attends to a memory, or output shares elements with
   *     an input without being {@code x}; nothing has been written then
   */
  public void forward(SequenceBatch x, SequenceBatch output) {
    TransformerStack.forward(List.of(this), null, x, null, output, List.of());
  }

  /**
   * Runs a layer that attends to a memory over whole sequences.
   *
   * @param memory batch × memory rows × the input width of cross-attention
   */
  public void forward(SequenceBatch x, SequenceBatch memory, SequenceBatch output) {
    TransformerStack.forward(List.of(this), null, x, Objects.requireNonNull(memory, "memory"), output, List.of());
  }

  /** Runs the layer over whole sequences without a memory, and computes results of the heads. */
  public void forward(SequenceBatch x, SequenceBatch output, List<Results> results) {
    TransformerStack.forward(List.of(this), null, x, null, output, results);
  }

  /**
   * Runs the layer over whole sequences, and computes results of the heads, such as the attention weights, batch × numHeads × rows × keys.
   * The output has the bits it has without them.
   *
   * @param memory null if no sublayer attends to a memory
   * @param results those of each attention sublayer, in order; {@link Results#of()} for none
   */
  public void forward(SequenceBatch x, @Nullable SequenceBatch memory, SequenceBatch output, List<Results> results) {
    TransformerStack.forward(List.of(this), null, x, memory, output, results);
  }

  /**
   * Rows between the sublayers of a call, each batch × rows × embedDim.
   *
   * @param y the output of a sublayer
   * @param normed the input of a sublayer with a norm before it
   * @param sum the sum of input and output of a sublayer
   */
  record Buffers(SequenceBatch y, SequenceBatch normed, SequenceBatch sum) {
    /** The first three arrays of a scratch, with the shape of {@code x}. */
    static Buffers of(Scratch scratch, SequenceBatch x) {
      return new Buffers(
          SequenceBatch.buffer(scratch, 0, x, x.width()),
          SequenceBatch.buffer(scratch, 1, x, x.width()),
          SequenceBatch.buffer(scratch, 2, x, x.width()));
    }
  }

  /** Runs the sublayers of a call that has been checked. */
  void forward(AttentionSource call, SequenceBatch x, SequenceBatch output, Buffers buffers) {
    SequenceBatch y = buffers.y;
    SequenceBatch normed = buffers.normed;
    SequenceBatch stream = x;
    boolean isNormed = false; // whether normed holds the input of the next sublayer
    for (int i = 0; i < sublayers.size(); i++) {
      Sublayer sublayer = sublayers.get(i);
      Norm next = i + 1 < sublayers.size() ? sublayers.get(i + 1).pre : null;
      if (sublayer.pre != null && !isNormed) {
        sublayer.pre.forward(stream, normed);
      }
      sublayer.part.forward(call, sublayer.pre == null ? stream : normed, y);
      if (sublayer.output != null) {
        sublayer.output.forward(y, y);
      }
      SequenceBatch to = i + 1 < sublayers.size() ? buffers.sum : output;
      isNormed = sublayer.post == null && next != null;
      if (sublayer.post != null) {
        sublayer.post.forward(y, stream, y, to);
      } else if (next != null) {
        next.forward(y, stream, to, normed);
      } else {
        Residual.add(stream, y, to, sublayer.part.threads());
      }
      stream = to;
    }
  }
}
