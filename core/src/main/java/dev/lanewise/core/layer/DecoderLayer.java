package dev.lanewise.core.layer;

import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.cache.page.CacheTransaction;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.core.position.LayerPositions;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;

/**
 * A layer of a transformer decoder: self-attention, causal by default, cross-attention to a memory, and a feed-forward network, each with a
 * residual connection and a norm.
 *
 * <pre>
 * post-norm   y = norm₁(x + self(x)),    z = norm₂(y + cross(y, memory)),    output = norm₃(z + feedForward(z))
 * pre-norm    y = x + self(norm₁(x)),    z = y + cross(norm₂(y), memory),    output = z + feedForward(norm₃(z))
 * </pre>
 *
 * Immutable and thread-safe; the {@code with…} methods return copies that share the weights.
 *
 * <p>For an example see {@link Decoder}.
 */
public final class DecoderLayer {
  private static final ScratchPool<Scratch> BUFFERS = Scratch.pool(8, 3);

  private final MultiHeadAttention self;
  private final Norm selfNorm;
  private final MultiHeadAttention cross;
  private final Norm crossNorm;
  private final FeedForward feedForward;
  private final Norm feedForwardNorm;
  private final Norm.Placement placement;

  private DecoderLayer(
      MultiHeadAttention self,
      Norm selfNorm,
      MultiHeadAttention cross,
      Norm crossNorm,
      FeedForward feedForward,
      Norm feedForwardNorm,
      Norm.Placement placement) {
    this.self = Objects.requireNonNull(self, "self");
    this.selfNorm = Objects.requireNonNull(selfNorm, "selfNorm");
    this.cross = Objects.requireNonNull(cross, "cross is null: a DecoderLayer attends to a memory");
    this.crossNorm = Objects.requireNonNull(crossNorm, "crossNorm is null: a DecoderLayer attends to a memory");
    this.feedForward = Objects.requireNonNull(feedForward, "feedForward");
    this.feedForwardNorm = Objects.requireNonNull(feedForwardNorm, "feedForwardNorm");
    this.placement = Objects.requireNonNull(placement, "placement");
    int embedDim = self.embedDim();
    Checks.same("selfNorm.width", selfNorm.width(), "embedDim", embedDim);
    Checks.same("cross.embedDim", cross.embedDim(), "embedDim", embedDim);
    Checks.same("crossNorm.width", crossNorm.width(), "embedDim", embedDim);
    Checks.same("feedForward.inputs", feedForward.inputs(), "embedDim", embedDim);
    Checks.same("feedForward.outputs", feedForward.outputs(), "embedDim", embedDim);
    Checks.same("feedForwardNorm.width", feedForwardNorm.width(), "embedDim", embedDim);
  }

  private DecoderLayer with(MultiHeadAttention newSelf, MultiHeadAttention newCross) {
    return new DecoderLayer(newSelf, selfNorm, newCross, crossNorm, feedForward, feedForwardNorm, placement);
  }

  private static Mask causal(Mask before) {
    return before == Mask.none() ? Mask.causal() : before.and(Mask.causal());
  }

  /**
   * Creates a layer, on one thread. Its self-attention gets a causal mask in addition to the mask of {@code self}.
   *
   * @param cross attention to the memory; a decoder layer needs one
   * @throws IllegalArgumentException if widths differ
   */
  public static DecoderLayer of(
      MultiHeadAttention self,
      Norm selfNorm,
      MultiHeadAttention cross,
      Norm crossNorm,
      FeedForward feedForward,
      Norm feedForwardNorm,
      Norm.Placement placement) {
    DecoderLayer layer = new DecoderLayer(self, selfNorm, cross, crossNorm, feedForward, feedForwardNorm, placement);
    return layer.withMask(causal(self.mask())).withThreads(1);
  }

  /** Returns a copy with this mask in self-attention, in place of the causal mask and any other. */
  public DecoderLayer withMask(Mask mask) {
    return withSelf(attention -> attention.withMask(mask));
  }

  /** Returns a copy with this mask in cross-attention. */
  public DecoderLayer withMemoryMask(Mask mask) {
    return withCross(attention -> attention.withMask(mask));
  }

