package dev.lanewise.core.learn.loss;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.util.List;

/** The examples in the Javadoc of the losses; the tests compare and run them. */
final class LossExamples {
  private LossExamples() {}

  static List<String> blocks() throws IOException {
    return ReadmeBlocks.compiled("LossExamples.java");
  }

  static double run(SequenceBatch first, SequenceBatch second, SequenceBatch firstGradient, SequenceBatch secondGradient) {
    return squares(first, second, firstGradient)
        + cosines(first, second, firstGradient, secondGradient)
        + contrast(first, second, firstGradient, secondGradient);
  }

  private static double squares(SequenceBatch output, SequenceBatch target, SequenceBatch gradient) {
    // begin
    double loss = MeanSquaredError.standard().compute(output, target, gradient);
    // end
    return loss;
  }

  private static double cosines(SequenceBatch first, SequenceBatch second, SequenceBatch firstGradient, SequenceBatch secondGradient) {
    float[] wanted = {0.5f, 0, 1, -1};
    float[] labels = {1, -1, -1, 1};
    // begin
    double loss = CosineLoss.scores().compute(first, second, wanted, firstGradient, secondGradient);
    double other = CosineLoss.labels(0.2).compute(first, second, labels, firstGradient, secondGradient); // labels are 1 and -1
    // end
    return loss + other;
  }

  private static double contrast(
      SequenceBatch queries, SequenceBatch documents, SequenceBatch queryGradient, SequenceBatch documentGradient) {
    // begin
    InfoNce loss = InfoNce.of(0.05).symmetric();
    double value = loss.compute(queries, documents, queryGradient, documentGradient); // pairs × 1 × width, as poolings give them
    // end
    return value;
  }

  static double classes(SequenceBatch logits, int[] targets) {
    // begin
    CrossEntropy loss = CrossEntropy.standard().withIgnored(-100).withLabelSmoothing(0.1);
    double value = loss.compute(logits, targets, logits); // the gradient takes the place of the logits
    // end
    return value;
  }
}
