package dev.lanewise.core.learn;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Gradients;
import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.call.AttentionSettings;
import dev.lanewise.core.call.PositionEffect;
import dev.lanewise.core.learn.InputProjections.Projected;
import dev.lanewise.core.learn.InputProjections.Sources;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.core.position.LayerPositions;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.runtime.ScratchPool;
import org.jspecify.annotations.Nullable;

/**
 * The forward and the backward pass of a {@link TrainableAttention}. The trace keeps projected queries, keys and values (after rotation),
 * the outputs of the heads, and the log-sum-exp of each row.
 */
record AttentionPass(
    AttentionWidths widths, InputProjections input, OutputRange output, LearnedScores learned, LayerPositions fixedPositions) {
  /** Arrays for the bias of positions. */
  private static final ScratchPool<Scratch> BUFFERS = Scratch.pool(4, 1);

  /** What a forward pass keeps besides its buffers. */
  private record Kept(
      Sources from, Projected projected, SequenceBatch heads, float @Nullable [] logSumExp, Attention scoring, LayerPositions positions) {}

  /** The forward pass. The caller has checked y; nothing has been written if mask or positions do not fit. */
  void forward(Sources from, SequenceBatch y, Trace trace, Attention scoring) {
    AttentionSettings settings = scoring.settings();
    LayerPositions positions = learned.positions(fixedPositions);
    PositionEffect effect = positions.effect();
    effect.checkLayer(widths.numHeads(), widths.headDim(), settings);
    CallShape shape = shape(settings, from);
    settings.check(shape);
    effect.check(settings, shape);
    Projected projected = input.keep(trace, from);
    SequenceBatch heads = trace.keep(from.query().batch(), from.query().rows(), widths.headsWidth());
    input.forward(trace, from, projected);
    Heads query = projected.query().split(widths.numHeads());
    Heads key = projected.key().split(widths.keyValueHeads());
    effect.turn(settings, shape, query, key);
    float[] logSumExp = settings.formula().normaliser().hasLogSumExp() ? new float[rows(from.query()) * widths.numHeads()] : null;
    Results results = Results.of().withOutput(heads.split(widths.numHeads()));
    Results all = logSumExp == null ? results : results.withLogSumExp(logSumExp);
    Scratch buffers = BUFFERS.take();
    try {
      Attention placed = Attention.of(effect.score(settings, shape, buffers, 0));
      placed.compute(query, key, projected.value().split(widths.keyValueHeads()), all);
    } finally {
      BUFFERS.give(buffers);
    }
    output.forward(trace, heads, y);
    trace.keep(new Kept(from, projected, heads, logSumExp, scoring, positions));
  }

  private static int rows(SequenceBatch x) {
    return x.batch() * x.rows();
  }

  /** The shape of a call, without elements. */
  private CallShape shape(AttentionSettings settings, Sources from) {
    float[] none = new float[widths.headDim()];
    return settings.shape(
        new Heads(none, 0, from.query().batch(), widths.numHeads(), from.query().rows(), widths.headDim(), 0, 0, 0),
        new Heads(none, 0, from.key().batch(), widths.keyValueHeads(), from.key().rows(), widths.headDim(), 0, 0, 0));
  }

  /** The backward pass, see {@link TrainableAttention#backward}. */
  void backward(
      Trace trace,
      SequenceBatch outputGradient,
      @Nullable SequenceBatch queryGradient,
      @Nullable SequenceBatch keyGradient,
      @Nullable SequenceBatch valueGradient) {
    Kept kept = trace.take(Kept.class);
    trace.take(SequenceBatch.class);
    input.take(trace, kept.from);
    LayerRows.checkBackward(kept.from.query(), outputGradient, widths.embedDim(), queryGradient);
    checkGradient("keyGradient", keyGradient, kept.from, kept.from.key());
    checkGradient("valueGradient", valueGradient, kept.from, kept.from.value());
    int borrowed = trace.borrowed();
    output.parameterGradients(trace, kept.heads, outputGradient);
    SequenceBatch headsGradient = trace.borrow(kept.heads.batch(), kept.heads.rows(), kept.heads.width());
    output.inputGradient(trace, outputGradient, headsGradient);
    Projected gradients = input.borrow(trace, kept.from);
    attend(kept, headsGradient, gradients);
    input.backward(trace, kept.from, gradients, queryGradient, keyGradient, valueGradient);
    trace.release(borrowed);
  }

  private static void checkGradient(String name, @Nullable SequenceBatch gradient, Sources from, SequenceBatch source) {
    if (gradient != null) {
      if (from.self()) {
        throw new IllegalArgumentException(name + " is given, but the forward pass was that of self-attention, which has one source");
      }
      LayerRows.checkWidth(name, gradient, "its source", source.width());
      LayerRows.checkRows(name, gradient, "its source", source);
      ViewChecks.writable(name, gradient.split(1));
    }
  }

  /** The gradients of projected queries, keys and values, and those of the parameters of scores. */
  private void attend(Kept kept, SequenceBatch headsGradient, Projected gradients) {
    AttentionSettings settings = kept.scoring.settings();
    PositionEffect effect = kept.positions.effect();
    CallShape shape = shape(settings, kept.from);
    Heads queryGradient = gradients.query().split(widths.numHeads());
    Heads keyGradient = gradients.key().split(widths.keyValueHeads());
    Heads valueGradient = gradients.value().split(widths.keyValueHeads());
    LearnedScores.Collected collected = learned.new Collected();
    Scratch buffers = BUFFERS.take();
    try {
      AttentionSettings placed = effect.score(settings, shape, buffers, 0);
      Gradients wanted = Gradients.of().withQuery(queryGradient).withKey(keyGradient).withValue(valueGradient);
      Attention.of(placed)
          .backward(
              kept.projected.query().split(widths.numHeads()),
              kept.projected.key().split(widths.keyValueHeads()),
              kept.projected.value().split(widths.keyValueHeads()),
              kept.heads.split(widths.numHeads()),
              kept.logSumExp,
              headsGradient.split(widths.numHeads()),
              collected.request(wanted, placed));
    } finally {
      BUFFERS.give(buffers);
    }
    collected.add(settings, shape, kept.positions);
    effect.turnBack(settings, shape, queryGradient, keyGradient);
  }
}
