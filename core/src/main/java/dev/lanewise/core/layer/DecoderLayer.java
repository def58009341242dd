package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.cache.page.CacheTransaction;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.core.position.LayerPositions;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;

/**
 * A layer of a transformer decoder: self-attention, causal unless changed, cross-attention to a memory, and a feed-forward network, each
 * with a residual connection and a norm.
 *
 * <pre>
 * post-norm   y = norm₁(x + self(x)),    z = norm₂(y + cross(y, memory)),    output = norm₃(z + feedForward(z))
 * pre-norm    y = x + self(norm₁(x)),    z = y + cross(norm₂(y), memory),    output = z + feedForward(norm₃(z))
 * </pre>
 *
 * Immutable and thread-safe; what is derived by a {@code with} shares the weights.
 */
public final class DecoderLayer {
  private static final ScratchPool<Scratch> BUFFERS = Scratch.pool(8, 3);

  private final MultiHeadAttention self;
  private final Norm selfNorm;
  private final MultiHeadAttention cross;
  private final Norm crossNorm;
  private final FeedForward feedForward;
  private final Norm feedForwardNorm;
  private final NormPlacement placement;
  private final int threads;

  private DecoderLayer(DecoderLayer other, MultiHeadAttention self, MultiHeadAttention cross, int threads) {
    this.self = self;
    this.selfNorm = other.selfNorm;
    this.cross = cross;
    this.crossNorm = other.crossNorm;
    this.feedForward = other.feedForward;
    this.feedForwardNorm = other.feedForwardNorm;
    this.placement = other.placement;
    this.threads = threads;
  }

  private DecoderLayer(Attending self, Attending cross, FeedForward feedForward, Norm feedForwardNorm, NormPlacement placement) {
    this.self = self.attention.withMask(causal(self.attention.mask())).withThreads(1);
    this.selfNorm = self.norm;
    this.cross = cross.attention.withThreads(1);
    this.crossNorm = cross.norm;
    this.feedForward = Objects.requireNonNull(feedForward, "feedForward");
    this.feedForwardNorm = Objects.requireNonNull(feedForwardNorm, "feedForwardNorm");
    this.placement = Objects.requireNonNull(placement, "placement");
    this.threads = 1;
    int embedDim = this.self.embedDim();
    Checks.same("selfNorm.width", selfNorm.width(), "embedDim", embedDim);
    Checks.same("cross.embedDim", this.cross.embedDim(), "embedDim", embedDim);
    Checks.same("crossNorm.width", crossNorm.width(), "embedDim", embedDim);
    Checks.same("feedForward.inputs", feedForward.inputs(), "embedDim", embedDim);
    Checks.same("feedForward.outputs", feedForward.outputs(), "embedDim", embedDim);
    Checks.same("feedForwardNorm.width", feedForwardNorm.width(), "embedDim", embedDim);
  }

  private record Attending(MultiHeadAttention attention, Norm norm) {}

  private static Mask causal(Mask before) {
    return before == Mask.none() ? Mask.causal() : before.and(Mask.causal());
  }

  /**
   * A layer of these parts, on one thread, with a causal mask in {@code self} beside the mask that it has.
   *
   * @param cross attention to the memory; a decoder layer has one
   * @throws IllegalArgumentException if widths differ
   */
  public static DecoderLayer of(
      MultiHeadAttention self,
      Norm selfNorm,
      MultiHeadAttention cross,
      Norm crossNorm,
      FeedForward feedForward,
      Norm feedForwardNorm,
      NormPlacement placement) {
    Objects.requireNonNull(self, "self");
    Objects.requireNonNull(selfNorm, "selfNorm");
    Objects.requireNonNull(cross, "cross is null: a DecoderLayer attends to a memory");
    Objects.requireNonNull(crossNorm, "crossNorm is null: a DecoderLayer attends to a memory");
    return new DecoderLayer(new Attending(self, selfNorm), new Attending(cross, crossNorm), feedForward, feedForwardNorm, placement);
  }

