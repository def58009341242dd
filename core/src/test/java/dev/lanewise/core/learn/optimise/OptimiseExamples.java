package dev.lanewise.core.learn.optimise;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.TrainableAttention;
import dev.lanewise.core.learn.TrainableLayer;
import dev.lanewise.core.learn.TrainableLinear;
import dev.lanewise.core.learn.loss.CrossEntropy;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The examples in the Javadoc of the optimisers; the tests compare and run them. */
final class OptimiseExamples {
  private OptimiseExamples() {}

  static List<String> blocks() throws IOException {
    return ReadmeBlocks.compiled("OptimiseExamples.java");
  }

  static void loop(TrainableLayer model, SequenceBatch x, SequenceBatch y, int[] targets, Trace trace, Schedule schedule, long steps) {
    long seed = 1;
    CrossEntropy loss = CrossEntropy.standard();
    // begin
    Optimiser optimiser = AdamW.of(model.parameters());
    GradientClip clip = GradientClip.globalNorm(1);
    for (long step = 0; step < steps; step++) {
      optimiser.clearGradients();
      model.forward(x, y, trace.train(seed, step));
      loss.compute(y, targets, y);
      model.backward(trace, y, null); // adds to the gradients
      double norm = clip.norm(optimiser.parameters());
      optimiser.step(schedule.rate(step), clip.factor(norm));
    }
    // end
  }

  static void clip(List<Parameter> parameters, Optimiser optimiser, double learningRate) {
    // begin
    GradientClip clip = GradientClip.globalNorm(1).withThreads(2);
    double norm = clip.norm(parameters);
    optimiser.step(learningRate, clip.factor(norm)); // the optimiser multiplies, without another pass over the gradients
    // end
  }

  static void adamW(TrainableLayer model) {
    // begin
    AdamW optimiser = AdamW.builder(model.parameters()).betas(0.9, 0.98).decay(0.1).threads(2).build();
    optimiser.step(3e-4);
    // end
  }

  static void sgd(TrainableLayer model) {
    // begin
    Sgd optimiser = Sgd.builder(model.parameters()).momentum(0.9).nesterov().build();
    optimiser.step(0.1);
    // end
  }

  static double schedule() {
    // begin
    Schedule schedule = Schedule.cosine(3e-4, 10_000).withWarmUp(500).withMinimum(3e-5);
    double rate = schedule.rate(0); // 6e-7
    // end
    return rate;
  }

  static List<String> order(List<String> pairs, int batchSize, long number) {
    List<String> batch = new ArrayList<>();
    // begin
    SeededOrder order = SeededOrder.of(42, pairs.size());
    for (int i = 0; i < batchSize; i++) {
      batch.add(pairs.get(order.item(number * batchSize + i))); // batch `number` of the run, across the ends of epochs
    }
    // end
    return batch;
  }

  static long checkpoint(Path path, Optimiser optimiser, long position) throws IOException {
    // begin
    Checkpoint.save(path, optimiser, Map.of("position", position)); // any numbers that tell where the data is
    Checkpoint found = Checkpoint.load(path, optimiser); // later: changes the parameters of the optimiser, and its state
    long next = found.position().getOrDefault("position", 0L);
    // end
    return next;
  }

  static boolean training(
      Path path, TrainableLayer model, Optimiser optimiser, SequenceBatch x, SequenceBatch y, int[] targets, Trace trace) {
    long seed = 1;
    // begin
    Training training =
        Training.of(optimiser, Schedule.cosine(0.01, 200).withWarmUp(20))
            .withClip(GradientClip.globalNorm(1))
            .withCheckpoints(path, 50)
            .withListener(progress -> progress.loss() > 0.001); // false ends the run
    boolean finished =
        training.run(
            200,
            number -> { // the number of the batch, from 0: it chooses the rows, and the random numbers of dropout
              model.forward(x, y, trace.train(seed, number));
              double loss = CrossEntropy.standard().compute(y, targets, y);
              model.backward(trace, y, null);
              return new Training.Batch(loss, x.rows());
            });
    // end
    return finished;
  }

  static Linear lowRank(TrainableLinear projection, SequenceBatch x, SequenceBatch y, SequenceBatch outputGradient, Trace trace) {
    // begin
    LowRank adapted = LowRank.of(42, projection, 8, 16); // a seed, the projection, the rank r, and α
    Optimiser optimiser = AdamW.of(adapted.parameters());
    adapted.forward(x, y, trace);
    adapted.backward(trace, outputGradient, null);
    optimiser.step(1e-3);
    Linear layer = adapted.toLayer(); // one projection for inference, as fast as before
    // end
    return layer;
  }

  static void lowRankWeight(TrainableAttention attention, SequenceBatch x, SequenceBatch y, SequenceBatch outputGradient, Trace trace) {
    int embedDim = attention.embedDim();
    Parameter inProjection = attention.parameters().get(0); // in_proj_weight
    // begin
    LowRankWeight query = LowRankWeight.of(42, inProjection, 0, embedDim, 8, 16); // a seed, W, its rows, the rank r, and α
    Optimiser optimiser = AdamW.of(query.parameters());
    query.merge(trace); // before the forward pass of each step
    attention.forward(x, y, trace);
    attention.backward(trace, outputGradient, null);
    query.collect(trace); // after the backward pass
    optimiser.step(1e-3);
    query.merge(trace); // before the layer is read, by toLayer() or tensors()
    // end
  }
}
