package dev.lanewise.bench.cli.learn.model;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.Trainable;
import dev.lanewise.core.learn.TrainableEmbedding;
import dev.lanewise.core.learn.TrainableFeedForward;
import dev.lanewise.core.learn.TrainableLinear;
import dev.lanewise.core.learn.TrainableNorm;
import dev.lanewise.core.learn.TrainablePositions;
import dev.lanewise.core.position.Positions;
import dev.lanewise.kernels.data.Activation;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** A model that reads a sequence of tokens and gives an answer at each position; {@link Design} says what it is made of. */
final class Reader implements Trainable {
  private static final float EPSILON = 1e-5f;

  private final Design design;
  private final TrainableEmbedding embedding;
  private final @Nullable TrainablePositions positions;
  private final TrainableNorm mixerNorm;
  private final Mixing mixer;
  private final TrainableNorm feedForwardNorm;
  private final TrainableFeedForward feedForward;
  private final TrainableNorm norm;
  private final TrainableLinear head;
  private final List<Parameter> parameters = new ArrayList<>();
  private Rows rows = Rows.of(0, 0, 0, 1);

  /**
   * The rows between the layers of a call, which the backward pass reads. Those behind the mixer are of asked positions only.
   *
   * @param x input of the block
   * @param normed input of the mixer
   * @param mixed output of the mixer
   * @param between rows between mixer and feed-forward network
   * @param betweenNormed input of the network
   * @param fed output of the network
   * @param y output of the block
   * @param last input of the last layer
   * @param gradient the gradient of y, then of the rows between
   * @param inner the gradient of the last layer's input, then of the network's
   * @param other the gradient of what is added to the rows between
   * @param normedGradient the gradient of the input of the mixer
   * @param xGradient the gradient of x
   */
  private record Rows(
      SequenceBatch x,
      SequenceBatch normed,
      SequenceBatch mixed,
      SequenceBatch between,
      SequenceBatch betweenNormed,
      SequenceBatch fed,
      SequenceBatch y,
      SequenceBatch last,
      SequenceBatch gradient,
      SequenceBatch inner,
      SequenceBatch other,
      SequenceBatch normedGradient,
      SequenceBatch xGradient) {
    static Rows of(int count, int length, int asked, int width) {
      SequenceBatch[] all = new SequenceBatch[13];
      for (int i = 0; i < all.length; i++) {
        all[i] = SequenceBatch.zeros(count, i < 2 || i > 10 ? length : asked, width);
      }
      return new Rows(all[0], all[1], all[2], all[3], all[4], all[5], all[6], all[7], all[8], all[9], all[10], all[11], all[12]);
    }
  }

  /**
   * Creates an untrained model.
   *
   * @param longest the longest sequence that it will read
   */
  Reader(Design design, int vocabulary, int answers, int longest, long seed) {
    int width = design.embedDim();
    SplittableRandom seeds = new SplittableRandom(seed);
    this.design = design;
    embedding = TrainableEmbedding.normal(seeds.nextLong(), vocabulary, width, 1);
    positions = positions(design, longest, seeds.nextLong());
    mixerNorm = TrainableNorm.layer(width, EPSILON);
    mixer = mixer(design, seeds.nextLong());
    feedForwardNorm = TrainableNorm.layer(width, EPSILON);
    feedForward =
        TrainableFeedForward.of(
            TrainableLinear.xavier(seeds.nextLong(), width, 2 * width),
            TrainableLinear.xavier(seeds.nextLong(), 2 * width, width),
            Activation.GELU);
    norm = TrainableNorm.layer(width, EPSILON);
    head = TrainableLinear.xavier(seeds.nextLong(), width, answers);
    add("embedding.", embedding);
    if (positions != null) {
      add("positions.", positions);
    }
    add("mixerNorm.", mixerNorm);
    add("mixer.", mixer);
    add("feedForwardNorm.", feedForwardNorm);
    add("feedForward.", feedForward);
    add("norm.", norm);
    add("head.", head);
  }

  private void add(String prefix, Trainable layer) {
    layer.parameters().forEach(parameter -> parameters.add(parameter.under(prefix)));
  }

  private static @Nullable TrainablePositions positions(Design design, int longest, long seed) {
    return switch (design.positions()) {
      case SINUSOIDAL -> TrainablePositions.fixed(Positions.sinusoidal(design.embedDim()));
      case LEARNED -> TrainablePositions.learned(TrainableEmbedding.normal(seed, longest, design.embedDim(), 1));
      case NONE, ROTARY, ALIBI, T5 -> null;
    };
  }

  private static Mixing mixer(Design design, long seed) {
    return switch (design.mixer()) {
      case ATTENTION -> new AttentionMixer(design, seed);
      case WINDOW -> new WindowMixer(seed, Design.WINDOW, design.embedDim());
      case MEAN -> new MeanMixer(seed, design.embedDim());
    };
  }

  @Override
  public List<Parameter> parameters() {
    return List.copyOf(parameters);
  }

  /**
   * Computes logits of the last positions.
   *
   * @param tokens count × length
   * @param logits count × asked × answers, written: the logits of the last {@code asked} positions of each sequence
   */
  void forward(int[] tokens, SequenceBatch logits, Trace trace) {
    prepare(logits.batch(), tokens.length / logits.batch(), logits.rows());
    embed(tokens, trace);
    mixer.forward(rows.normed, rows.mixed, trace);
    LastRows.sum(rows.x.rows(rows.x.rows() - logits.rows(), rows.x.rows()), rows.mixed, rows.between);
    feedForwardNorm.forward(rows.between, rows.betweenNormed, trace);
    feedForward.forward(rows.betweenNormed, rows.fed, trace);
    LastRows.sum(rows.between, rows.fed, rows.y);
    norm.forward(rows.y, rows.last, trace);
    head.forward(rows.last, logits, trace);
  }

  /** Computes the input of the mixer. */
  private void embed(int[] tokens, Trace trace) {
    embedding.forward(tokens, rows.x, trace);
    if (positions != null) {
      positions.forward(rows.x, trace);
    }
    mixerNorm.forward(rows.x, rows.normed, trace);
  }

  private void prepare(int count, int length, int asked) {
    if (rows.x.batch() != count || rows.x.rows() != length || rows.y.rows() != asked) {
      rows = Rows.of(count, length, asked, design.embedDim());
      if (mixer instanceof AttentionMixer attention) {
        attention.prepare(length);
      }
    }
  }

  /** Adds the gradients of all parameters for the last forward pass. */
  void backward(SequenceBatch logitGradient, Trace trace) {
    head.backward(trace, logitGradient, rows.inner);
    norm.backward(trace, rows.inner, rows.gradient);
    feedForward.backward(trace, rows.gradient, rows.inner);
    feedForwardNorm.backward(trace, rows.inner, rows.other);
    LastRows.sum(rows.gradient, rows.other, rows.gradient);
    mixer.backward(trace, rows.gradient, rows.normedGradient);
    mixerNorm.backward(trace, rows.normedGradient, rows.xGradient);
    LastRows.add(rows.gradient, rows.xGradient);
    if (positions != null) {
      positions.backward(trace, rows.xGradient);
    }
    embedding.backward(trace, rows.xGradient);
  }

  /** The attention weights of one sequence, heads × queries × keys, or null if the model has no attention. */
  float @Nullable [][][] weights(int[] tokens, Trace trace) {
    if (!(mixer instanceof AttentionMixer attention)) {
      return null;
    }
    prepare(1, tokens.length, tokens.length);
    embed(tokens, trace.evaluate());
    return attention.weights(rows.normed);
  }
}
