package dev.lanewise.bench.cli.learn.model;

import dev.lanewise.bench.cli.learn.model.Design.Keys;
import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.TrainableAttention;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.Positions;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.kernels.data.Heads;
import java.util.Arrays;
import java.util.List;

/** Self-attention. */
final class AttentionMixer implements Mixing {
  /** Ranges of distances of T5's positions, and the distance from which all are alike, which the training must reach. */
  private static final int BUCKETS = 16;

  private static final int FARTHEST = 16;

  private final Design design;
  private final TrainableAttention attention;

  AttentionMixer(Design design, long seed) {
    this.design = design;
    int headDim = design.embedDim() / design.heads();
    float scale = design.scaled() ? (float) (1 / Math.sqrt(headDim)) : 1;
    TrainableAttention.Builder builder =
        TrainableAttention.builder(design.embedDim(), design.heads())
            .attention(settings -> settings.withScale(scale).withNormaliser(design.weights().normaliser()));
    switch (design.positions()) {
      case ROTARY -> builder.positions(Rotary.of(headDim));
      case ALIBI -> builder.positions(Positions.alibi(design.heads()));
      case T5 -> builder.learnedBuckets(BUCKETS, FARTHEST, design.keys() != Keys.EARLIER);
      case NONE, SINUSOIDAL, LEARNED -> builder.positions(Positions.none());
    }
    this.attention = builder.xavier(seed);
  }

  private static Mask mask(Keys keys, int length) {
    return switch (keys) {
      case ALL -> Mask.none();
      case OTHERS -> Mask.evaluate((batch, head, query, key) -> query != key, 1, 1, length, length);
      case EARLIER -> Mask.causal();
    };
  }

  /** Sets the length of the sequences of the next calls. */
  void prepare(int length) {
    attention.setAttention(settings -> settings.withMask(mask(design.keys(), length)));
  }

  @Override
  public List<Parameter> parameters() {
    return attention.parameters();
  }

  @Override
  public void forward(SequenceBatch x, SequenceBatch y, Trace trace) {
    if (y.rows() == x.rows()) {
      attention.forward(x, y, trace);
    } else {
      attention.forward(x.rows(x.rows() - y.rows(), x.rows()), x, y, trace);
    }
  }

  @Override
  public void backward(Trace trace, SequenceBatch yGradient, SequenceBatch xGradient) {
    if (yGradient.rows() == xGradient.rows()) {
      attention.backward(trace, yGradient, xGradient);
      return;
    }
    int borrowed = trace.borrowed();
    SequenceBatch queryGradient = trace.borrow(yGradient.batch(), yGradient.rows(), yGradient.width());
    Arrays.fill(xGradient.data(), 0);
    attention.backward(trace, yGradient, queryGradient, xGradient);
    LastRows.add(queryGradient, xGradient);
    trace.release(borrowed);
  }

  /** The weights of one sequence, heads × queries × keys, from the layer for inference. */
  float[][][] weights(SequenceBatch x) {
    int length = x.rows();
    SequenceBatch y = SequenceBatch.zeros(1, length, x.width());
    Heads weights = Heads.zeros(1, design.heads(), length, length);
    attention.toLayer().forward(x, x, x, y, Results.of().withWeights(weights));
    float[][][] copied = new float[design.heads()][length][length];
    for (int head = 0; head < design.heads(); head++) {
      for (int query = 0; query < length; query++) {
        for (int key = 0; key < length; key++) {
          copied[head][query][key] = weights.get(0, head, query, key);
        }
      }
    }
    return copied;
  }
}