  /** The same layer with this mask in self-attention; it replaces the causal one and any other. */
  public DecoderLayer withMask(Mask mask) {
    return withSelf(of -> of.withMask(mask));
  }

  /** The same layer with this mask in cross-attention. */
  public DecoderLayer withMemoryMask(Mask mask) {
    return withCross(of -> of.withMask(mask));
  }

  /** The same layer with these positions in self-attention, see {@link MultiHeadAttention#withPositions}; a memory has none. */
  public DecoderLayer withPositions(LayerPositions positions) {
    return withSelf(of -> of.withPositions(positions));
  }

  /** The same layer with its self-attention changed. */
  public DecoderLayer withSelf(UnaryOperator<MultiHeadAttention> change) {
    return new DecoderLayer(this, changed("self", change, self), cross, threads);
  }

  /** The same layer with its cross-attention changed. */
  public DecoderLayer withCross(UnaryOperator<MultiHeadAttention> change) {
    return new DecoderLayer(this, self, changed("cross", change, cross), threads);
  }

  private MultiHeadAttention changed(String name, UnaryOperator<MultiHeadAttention> change, MultiHeadAttention before) {
    Objects.requireNonNull(change, "change");
    MultiHeadAttention changed = Objects.requireNonNull(change.apply(before), "the changed " + name);
    Checks.same(name + ".embedDim", changed.embedDim(), "embedDim", embedDim());
    return changed;
  }

  /** The same layer with this many threads a call, the caller's among them. */
  public DecoderLayer withThreads(int newThreads) {
    return new DecoderLayer(this, self.withThreads(newThreads), cross.withThreads(newThreads), newThreads);
  }

  /** Width of the rows that go in and come out. */
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
   * @param memory batch × memory rows × the width that cross projects from
   * @param output batch × rows × embedDim, written; may be {@code x} itself
   * @throws IllegalArgumentException if shapes differ, a mask does not fit, or output shares elements with an input without being {@code
   *     x}; nothing has been written then
   */
  public void forward(SequenceBatch x, SequenceBatch memory, SequenceBatch output) {
    Objects.requireNonNull(memory, "memory");
    Rows.checkLayer(x, embedDim(), output);
    checkApart("output", output.split(1));
    check(x, memory);
    ViewChecks.disjoint("output", output.split(1), "memory", memory.split(1));
    run(x, output, self::self, (from, to) -> cross.cross(from, memory, to));
  }

  /**
   * Runs the layer over whole sequences and hands out what it attends to.
   *
   * @param selfWeights batch × numHeads × rows × rows, written
   * @param crossWeights batch × numHeads of cross × rows × memory rows, written
   */
  public void forward(SequenceBatch x, SequenceBatch memory, SequenceBatch output, Heads selfWeights, Heads crossWeights) {
    Objects.requireNonNull(memory, "memory");
    Rows.checkLayer(x, embedDim(), output);
    checkApart("output", output.split(1));
    check(x, memory);
    ViewChecks.disjoint("output", output.split(1), "memory", memory.split(1));
    self.checks().weights("selfWeights", selfWeights, Projections.Names.SELF, x, x.rows());
    checkApart("selfWeights", selfWeights, self, x, output);
    cross.checks().weights("crossWeights", crossWeights, Projections.Names.CROSS, x, memory.rows());
    checkApart("crossWeights", crossWeights, cross, x, output);
    ViewChecks.disjoint("selfWeights", selfWeights, "crossWeights", crossWeights);
    ViewChecks.disjoint("selfWeights", selfWeights, "memory", memory.split(1));
    ViewChecks.disjoint("crossWeights", crossWeights, "memory", memory.split(1));
    run(
        x,
        output,
        (from, to) -> {
          self.weights(from, from, selfWeights);
          self.self(from, to);
        },
        (from, to) -> {
          cross.weights(from, memory, crossWeights);
          cross.cross(from, memory, to);
        });
  }

