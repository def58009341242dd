package dev.lanewise.core.learn;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Embedding;
import dev.lanewise.core.layer.LanguageModel;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.kernels.BackwardKernels;
import dev.lanewise.kernels.runtime.Checks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A language model that learns: an embedding, positions, a {@link TrainableStack} and a head, a projection onto the vocabulary. Its
 * parameters are {@code embedding.weight}, {@code positions.weight} for learned positions, those of the stack under {@code stack.}, and
 * {@code head.weight} and {@code head.bias}. A tied head shares {@code embedding.weight} ("Using the Output Embedding to Improve Language
 * Models", Press and Wolf, 2017).
 *
 * <pre>{@code
 * TrainableLanguageModel model = TrainableLanguageModel.tied(embedding, stack).withPositions(positions).withDropout(0.1f);
 * trace.train(seed, step);
 * model.clearGradients();
 * double loss = model.learn(ids, targets, batch, 1f / targets.length, trace); // the sum over targets, and the gradient of its mean
 * LanguageModel inference = model.toLayer();
 * }</pre>
 *
 * <p>{@link #learn} and {@link #loss} compute logits for some rows at a time, so the logits of a batch are never in memory at once.
 */
public final class TrainableLanguageModel implements Trainable {
  /** A target that counts nothing, as in PyTorch. */
  public static final int IGNORED = -100;

  /** Largest number of logits that are computed at a time, and limits of the number of their rows. */
  private static final int LOGITS = 1 << 22;

  private static final int LEAST_ROWS = 128;
  private static final int MOST_ROWS = 1024;

  /** Cost of a logit, in multiply-adds. */
  private static final int WORK = 32;

  private final TrainableEmbedding embedding;
  private final @Nullable TrainablePositions positions;
  private final TrainableStack stack;
  private final TrainableLinear head;
  private final boolean tied;
  private final float dropout;
  private final float labelSmoothing;
  private final List<Parameter> parameters = new ArrayList<>();

  private TrainableLanguageModel(
      TrainableEmbedding embedding,
      @Nullable TrainablePositions positions,
      TrainableStack stack,
      TrainableLinear head,
      boolean tied,
      float dropout,
      float labelSmoothing) {
    this.embedding = Objects.requireNonNull(embedding, "embedding");
    this.positions = positions;
    this.stack = Objects.requireNonNull(stack, "stack");
    this.head = Objects.requireNonNull(head, "head");
    this.tied = tied;
    this.dropout = dropout;
    this.labelSmoothing = labelSmoothing;
    Checks.same("embedding.embedDim", embedding.embedDim(), "stack.embedDim", stack.embedDim());
    Checks.same("head.inputs", head.inputs(), "stack.embedDim", stack.embedDim());
    Checks.same("head.outputs", head.outputs(), "embedding.vocabulary", embedding.vocabulary());
    add(embedding, "embedding.");
    if (positions != null) {
      Checks.same("positions.embedDim", positions.embedDim(), "stack.embedDim", stack.embedDim());
      add(positions, "positions.");
    }
    add(stack, "stack.");
    if (!tied) {
      add(head, "head.");
    }
  }

  private void add(Trainable part, String prefix) {
    part.parameters().forEach(parameter -> parameters.add(parameter.under(prefix)));
  }

  /**
   * Creates a model with a head of its own.
   *
   * @throws IllegalArgumentException if widths or vocabularies differ
   */
  public static TrainableLanguageModel of(TrainableEmbedding embedding, TrainableStack stack, TrainableLinear head) {
    return new TrainableLanguageModel(embedding, null, stack, head, false, 0, 0);
  }

  /** Creates a model whose head has the weight of the embedding, and no bias. Both add to one gradient. */
  public static TrainableLanguageModel tied(TrainableEmbedding embedding, TrainableStack stack) {
    TrainableLinear head = TrainableLinear.tied(Objects.requireNonNull(embedding, "embedding").weight());
    return new TrainableLanguageModel(embedding, null, stack, head, true, 0, 0);
  }

  /** Returns a model of the same parts that adds positions to the embeddings. */
  public TrainableLanguageModel withPositions(TrainablePositions newPositions) {
    return new TrainableLanguageModel(
        embedding, Objects.requireNonNull(newPositions, "positions"), stack, head, tied, dropout, labelSmoothing);
  }

  /** Returns a model of the same parts with dropout of the input of the stack. */
  public TrainableLanguageModel withDropout(float rate) {
    RowDropout.checkRate(rate);
    return new TrainableLanguageModel(embedding, positions, stack, head, tied, rate, labelSmoothing);
  }

  /**
   * Returns a model of the same parts whose targets have this share spread over all tokens, see {@link BackwardKernels#crossEntropy}.
   *
   * @param smoothing at least 0 and at most 1
   */
  public TrainableLanguageModel withLabelSmoothing(float smoothing) {
    if (!(smoothing >= 0 && smoothing <= 1)) {
      throw new IllegalArgumentException("smoothing is " + smoothing + ", must be in 0..1");
    }
    return new TrainableLanguageModel(embedding, positions, stack, head, tied, dropout, smoothing);
  }

  /** The layers. */
  public TrainableStack stack() {
    return stack;
  }

  /** The projection onto the vocabulary. */
  public TrainableLinear head() {
    return head;
  }

  /** Number of tokens, whose ids are 0 to vocabulary − 1. */
  public int vocabulary() {
    return embedding.vocabulary();
  }

  @Override
  public List<Parameter> parameters() {
    return List.copyOf(parameters);
  }

  /** Packs the model for inference, on one thread and without dropout. */
  public LanguageModel toLayer() {
    Linear projection = head.toLayer();
    LanguageModel model = LanguageModel.of(tied ? Embedding.tied(projection) : embedding.toLayer(), stack.toLayer(), projection);
    return positions == null ? model : model.withPositions(positions.toLayer());
  }

  /** Number of targets that count: those that are not {@link #IGNORED}. */
  public static int count(int... targets) {
    return (int) Arrays.stream(targets).filter(target -> target != IGNORED).count();
  }

  /**
   * Computes the logits of every row, for a loss of the caller's.
   *
   * @param ids dense batch × rows; packed sequences and lengths are those of the trace
   * @param logits batch × rows × vocabulary, written
   * @throws IllegalArgumentException if shapes differ, an id is not in the vocabulary, or there are too few positions
   */
  public void forward(int[] ids, SequenceBatch logits, Trace trace) {
    LayerRows.checkWidth("logits", logits, "vocabulary", vocabulary());
    SequenceBatch hidden = hidden(ids, logits.batch(), logits.rows(), trace);
    head.forward(hidden, logits, trace);
  }

  /**
   * Runs the backward pass of {@link #forward}.
   *
   * @param logitGradient batch × rows × vocabulary
   */
  public void backward(Trace trace, SequenceBatch logitGradient) {
    int borrowed = trace.borrowed();
    SequenceBatch gradient = LayerRows.borrow(trace, logitGradient, head.inputs());
    head.backward(trace, logitGradient, gradient);
    hiddenBackward(trace, gradient);
    trace.release(borrowed);
  }

  /** Embeds the tokens and runs the stack; keeps the output of the stack last. */
  private SequenceBatch hidden(int[] ids, int batch, int rows, Trace trace) {
    SequenceBatch x = trace.keep(batch, rows, embedding.embedDim());
    embedding.forward(ids, x, trace);
    if (positions != null) {
      positions.forward(x, trace);
    }
    RowDropout.forward(dropout, x, trace);
    SequenceBatch hidden = trace.keep(batch, rows, embedding.embedDim());
    stack.forward(x, hidden, trace);
    return hidden;
  }

  private void hiddenBackward(Trace trace, SequenceBatch gradient) {
    int borrowed = trace.borrowed();
    SequenceBatch inputGradient = LayerRows.borrow(trace, gradient, gradient.width());
    stack.backward(trace, gradient, inputGradient);
    trace.take(SequenceBatch.class); // the buffer of the stack's output
    SequenceBatch embedded = RowDropout.backward(dropout, inputGradient, trace);
    if (positions != null) {
      positions.backward(trace, embedded);
    }
    embedding.backward(trace, embedded);
    trace.take(SequenceBatch.class); // the buffer of the stack's input
    trace.release(borrowed);
  }

  /**
   * Computes the cross-entropy of the tokens that follow, without gradients.
   *
   * @param ids dense batch × rows
   * @param targets for each row the token that follows, or {@link #IGNORED}
   * @return the sum over all targets, in nats
   */
  public double loss(int[] ids, int[] targets, int batch, Trace trace) {
    return run(ids, targets, batch, 0, false, trace);
  }

  /**
   * Computes the cross-entropy of the tokens that follow, and adds its gradients to those of the parameters: forward and backward pass.
   *
   * @param ids dense batch × rows
   * @param targets for each row the token that follows, or {@link #IGNORED}
   * @param scale factor of the gradients: 1 / {@link #count} for those of the mean
   * @return the sum over all targets, in nats, without the factor
   * @throws IllegalArgumentException if shapes differ, an id or target is not in the vocabulary, or there are too few positions
   */
  public double learn(int[] ids, int[] targets, int batch, float scale, Trace trace) {
    return run(ids, targets, batch, scale, true, trace);
  }

  private double run(int[] ids, int[] targets, int batch, float scale, boolean learns, Trace trace) {
    Checks.atLeast("batch", batch, 1);
    Checks.multiple("ids.length", Objects.requireNonNull(ids, "ids").length, "batch", batch);
    Checks.same("targets.length", Objects.requireNonNull(targets, "targets").length, "ids.length", ids.length);
    for (int i = 0; i < targets.length; i++) {
      if (targets[i] != IGNORED && (targets[i] < 0 || targets[i] >= vocabulary())) {
        throw new IllegalArgumentException(
            "targets[" + i + "] is " + targets[i] + ", must be " + IGNORED + ", or at least 0 and below the vocabulary of " + vocabulary());
      }
    }
    int size = trace.size();
    int borrowed = trace.borrowed();
    SequenceBatch hidden = hidden(ids, batch, ids.length / batch, trace);
    SequenceBatch rows = SequenceBatch.of(hidden.data(), 1, ids.length, hidden.width());
    SequenceBatch gradient = learns ? LayerRows.borrow(trace, rows, rows.width()) : null;
    double loss = blocks(rows, targets, scale, gradient, trace);
    if (gradient == null) {
      trace.cut(size);
    } else {
      hiddenBackward(trace, SequenceBatch.of(gradient.data(), batch, ids.length / batch, hidden.width()));
    }
    trace.release(borrowed);
    return loss;
  }

  /** The loss of all rows, some at a time. */
  private double blocks(SequenceBatch rows, int[] targets, float scale, @Nullable SequenceBatch gradient, Trace trace) {
    int blockRows = Math.clamp(LOGITS / vocabulary(), LEAST_ROWS, MOST_ROWS);
    double loss = 0;
    head.setHeld(true);
    try {
      for (int from = 0; from < rows.rows(); from += blockRows) {
        int to = Math.min(from + blockRows, rows.rows());
        SequenceBatch ofBlock = gradient == null ? null : gradient.rows(from, to);
        loss += block(rows.rows(from, to), Arrays.copyOfRange(targets, from, to), scale, ofBlock, trace);
      }
    } finally {
      head.setHeld(false);
    }
    return loss;
  }

  /** The loss of some rows; with a gradient, also that of these rows, and that of the head is added. */
  private double block(SequenceBatch rows, int[] targets, float scale, @Nullable SequenceBatch gradient, Trace trace) {
    int size = trace.size();
    int borrowed = trace.borrowed();
    SequenceBatch logits = LayerRows.borrow(trace, rows, vocabulary());
    head.forward(rows, logits, trace);
    BackwardKernels kernels = trace.kernels().backward();
    double[] losses = new double[LayerRows.blocks(logits)];
    LayerRows.run(
        trace,
        WORK,
        (block, part) -> {
          int[] ofPart = LayerRows.ofBlock(targets, block);
          losses[block] = kernels.crossEntropy(part[0], ofPart, IGNORED, labelSmoothing, scale, part[0]);
        },
        logits);
    if (gradient == null) {
      trace.cut(size);
    } else {
      head.backward(trace, logits, gradient);
    }
    trace.release(borrowed);
    double loss = 0;
    for (double ofBlock : losses) {
      loss += ofBlock;
    }
    return loss;
  }
}
