package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.core.position.InputPositions;
import dev.lanewise.core.position.Positions;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A model from tokens to the logits of the next token: an embedding, a {@link TransformerStack}, and a projection onto the vocabulary (the
 * head). Rows of earlier tokens are in a {@link StackState}.
 *
 * <pre>{@code
 * LanguageModel model = LanguageModel.of(embedding, stack, head).withThreads(2);
 * try (StackState state = model.stack().start(1, 512)) {
 *   model.forward(new int[] {1, 15, 7}, state, logits); // logits: 1 × 1 × vocabulary, after the last of the tokens
 *   model.forward(new int[] {next}, state, logits);
 * }
 * }</pre>
 *
 * <p>The logits of a token have the same bits in one call over all tokens, in several calls and token by token, as far as the rows of the
 * stack have them: over caches of any format but INT8, see {@link TransformerStack}. A path of a tree of drafted tokens has the logits of
 * the same tokens in a row, except for rounding. Immutable and thread-safe, but only one call at a time may use a state.
 */
public final class LanguageModel {
  private static final ScratchPool<Scratch> BUFFERS = Scratch.pool(8, 2);

  private final Embedding embedding;
  private final TransformerStack stack;
  private final Linear head;
  private final @Nullable InputPositions positions;
  private final float embeddingScale;
  private final float logitSoftcap;

  private LanguageModel(
      Embedding embedding,
      TransformerStack stack,
      Linear head,
      @Nullable InputPositions positions,
      float embeddingScale,
      float logitSoftcap) {
    this.embedding = Objects.requireNonNull(embedding, "embedding");
    this.stack = Objects.requireNonNull(stack, "stack");
    this.head = Objects.requireNonNull(head, "head");
    this.positions = positions;
    this.embeddingScale = embeddingScale;
    this.logitSoftcap = logitSoftcap;
    Checks.same("embedding.embedDim", embedding.embedDim(), "stack.embedDim", stack.embedDim());
    Checks.same("head.inputs", head.inputs(), "stack.embedDim", stack.embedDim());
    Checks.same("head.outputs", head.outputs(), "embedding.vocabulary", embedding.vocabulary());
  }

  /**
   * Creates a model on one thread.
   *
   * @param head projection from embedDim to one logit for each token; {@link Embedding#tied} makes an embedding from its weight
   * @throws IllegalArgumentException if widths or vocabularies differ
   */
  public static LanguageModel of(Embedding embedding, TransformerStack stack, Linear head) {
    return new LanguageModel(embedding, stack, head, null, 1, 0).withThreads(1);
  }

  /** Returns a copy that adds these positions to the embeddings. Other kinds of positions belong to the layers of the stack. */
  public LanguageModel withPositions(InputPositions newPositions) {
    Objects.requireNonNull(newPositions, "positions");
    Checks.same("positions.embedDim", newPositions.embedDim(), "stack.embedDim", stack.embedDim());
    return new LanguageModel(embedding, stack, head, newPositions, embeddingScale, logitSoftcap);
  }

  /** Returns a copy that multiplies embeddings by a number, before positions are added; √embedDim in Gemma 2. */
  public LanguageModel withEmbeddingScale(float scale) {
    if (!(Float.isFinite(scale) && scale != 0)) {
      throw new IllegalArgumentException("scale is " + scale + ", must be finite and not 0");
    }
    return new LanguageModel(embedding, stack, head, positions, scale, logitSoftcap);
  }