  /** Returns a copy with these positions in self-attention, see {@link MultiHeadAttention#withPositions}; a memory has none. */
  public DecoderLayer withPositions(LayerPositions positions) {
    return withSelf(attention -> attention.withPositions(positions));
  }

  /** Returns a copy with its self-attention changed by a function. */
  public DecoderLayer withSelf(UnaryOperator<MultiHeadAttention> change) {
    return with(changed("self", change, self), cross);
  }

  /** Returns a copy with its cross-attention changed by a function. */
  public DecoderLayer withCross(UnaryOperator<MultiHeadAttention> change) {
    return with(self, changed("cross", change, cross));
  }

  private MultiHeadAttention changed(String name, UnaryOperator<MultiHeadAttention> change, MultiHeadAttention before) {
    Objects.requireNonNull(change, "change");
    MultiHeadAttention changed = Objects.requireNonNull(change.apply(before), "the changed " + name);
    Checks.same(name + ".embedDim", changed.embedDim(), "embedDim", embedDim());
    return changed;
  }

  /** Returns a copy with this number of threads for each call, including the caller's. */
  public DecoderLayer withThreads(int threads) {
    return new DecoderLayer(
        self.withThreads(threads),
        selfNorm.withThreads(threads),
        cross.withThreads(threads),
        crossNorm.withThreads(threads),
        feedForward.withThreads(threads),
        feedForwardNorm.withThreads(threads),
        placement);
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public DecoderLayer withKernels(Kernels kernels) {
    return new DecoderLayer(
        self.withKernels(kernels),
        selfNorm.withKernels(kernels),
        cross.withKernels(kernels),
        crossNorm.withKernels(kernels),
        feedForward.withKernels(kernels),
        feedForwardNorm.withKernels(kernels),
        placement);
  }

  /** Width of input and output rows. */
  public int embedDim() {
    return self.embedDim();
  }

  MultiHeadAttention self() {
    return self;
  }

  MultiHeadAttention cross() {
    return cross;
  }

  /**
   * Runs the layer over whole sequences.
   *
   * @param x batch × rows × embedDim
   * @param memory batch × memory rows × the input width of cross
   * @param output batch × rows × embedDim, written; may be {@code x} itself
   * @throws IllegalArgumentException if shapes differ, a mask does not fit, or output shares elements with an input without being {@code
   *     x}; nothing has been written then
   */
  public void forward(SequenceBatch x, SequenceBatch memory, SequenceBatch output) {
    check(x, memory, output);
    run(x, output, self::forward, (from, to) -> cross.forward(from, memory, memory, to));
  }

  /**
   * Runs the layer over whole sequences, and computes results of the heads, such as the attention weights. The output has the bits it has
   * without them.
   *
   * @param selfResults of self-attention: weights are batch × numHeads × rows × rows
   * @param crossResults of cross-attention: weights are batch × numHeads of cross × rows × memory rows
   */
  public void forward(SequenceBatch x, SequenceBatch memory, SequenceBatch output, Results selfResults, Results crossResults) {
    check(x, memory, output);
    checkResults("selfResults", self, selfResults, x, x.rows(), memory, output);
    checkResults("crossResults", cross, crossResults, x, memory.rows(), memory, output);
    selfResults.written().forEach(written -> CallChecks.apart("crossResults", crossResults, "selfResults", written));
    run(
        x,
        output,
        (from, to) -> self.forward(from, from, from, to, selfResults),
        (from, to) -> cross.forward(from, memory, memory, to, crossResults));
  }

  private void checkResults(
      String name, MultiHeadAttention attention, Results results, SequenceBatch x, int keys, SequenceBatch memory, SequenceBatch output) {
    attention.checks().results(name, x.batch(), x.rows(), keys, results);
    CallChecks.apart(name, results, "x", x);
    CallChecks.apart(name, results, "output", output);
    CallChecks.apart(name, results, "memory", memory);
    results.written().forEach(written -> checkApart(name, written));
  }

  private void check(SequenceBatch x, SequenceBatch memory, SequenceBatch output) {
    Objects.requireNonNull(memory, "memory");
    Rowwise.checkLayer(x, embedDim(), output);
    checkApart("output", output.split(1));
    check(x, memory);
    ViewChecks.disjoint("output", output.split(1), "memory", memory.split(1));
  }

  /** Checks that a view that a stack writes shares no element with what attention reads besides the rows. */
  void checkApart(String name, Heads written) {
    self.checkApart(name, written);
    cross.checkApart(name, written);
  }

  /** Checks a call over whole sequences except for what it writes to. */
  void check(SequenceBatch x, SequenceBatch memory) {
    Checks.same("memory.batch", memory.batch(), "x.batch", x.batch());
    cross.checks().memory(memory);
    self.checks().call(x.batch(), x.rows(), x.rows());
    cross.checks().call(x.batch(), x.rows(), memory.rows());
  }

  /** Checks a call over new rows, whose caches have been entered, except for what it writes to. */
  void check(SequenceBatch x, List<KeyValueCache> caches, List<KeyValueCache> memory) {
    checkCaches(x, caches, memory);
    self.checks().self(x, CacheTransaction.rows(caches));
    cross.checks().cross("memory", x, memory);
  }

  private void checkCaches(SequenceBatch x, List<KeyValueCache> caches, List<KeyValueCache> memory) {
    self.checks().caches("caches", x, caches);
    cross.checks().memory("memory", x, memory);
    for (int b = 0; b < memory.size(); b++) {
      if (caches.contains(memory.get(b))) {
        throw new IllegalArgumentException(
            "memory[" + b + "] is caches[" + caches.indexOf(memory.get(b)) + "], to which the new rows are appended");
      }
    }
  }

  /**
   * Runs the layer over new rows of sequences whose earlier rows are in caches; see {@link MultiHeadAttention#forward(SequenceBatch, List,
   * SequenceBatch)}.
   *
   * @param x batch × new rows × embedDim
   * @param caches caches of self-attention, one for each batch entry; the new rows are appended to them
   * @param memory caches of cross-attention, one for each batch entry, see {@link MultiHeadAttention#remember}
   * @param output batch × new rows × embedDim, written; may be {@code x} itself
   * @throws IllegalArgumentException if shapes differ, or a mask does not fit
   * @throws IllegalStateException if a cache is full, closed, or in use; the caches do not change then, nor after any other failure
   */
  public void forward(SequenceBatch x, List<KeyValueCache> caches, List<KeyValueCache> memory, SequenceBatch output) {
    Rowwise.checkLayer(x, embedDim(), output);
    checkApart("output", output.split(1));
    checkCaches(x, caches, memory);
    try (CacheTransaction transaction = new CacheTransaction()) {
      forward(x, transaction.enter(caches), memory, output, transaction);
      transaction.commit();
    }
  }

  /** Runs the layer inside a larger call, which has entered the caches and commits the appended rows. */
  void forward(
      SequenceBatch x, List<KeyValueCache> caches, List<KeyValueCache> memory, SequenceBatch output, CacheTransaction transaction) {
    Rowwise.checkLayer(x, embedDim(), output);
    check(x, caches, memory);
    run(x, output, (from, to) -> self.forward(from, caches, to, transaction), (from, to) -> cross.forwardCross(from, memory, to));
  }

  private void run(SequenceBatch x, SequenceBatch output, Sublayer selfSublayer, Sublayer crossSublayer) {
    Scratch buffers = BUFFERS.take();
    try {
      SequenceBatch y = SequenceBatch.buffer(buffers, 0, x, embedDim());
      SequenceBatch z = SequenceBatch.buffer(buffers, 1, x, embedDim());
      if (placement == Norm.Placement.POST) {
        selfSublayer.forward(x, y);
        selfNorm.forward(y, x, y, y);
        crossSublayer.forward(y, z);
        crossNorm.forward(z, y, y, y);
        feedForward.forward(y, z);
        feedForwardNorm.forward(z, y, z, output);
      } else {
        selfNorm.forward(x, z);
        selfSublayer.forward(z, y);
        SequenceBatch sum = SequenceBatch.buffer(buffers, 2, x, embedDim());
        crossNorm.forward(y, x, sum, z);
        crossSublayer.forward(z, y);
        feedForwardNorm.forward(y, sum, sum, z);
        feedForward.forward(z, y);
        Residual.add(y, sum, output, feedForward.threads());
      }
    } finally {
      BUFFERS.give(buffers);
    }
  }
}
