package dev.lanewise.core.learn;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.learn.loss.CrossEntropy;
import dev.lanewise.core.learn.optimise.AdamW;
import dev.lanewise.core.learn.optimise.Schedule;
import dev.lanewise.core.learn.optimise.SeededOrder;
import dev.lanewise.core.learn.optimise.Training;
import dev.lanewise.core.pooling.Pooling;
import java.util.ArrayList;
import java.util.List;

/** The example of "Learning" in core/README.md; {@link LearningExampleTest} compares the two and runs it. */
final class LearningExample {
  private LearningExample() {}

  /** Learns from sequences × rows × width with a class each, and writes the logits of others. */
  static void run(TrainablePooling pooling, SequenceBatch sequences, int[] classes, SequenceBatch others, SequenceBatch otherLogits) {
    int rows = sequences.rows(), width = sequences.width(), count = otherLogits.width(), batch = 16;
    // begin
    TrainableLinear classifier = TrainableLinear.xavier(2, width, count); // a seed, inputs, outputs
    List<Parameter> parameters = new ArrayList<>();
    pooling.parameters().forEach(parameter -> parameters.add(parameter.under("pooling.")));
    classifier.parameters().forEach(parameter -> parameters.add(parameter.under("classifier.")));

    SequenceBatch x = SequenceBatch.zeros(batch, rows, width);
    SequenceBatch pooled = SequenceBatch.zeros(batch, 1, width);
    SequenceBatch pooledGradient = SequenceBatch.zeros(batch, 1, width);
    SequenceBatch logits = SequenceBatch.zeros(batch, 1, count);
    int[] targets = new int[batch];
    SeededOrder order = SeededOrder.of(3, sequences.batch());
    Trace trace = Trace.create().setThreads(2);
    Training training = Training.of(AdamW.of(parameters), Schedule.cosine(0.05, 300).withWarmUp(20));
    training.run(
        300,
        number -> {
          for (int b = 0; b < batch; b++) {
            int item = order.item(number * batch + b); // each sequence once in each epoch
            sequences.batch(item, item + 1).copyTo(x.batch(b, b + 1));
            targets[b] = classes[item];
          }
          pooling.forward(x, pooled, trace.train(4, number)); // a seed, and the number of the step for dropout
          classifier.forward(pooled, logits, trace);
          double loss = CrossEntropy.standard().compute(logits, targets, logits); // the gradient takes the place of the logits
          classifier.backward(trace, logits, pooledGradient); // in the reverse order of the forward passes
          pooling.backward(trace, pooledGradient, null);
          return new Training.Batch(loss, batch);
        });

    Pooling learnedPooling = pooling.toLayer(); // immutable layers for inference
    Linear learnedClassifier = classifier.toLayer();
    SequenceBatch otherPooled = SequenceBatch.zeros(others.batch(), 1, width);
    learnedPooling.forward(others, otherPooled);
    learnedClassifier.forward(otherPooled, otherLogits);
    // end
  }
}