  /** That what a stack writes is apart from what attention reads beside the rows. */
  void checkApart(String name, Heads written) {
    self.checkApart(name, written);
    cross.checkApart(name, written);
  }

  /** Checks everything about a call over whole sequences but what it writes to. */
  void check(SequenceBatch x, SequenceBatch memory) {
    Checks.same("memory.batch", memory.batch(), "x.batch", x.batch());
    cross.checks().memory(memory);
    self.checks().call(x.batch(), x.rows(), x.rows());
    cross.checks().call(x.batch(), x.rows(), memory.rows());
  }

  /** Checks everything about a call over new rows, whose caches have been entered, but what it writes to. */
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
        throw new IllegalArgumentException("memory[" + b + "] is caches[" + caches.indexOf(memory.get(b)) + "], which takes the new rows");
      }
    }
  }

  private static void checkApart(String name, Heads weights, MultiHeadAttention of, SequenceBatch x, SequenceBatch output) {
    ViewChecks.disjoint(name, weights, "x", x.split(1));
    ViewChecks.disjoint(name, weights, "output", output.split(1));
    of.checkApart(name, weights);
  }

  /**
   * Runs the layer over new rows of sequences whose earlier rows are in caches; see {@link MultiHeadAttention#self(SequenceBatch, List,
   * SequenceBatch)}.
   *
   * @param x batch × new rows × embedDim
   * @param caches of self-attention, one a batch entry; they take the new rows
   * @param memory of cross-attention, one a batch entry, see {@link MultiHeadAttention#remember}
   * @param output batch × new rows × embedDim, written; may be {@code x} itself
   * @throws IllegalArgumentException if shapes differ, or a mask does not fit
   * @throws IllegalStateException if a cache is full, closed, or in use; the caches are as they were then, as after any failure
   */
  public void forward(SequenceBatch x, List<KeyValueCache> caches, List<KeyValueCache> memory, SequenceBatch output) {
    Rows.checkLayer(x, embedDim(), output);
    checkApart("output", output.split(1));
    checkCaches(x, caches, memory);
    try (CacheTransaction transaction = new CacheTransaction()) {
      forward(x, transaction.enter(caches), memory, output, transaction);
      transaction.commit();
    }
  }

  /** The same as a part of a larger call that has entered the caches, and commits what is appended. */
  void forward(
      SequenceBatch x, List<KeyValueCache> caches, List<KeyValueCache> memory, SequenceBatch output, CacheTransaction transaction) {
    Rows.checkLayer(x, embedDim(), output);
    check(x, caches, memory);
    run(x, output, (from, to) -> self.self(from, caches, to, transaction), (from, to) -> cross.cross(from, memory, to));
  }

  /** A part that reads rows and writes as many elsewhere. */
  private interface Part {
    void apply(SequenceBatch from, SequenceBatch to);
  }

  private void run(SequenceBatch x, SequenceBatch output, Part selfPart, Part crossPart) {
    Scratch buffers = BUFFERS.take();
    try {
      SequenceBatch y = Rows.buffer(buffers, 0, x, embedDim());
      SequenceBatch z = Rows.buffer(buffers, 1, x, embedDim());
      if (placement == NormPlacement.POST) {
        selfPart.apply(x, y);
        selfNorm.applyToSum(y, x, y, y, threads);
        crossPart.apply(y, z);
        crossNorm.applyToSum(z, y, y, y, threads);
        feedForward.apply(y, z, threads);
        feedForwardNorm.applyToSum(z, y, z, output, threads);
      } else {
        selfNorm.apply(x, z, threads);
        selfPart.apply(z, y);
        SequenceBatch sum = Rows.buffer(buffers, 2, x, embedDim());
        crossNorm.applyToSum(y, x, sum, z, threads);
        crossPart.apply(z, y);
        feedForwardNorm.applyToSum(y, sum, sum, z, threads);
        feedForward.apply(z, y, threads);
        Residual.add(y, sum, output, threads);
      }
    } finally {
      BUFFERS.give(buffers);
    }
  }
}
