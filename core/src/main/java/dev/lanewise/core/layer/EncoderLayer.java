package dev.lanewise.core.layer;

import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.core.position.LayerPositions;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.Objects;
import java.util.function.UnaryOperator;

/**
 * A layer of a transformer encoder: self-attention and a feed-forward network, each with a residual connection and a norm.
 *
 * <pre>
 * post-norm   y = norm₁(x + attention(x)),        output = norm₂(y + feedForward(y))
 * pre-norm    y = x + attention(norm₁(x)),        output = y + feedForward(norm₂(y))
 * </pre>
 *
 * <pre>{@code
 * EncoderLayer layer = EncoderLayer.of(attention, first, FeedForward.of(up, down, Activation.GELU), second, Norm.Placement.POST);
 * layer.withThreads(2).forward(x, y); // batch × rows × embedDim
 * layer.withMask(Mask.keyLengths(17, 24)).forward(x, y); // padded: two sequences of 17 and 24 rows
 * layer.withPackedSequences(PackedSequences.of(0, 17, 41)).forward(rows, out); // the same, packed: 1 × 41 × embedDim
 * }</pre>
 *
 * <p>Immutable and thread-safe; the {@code with…} methods return copies that share the weights.
 */
public final class EncoderLayer {
  private static final ScratchPool<Scratch> BUFFERS = Scratch.pool(8, 3);

  private final MultiHeadAttention attention;
  private final Norm attentionNorm;
  private final FeedForward feedForward;
  private final Norm feedForwardNorm;
  private final Norm.Placement placement;

  private EncoderLayer(
      MultiHeadAttention attention, Norm attentionNorm, FeedForward feedForward, Norm feedForwardNorm, Norm.Placement placement) {
    this.attention = Objects.requireNonNull(attention, "attention");
    this.attentionNorm = Objects.requireNonNull(attentionNorm, "attentionNorm");
    this.feedForward = Objects.requireNonNull(feedForward, "feedForward");
    this.feedForwardNorm = Objects.requireNonNull(feedForwardNorm, "feedForwardNorm");
    this.placement = Objects.requireNonNull(placement, "placement");
    int embedDim = attention.embedDim();
    Checks.same("attentionNorm.width", attentionNorm.width(), "embedDim", embedDim);
    Checks.same("feedForward.inputs", feedForward.inputs(), "embedDim", embedDim);
    Checks.same("feedForward.outputs", feedForward.outputs(), "embedDim", embedDim);
    Checks.same("feedForwardNorm.width", feedForwardNorm.width(), "embedDim", embedDim);
  }

  /**
   * Creates a layer, on one thread. All arguments have the width of the attention's embedDim.
   *
   * @throws IllegalArgumentException if widths differ
   */
  public static EncoderLayer of(
      MultiHeadAttention attention, Norm attentionNorm, FeedForward feedForward, Norm feedForwardNorm, Norm.Placement placement) {
    return new EncoderLayer(attention, attentionNorm, feedForward, feedForwardNorm, placement).withThreads(1);
  }

  /** Returns a copy with this mask in place of the earlier one. */
  public EncoderLayer withMask(Mask mask) {
    return withAttention(attention -> attention.withMask(mask));
  }

  /** Returns a copy with these positions, see {@link MultiHeadAttention#withPositions}. */
  public EncoderLayer withPositions(LayerPositions positions) {
    return withAttention(attention -> attention.withPositions(positions));
  }

  /** Returns a copy for packed sequences, see {@link MultiHeadAttention#withPackedSequences}. */
  public EncoderLayer withPackedSequences(PackedSequences sequences) {
    return withAttention(attention -> attention.withPackedSequences(sequences));
  }

  /** Returns a copy with this number of threads for each call, including the caller's. */
  public EncoderLayer withThreads(int threads) {
    return new EncoderLayer(
        attention.withThreads(threads),
        attentionNorm.withThreads(threads),
        feedForward.withThreads(threads),
        feedForwardNorm.withThreads(threads),
        placement);
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public EncoderLayer withKernels(Kernels kernels) {
    return new EncoderLayer(
        attention.withKernels(kernels),
        attentionNorm.withKernels(kernels),
        feedForward.withKernels(kernels),
        feedForwardNorm.withKernels(kernels),
        placement);
  }

  /** Checks a call except for its views. */
  void check(int batch, int rows) {
    attention.checks().call(batch, rows, rows);
  }

  /**
   * Returns a copy with its attention changed by a function: {@code layer.withAttention(self -> self.withAttention(inner ->
   * inner.withScale(0.1f)))}.
   */
  public EncoderLayer withAttention(UnaryOperator<MultiHeadAttention> change) {
    MultiHeadAttention changed = Objects.requireNonNull(Objects.requireNonNull(change, "change").apply(attention), "the changed attention");
    Checks.same("attention.embedDim", changed.embedDim(), "embedDim", embedDim());
    return new EncoderLayer(changed, attentionNorm, feedForward, feedForwardNorm, placement);
  }

  /** Checks that a view that a stack writes shares no element with what attention reads besides the rows. */
  void checkApart(String name, Heads written) {
    attention.checkApart(name, written);
  }

  /** Width of input and output rows. */
  public int embedDim() {
    return attention.embedDim();
  }

  /** Number of query heads. */
  public int numHeads() {
    return attention.numHeads();
  }

  /**
   * Runs the layer.
   *
   * @param x batch × rows × embedDim
   * @param output batch × rows × embedDim, written; may be {@code x} itself
   * @throws IllegalArgumentException if shapes differ, the mask does not fit, or output shares elements with x without being the same view;
   *     nothing has been written then
   */
  public void forward(SequenceBatch x, SequenceBatch output) {
    Rowwise.checkLayer(x, embedDim(), output);
    attention.checkApart("output", output.split(1));
    run(x, output, attention::forward);
  }

  /**
   * Runs the layer, and computes results of its heads, such as the attention weights, batch × numHeads × rows × rows. The output has the
   * bits it has without them.
   *
   * @throws IllegalArgumentException as without results, or if results do not fit or share elements with any other argument; nothing has
   *     been written then
   */
  public void forward(SequenceBatch x, SequenceBatch output, Results results) {
    Rowwise.checkLayer(x, embedDim(), output);
    attention.checkApart("output", output.split(1));
    check("results", x, results);
    CallChecks.apart("results", results, "x", x);
    CallChecks.apart("results", results, "output", output);
    run(x, output, (from, to) -> attention.forward(from, from, from, to, results));
  }

  /** Checks the results of a call except for overlaps. */
  void check(String name, SequenceBatch x, Results results) {
    attention.checks().results(name, x.batch(), x.rows(), x.rows(), results);
  }

  private void run(SequenceBatch x, SequenceBatch output, Sublayer self) {
    Scratch buffers = BUFFERS.take();
    try {
      SequenceBatch y = SequenceBatch.buffer(buffers, 0, x, embedDim());
      SequenceBatch z = SequenceBatch.buffer(buffers, 1, x, embedDim());
      if (placement == Norm.Placement.POST) {
        self.forward(x, y);
        attentionNorm.forward(y, x, y, y);
        feedForward.forward(y, z);
        feedForwardNorm.forward(z, y, z, output);
      } else {
        attentionNorm.forward(x, z);
        self.forward(z, y);
        feedForwardNorm.forward(y, x, y, z);
        SequenceBatch added = SequenceBatch.buffer(buffers, 2, x, embedDim());
        feedForward.forward(z, added);
        Residual.add(y, added, output, feedForward.threads());
      }
    } finally {
      BUFFERS.give(buffers);
    }
  }
}