  /** Returns a copy whose logits are softcap · tanh(logit / softcap); 0 for none, 30 in Gemma 2. */
  public LanguageModel withLogitSoftcap(float softcap) {
    if (!(softcap >= 0 && softcap < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("softcap is " + softcap + ", must be at least 0 and finite");
    }
    return new LanguageModel(embedding, stack, head, positions, embeddingScale, softcap);
  }

  /** Returns a copy with this number of threads for each call, including the caller's. */
  public LanguageModel withThreads(int threads) {
    return with(stack.withThreads(threads), head.withThreads(threads));
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public LanguageModel withKernels(Kernels kernels) {
    return with(stack.withKernels(kernels), head.withKernels(kernels));
  }

  /** Returns a copy with this stack, such as one with another mask of the memory. */
  public LanguageModel withStack(TransformerStack newStack) {
    return with(newStack, head);
  }

  private LanguageModel with(TransformerStack newStack, Linear newHead) {
    return new LanguageModel(embedding, newStack, newHead, positions, embeddingScale, logitSoftcap);
  }

  /** The layers, which create the states. */
  public TransformerStack stack() {
    return stack;
  }

  /** Number of tokens, whose ids are 0 to vocabulary − 1. */
  public int vocabulary() {
    return head.outputs();
  }

  /** The largest number of tokens of a sequence: that of the learned positions, otherwise {@link Integer#MAX_VALUE}. */
  public int maxRows() {
    return positions == null ? Integer.MAX_VALUE : positions.count();
  }

  /**
   * Appends tokens to the sequences of a state, as many to each, and computes logits of the last ones. If anything fails, the state does
   * not change.
   *
   * @param ids dense batch × rows, a batch entry for each sequence of the state
   * @param state a state of {@link #stack}; the rows of the tokens are added to it
   * @param logits batch × n × vocabulary, written: those after each of the last n tokens; n is at most rows, and may be 0
   * @throws IllegalArgumentException if shapes differ, an id is not in the vocabulary, or there are no more positions
   * @throws IllegalStateException if the state is full, closed, or in use
   */
  public void forward(int[] ids, StackState state, SequenceBatch logits) {
    forward(stack, ids, new int[0], state, logits);
  }

  /**
   * Appends a tree of drafted tokens to each sequence of a state, and computes the logits after each of them, on the path from the root to
   * it: those of a sequence of this path alone, whose positions and windows it has. {@link StackState#keep} then removes the refused ones.
   *
   * @param ids dense batch × nodes
   * @param parents the parent of each node, which has a smaller number, or −1 for a root; the same for all sequences
   * @param logits batch × n × vocabulary, written: those after each of the last n nodes
   * @throws IllegalArgumentException as for {@link #forward(int[], StackState, SequenceBatch)}, or if a parent does not come before its
   *     node
   */
  public void forwardTree(int[] ids, int[] parents, StackState state, SequenceBatch logits) {
    Mask tree = Mask.tree(parents).withWindowsByPosition();
    Objects.requireNonNull(ids, "ids");
    Objects.requireNonNull(state, "state");
    Checks.same("ids.length", ids.length, "state.batch * parents.length", (long) state.batch() * parents.length);
    TransformerStack masked = stack.withLayers(layer -> layer.withSelf(self -> self.withMask(self.mask().and(tree))));
    forward(masked, ids, parents, state, logits);
  }

  private void forward(TransformerStack layers, int[] ids, int[] parents, StackState state, SequenceBatch logits) {
    Objects.requireNonNull(ids, "ids");
    Objects.requireNonNull(state, "state").checkStack(layers);
    int batch = state.batch();
    Checks.same("logits.batch", Objects.requireNonNull(logits, "logits").batch(), "state.batch", batch);
    checkLogits(logits);
    if (batch == 0) {
      Checks.same("ids.length", ids.length, "the number of tokens of no sequence", 0);
      return;
    }
    Checks.multiple("ids.length", ids.length, "state.batch", batch);
    int rows = ids.length / batch;
    Checks.atMost("logits.rows", logits.rows(), "the number of new tokens of a sequence", rows);
    int[] places = new int[positions == null ? 0 : ids.length];
    for (int b = 0; b < batch && positions != null; b++) {
      place(b, parents.length > 0 ? Positions.ofTree(state.rows(b), parents) : Positions.ofRows(rows, state.rows(b)), places, b * rows);
    }
    run(layers, ids, places, batch, rows, state, x -> project(x.rows(rows - logits.rows(), rows), logits));
  }

  /**
   * Appends tokens to the sequences of a state, a different number to each, and computes the logits after all of them or after the last one
   * of each sequence. If anything fails, the state does not change.
   *
   * @param ids the tokens of all sequences, one sequence after another
   * @param sequences the sequences of {@code ids}, one for each of the state
   * @param logits 1 × n × vocabulary, written: n is the number of tokens for the logits after each, the number of sequences for those after
   *     the last token of each, or 0
   * @throws IllegalArgumentException as for {@link #forward(int[], StackState, SequenceBatch)}, or if a sequence without new tokens needs
   *     logits
   */
  public void forward(int[] ids, PackedSequences sequences, StackState state, SequenceBatch logits) {
    Objects.requireNonNull(ids, "ids");
    Objects.requireNonNull(state, "state").checkStack(stack);
    int count = Objects.requireNonNull(sequences, "sequences").count();
    Checks.same("sequences.count", count, "state.batch", state.batch());
    Checks.same("ids.length", ids.length, "queryStarts[last]", sequences.queryStart(count));
    Checks.same("logits.batch", Objects.requireNonNull(logits, "logits").batch(), "the batch of packed sequences", 1);
    checkLogits(logits);
    boolean all = logits.rows() == 0 || logits.rows() == ids.length;
    if (!all) {
      Checks.same("logits.rows", logits.rows(), "the number of sequences", count);
    }
    int[] places = new int[positions == null ? 0 : ids.length];
    for (int s = 0; s < count; s++) {
      if (!all && sequences.queries(s) == 0) {
        throw new IllegalArgumentException("logits.rows is " + count + ", one for each sequence, but sequence " + s + " has 0 new tokens");
      }
      if (positions != null) {
        place(s, Positions.ofRows(sequences.queries(s), state.rows(s)), places, sequences.queryStart(s));
      }
    }
    if (ids.length > 0) {
      Consumer<SequenceBatch> last = x -> project(all ? x.rows(0, logits.rows()) : lastRows(x, sequences), logits);
      run(stack.withPackedSequences(sequences), ids, places, 1, ids.length, state, last);
    }
  }

  /** Copies the positions of the new rows of a sequence to the positions of a call, after a check that the model has them. */
  private void place(int sequence, int[] ofSequence, int[] places, int to) {
    for (int position : ofSequence) {
      if (position >= maxRows()) {
        throw new IllegalArgumentException(
            "sequence " + sequence + " would have " + (position + 1L) + " tokens, but the model has " + maxRows() + " positions");
      }
    }
    System.arraycopy(ofSequence, 0, places, to, ofSequence.length);
  }

  /** Copies the last row of each sequence to the first rows; a row is never copied over one that is still needed. */
  private static SequenceBatch lastRows(SequenceBatch x, PackedSequences sequences) {
    for (int s = 0; s < sequences.count(); s++) {
      System.arraycopy(x.data(), x.index(0, sequences.queryStart(s + 1) - 1), x.data(), x.index(0, s), x.width());
    }
    return x.rows(0, sequences.count());
  }

  private void checkLogits(SequenceBatch logits) {
    Checks.same("logits.width", logits.width(), "vocabulary", vocabulary());
    Heads written = logits.split(1);
    ViewChecks.writable("logits", written);
    for (TransformerLayer layer : stack.layers()) {
      layer.attentions().forEach(sublayer -> sublayer.attention().checkApart("logits", written));
    }
  }

  private void run(TransformerStack layers, int[] ids, int[] places, int batch, int rows, StackState state, Consumer<SequenceBatch> last) {
    Scratch buffers = BUFFERS.take();
    try {
      int size = Checks.product("batch * rows", Checks.product("batch", batch, "rows", rows), "embedDim", stack.embedDim());
      SequenceBatch x = SequenceBatch.of(buffers.floats(0, size), batch, rows, stack.embedDim());
      embedding.forward(ids, x);
      if (embeddingScale != 1) {
        scale(x.data(), 0, size, embeddingScale);
      }
      if (positions != null) {
        positions.apply(x, places);
      }
      layers.forward(x, state, x, List.of(), last);
    } finally {
      BUFFERS.give(buffers);
    }
  }

  /** Computes the logits of rows. */
  private void project(SequenceBatch x, SequenceBatch logits) {
    if (logits.rows() == 0) {
      return;
    }
    head.forward(x, logits);
    for (int b = 0; b < logits.batch() && logitSoftcap > 0; b++) {
      for (int row = 0; row < logits.rows(); row++) {
        int from = logits.index(b, row);
        Matrix of = logits.matrix(b, row, 1, 0, logits.width());
        scale(logits.data(), from, logits.width(), 1 / logitSoftcap);
        head.kernels().activate(Activation.TANH, of, of);
        scale(logits.data(), from, logits.width(), logitSoftcap);
      }
    }
  }

  /** A plain Java loop: C2 vectorises it, and memory bandwidth limits it. */
  private static void scale(float[] x, int from, int count, float factor) {
    for (int i = from; i < from + count; i++) {
      x[i] *= factor;
    }
  }
}
