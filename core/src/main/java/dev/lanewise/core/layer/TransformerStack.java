package dev.lanewise.core.layer;

import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.page.CacheTransaction;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.core.position.LayerPositions;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Transformer layers one after another, with an optional norm after the last one (usual for {@link Norm.Placement#PRE}). A stack runs over
 * whole sequences, or over a few new rows at a time with a {@link StackState}:
 *
 * <pre>{@code
 * encoder.forward(x, y); // batch × rows × embedDim
 * try (StackState state = decoderOnly.start(1, 512)) { // one sequence of up to 512 rows
 *   decoderOnly.forward(prompt, state, promptOutput); // batch × any number of rows × embedDim
 *   decoderOnly.forward(token, state, tokenOutput); // batch × 1 × embedDim: the bits of one pass over all rows
 * }
 * try (StackState state = decoder.start(memory, 512)) { // the memory is projected once
 *   decoder.forward(prompt, state, promptOutput);
 * }
 * }</pre>
 *
 * <p>A row has the same bits in a step, in a chunk of any size and in one pass with or without a state, if caches are in F32, the default,
 * and the row sees the same earlier rows at the same positions. Calls over a state have equal bits among themselves if caches are in BF16,
 * in F16 with one exception, and not in INT8: see {@link dev.lanewise.core.Attention#compute(dev.lanewise.kernels.data.Heads, List,
 * dev.lanewise.kernels.data.Heads)}.
 *
 * <p>Immutable and thread-safe, but only one call at a time may use a state. The {@code with…} methods return copies that share the
 * weights.
 */
public final class TransformerStack {
  private static final ScratchPool<Scratch> BUFFERS = Scratch.pool(8, 3);

  private final List<TransformerLayer> layers;
  private final @Nullable Norm finalNorm;

  private TransformerStack(List<TransformerLayer> layers, @Nullable Norm finalNorm) {
    this.layers = copy(layers);
    this.finalNorm = finalNorm;
    Checks.atLeast("layers", this.layers.size(), 1);
    for (int i = 1; i < this.layers.size(); i++) {
      Checks.same("layers[" + i + "].embedDim", this.layers.get(i).embedDim(), "layers[0].embedDim", embedDim());
    }
    if (finalNorm != null) {
      Checks.same("finalNorm.width", finalNorm.width(), "embedDim", embedDim());
    }
  }

  /** Copies the list of layers, none of which may be null. */
  private static List<TransformerLayer> copy(List<TransformerLayer> layers) {
    Objects.requireNonNull(layers, "layers");
    for (int i = 0; i < layers.size(); i++) {
      Objects.requireNonNull(layers.get(i), "layers[" + i + "]");
    }
    return List.copyOf(layers);
  }

  /**
   * Creates a stack from layers, on one thread.
   *
   * @param finalNorm null for none
   * @throws IllegalArgumentException if there is no layer, or widths differ
   */
  public static TransformerStack of(List<TransformerLayer> layers, @Nullable Norm finalNorm) {
    return new TransformerStack(layers, finalNorm).withThreads(1);
  }

  /** Returns a copy with this mask in every self-attention, in place of the causal mask and any other. */
  public TransformerStack withMask(Mask mask) {
    return withLayers(layer -> layer.withMask(mask));
  }

  /** Returns a copy with this mask in every cross-attention, in place of earlier ones. */
  public TransformerStack withMemoryMask(Mask mask) {
    return withLayers(layer -> layer.withMemoryMask(mask));
  }

  /** Returns a copy with these positions in every self-attention, see {@link MultiHeadAttention#withPositions}. */
  public TransformerStack withPositions(LayerPositions positions) {
    return withLayers(layer -> layer.withPositions(positions));
  }

  /** Returns a copy for packed sequences in every attention, see {@link MultiHeadAttention#withPackedSequences}. */
  public TransformerStack withPackedSequences(PackedSequences sequences) {
    return withLayers(layer -> layer.withPackedSequences(sequences));
  }

  /** Returns a copy with this number of threads for each call, including the caller's. */
  public TransformerStack withThreads(int threads) {
    return with(layer -> layer.withThreads(threads), norm -> norm.withThreads(threads));
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public TransformerStack withKernels(Kernels kernels) {
    return with(layer -> layer.withKernels(kernels), norm -> norm.withKernels(kernels));
  }

  /** Returns a copy with every layer changed by a function. */
  public TransformerStack withLayers(UnaryOperator<TransformerLayer> change) {
    return with(Objects.requireNonNull(change, "change"), norm -> norm);
  }

  private TransformerStack with(UnaryOperator<TransformerLayer> change, UnaryOperator<Norm> changeNorm) {
    return new TransformerStack(layers.stream().map(change).toList(), finalNorm == null ? null : changeNorm.apply(finalNorm));
  }

  /** The layers, from the input to the output. */
  public List<TransformerLayer> layers() {
    return layers;
  }

  /** Width of input and output rows. */
  public int embedDim() {
    return layers.getFirst().embedDim();
  }

  /**
   * Runs all layers over whole sequences.
   *
   * @param x batch × rows × embedDim
   * @param output batch × rows × embedDim, written; may be {@code x} itself
   * @throws IllegalArgumentException if shapes differ, the mask or positions of some layer do not fit, a layer attends to a memory, or
   *     output shares elements with an input without being {@code x}; nothing has been written then
   */
  public void forward(SequenceBatch x, SequenceBatch output) {
    forward(layers, finalNorm, x, null, output, List.of());
  }

  /**
   * Runs all layers over whole sequences, some of which attend to a memory.
   *
   * @param memory batch × memory rows × the input width of cross-attention
   */
  public void forward(SequenceBatch x, SequenceBatch memory, SequenceBatch output) {
    forward(layers, finalNorm, x, Objects.requireNonNull(memory, "memory"), output, List.of());
  }

  /** Runs all layers over whole sequences without a memory, and computes results of the heads. */
  public void forward(SequenceBatch x, SequenceBatch output, List<Results> results) {
    forward(layers, finalNorm, x, null, output, results);
  }

  /**
   * Runs all layers over whole sequences, and computes results of the heads of each, such as the attention weights, batch × numHeads × rows
   * × keys. The output has the bits it has without them.
   *
   * @param memory null if no layer attends to a memory
   * @param results those of each attention sublayer of each layer, in order; {@link Results#of()} for none
   * @throws IllegalArgumentException as without results, or if results do not fit or share elements with any other argument; nothing has
   *     been written then
   */
  public void forward(SequenceBatch x, @Nullable SequenceBatch memory, SequenceBatch output, List<Results> results) {
    forward(layers, finalNorm, x, memory, output, results);
  }

  /** Runs layers over whole sequences. */
  static void forward(
      List<TransformerLayer> layers,
      @Nullable Norm finalNorm,
      SequenceBatch x,
      @Nullable SequenceBatch memory,
      SequenceBatch output,
      List<Results> results) {
    Rowwise.checkLayer(x, layers.getFirst().embedDim(), output);
    AttentionSource call = new WholeCall(x, memory, output, results);
    check(layers, call, output, results);
    if (memory != null && layers.stream().flatMap(layer -> layer.attentions().stream()).noneMatch(SublayerPart.Attending::toMemory)) {
      throw new IllegalArgumentException("memory is given, but no sublayer attends to a memory");
    }
    run(layers, finalNorm, call, x, output);
  }

  private static void check(List<TransformerLayer> layers, AttentionSource call, SequenceBatch output, List<Results> results) {
    int count = 0;
    for (TransformerLayer layer : layers) {
      for (SublayerPart.Attending sublayer : layer.attentions()) {
        call.check(sublayer);
        sublayer.attention().checkApart("output", output.split(1));
        count++;
      }
    }
    if (!Objects.requireNonNull(results, "results").isEmpty()) {
      Checks.same("results", results.size(), "attention sublayers", count);
      ResultsOfSublayers.checkApart(results, layers, call);
    }
  }

  private static void run(
      List<TransformerLayer> layers, @Nullable Norm finalNorm, AttentionSource call, SequenceBatch x, SequenceBatch output) {
    Scratch scratch = BUFFERS.take();
    try {
      TransformerLayer.Buffers buffers = TransformerLayer.Buffers.of(scratch, x);
      SequenceBatch from = x;
      for (TransformerLayer layer : layers) {
        layer.forward(call, from, output, buffers);
        from = output;
      }
    } finally {
      BUFFERS.give(scratch);
    }
    if (finalNorm != null) {
      finalNorm.forward(output, output);
    }
  }

  /**
   * Creates a state for sequences of up to {@code capacity} rows each; {@link #state} has more settings.
   *
   * @param batch number of sequences
   * @param capacity maximum number of rows of a sequence, at least 1
   */
  public StackState start(int batch, int capacity) {
    return state().batch(batch).capacity(capacity).build();
  }

  /**
   * Creates a state for sequences of up to {@code capacity} rows each, and projects a memory for every layer.
   *
   * @param memory batch × memory rows × the input width of cross-attention
   * @param capacity maximum number of rows of the stack's own sequences, at least 1
   */
  public StackState start(SequenceBatch memory, int capacity) {
    return state().memory(memory).capacity(capacity).build();
  }

  /** Creates a builder of a state, with choices of memory, format and window. */
  public StackState.Builder state() {
    return new StackState.Builder(this);
  }

  /**
   * Runs all layers over new rows of sequences. If anything fails, the state does not change.
   *
   * @param x batch × new rows × embedDim, one batch entry for each sequence of the state; with {@link #withPackedSequences} 1 × all new
   *     rows × embedDim
   * @param state a state of this stack, or of one derived from it; the new rows are added to it
   * @param output of the shape of {@code x}, written; may be {@code x} itself
   * @throws IllegalArgumentException if shapes differ, or the mask or positions of some layer do not fit; nothing has been written then
   * @throws IllegalStateException if the state is full, closed, or in use
   */
  public void forward(SequenceBatch x, StackState state, SequenceBatch output) {
    forward(x, state, output, List.of());
  }

  /**
   * Runs all layers over new rows of sequences, and computes results of the heads of each: weights are batch × numHeads × new rows × keys,
   * with as many keys as the longest sequence has rows.
   *
   * @param results those of each attention sublayer of each layer, in order; {@link Results#of()} for none
   */
  public void forward(SequenceBatch x, StackState state, SequenceBatch output, List<Results> results) {
    forward(x, state, output, results, rows -> {});
  }

  /** Runs all layers over new rows, and a last step before the rows become permanent. */
  void forward(SequenceBatch x, StackState state, SequenceBatch output, List<Results> results, Consumer<SequenceBatch> last) {
    Objects.requireNonNull(state, "state");
    Rowwise.checkLayer(x, embedDim(), output);
    state.checkStack(this);
    try (CacheTransaction transaction = state.enter()) {
      StateCall call = new StateCall(x, state, output, results, transaction);
      check(layers, call, output, results);
      call.begin(layers);
      run(layers, finalNorm, call, x, output);
      last.accept(output);
      transaction.commit();
    }
  }
}
