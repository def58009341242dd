package dev.lanewise.kernels.plain;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.BackwardProblem;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.call.gradient.BackwardPart;
import dev.lanewise.kernels.call.gradient.BackwardTasks;
import dev.lanewise.kernels.call.gradient.BiasGradient;
import dev.lanewise.kernels.call.gradient.ParameterSums;
import dev.lanewise.kernels.data.RowFunction;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The scores of a row, from similarities through the changes to the masked scores, and the way back of their gradients, on which the
 * changes and the scale receive theirs.
 */
final class ScalarScoreGradients {
  private final ScalarRow row;
  private float[] similarities = new float[0];
  private float[] scores = new float[0];

  /** The derivatives of the changes of the row, by their index in the formula. */
  private float[][] derivatives = new float[0][];

  private double[] gradients = new double[0];
  private List<BiasGradient> biases = List.of();
  private double scale;
  private boolean addsSlopes;
  private @Nullable BackwardProblem opened;

  ScalarScoreGradients(ScalarRow row) {
    this.row = row;
  }

  /** Drops the references to the caller's arrays. */
  void release() {
    biases = List.of();
    opened = null;
  }

  /** Begins a part of a unit. */
  void open(BackwardProblem problem, int unit, BackwardPart part) {
    AttentionProblem forward = problem.forward;
    int keys = forward.shape.keys(row.batchEntry);
    if (scores.length < keys) {
      similarities = new float[keys];
      scores = new float[keys];
      gradients = new double[keys];
    }
    List<ScoreChange> changes = forward.formula.changes();
    if (derivatives.length < changes.size() || (!changes.isEmpty() && derivatives[0].length < keys)) {
      derivatives = new float[Math.max(derivatives.length, changes.size())][keys];
    }
    scale = 0;
    addsSlopes = part.ofQueries() && problem.gradients.slopes() != null;
    if (part.ofQueries() && opened != problem) {
      biases = BackwardTasks.biases(problem);
      opened = problem;
    }
    for (BiasGradient bias : biases) {
      bias.open(forward, unit, part);
    }
  }

  /** The masked scores of the row. */
  float[] scores() {
    return scores;
  }

  /** The gradients of the scores of the row: of the masked scores before {@link #turn}, of the similarities after it. */
  double[] gradients() {
    return gradients;
  }

  /** Computes the masked scores of the row. */
  void compute(BackwardProblem problem) {
    AttentionProblem forward = problem.forward;
    row.score(forward, 1, similarities);
    for (int i = 0; i < row.keys; i++) {
      scores[i] = forward.scale * similarities[i];
    }
    List<ScoreChange> changes = forward.formula.changes();
    for (int n = 0; n < changes.size(); n++) {
      apply(forward, changes.get(n), derivatives[n]);
    }
    row.mask(forward, scores);
  }

  private void apply(AttentionProblem forward, ScoreChange change, float[] derivative) {
    if (change instanceof ScoreChange.Function(_, RowFunction ofFunction) && ofFunction != null) {
      System.arraycopy(scores, 0, derivative, 0, row.keys);
      forward.change(ofFunction, derivative, 0, row.keys, row.batchEntry, row.queryHead, row.query, row.first);
    }
    change.apply(forward, row.batchEntry, row.queryHead, row.query, row.first, scores, 0, row.keys);
    if (change instanceof ScoreChange.Softcap(float limit)) {
      for (int i = 0; i < row.keys; i++) {
        double tanh = scores[i] / (double) limit;
        derivative[i] = (float) (1 - tanh * tanh);
      }
    }
  }

  /** Turns the gradients of the masked scores into those of the similarities. */
  void turn(AttentionProblem forward, BackwardPart part, ParameterSums sums, int unit) {
    List<ScoreChange> changes = forward.formula.changes();
    int bias = biases.size();
    for (int n = changes.size() - 1; n >= 0; n--) {
      switch (changes.get(n)) {
        case ScoreChange.Softcap _, ScoreChange.Function _ -> multiply(derivatives[n]);
        case ScoreChange.AddedBias added -> {
          if (bias > 0 && biases.get(bias - 1).isOf(added)) {
            biases.get(--bias).add(row.queryHead, row.query, row.first, gradients, row.keys);
          }
        }
        case ScoreChange.Alibi alibi -> {
          if (addsSlopes) {
            sums.addSlope(unit, part.number(), row.queryHead % forward.shape.group(), slope(forward, alibi));
          }
        }
      }
    }
    for (int i = 0; i < row.keys; i++) {
      if (!row.hidden[i]) {
        scale += gradients[i] * similarities[i];
        gradients[i] *= forward.scale;
      }
    }
  }

  private void multiply(float[] derivative) {
    for (int i = 0; i < row.keys; i++) {
      gradients[i] = row.hidden[i] ? 0 : gradients[i] * derivative[i];
    }
  }

  /** −Σ gradient · distance. */
  private double slope(AttentionProblem forward, ScoreChange.Alibi alibi) {
    long position = forward.queryPosition(alibi, row.batchEntry, row.query);
    double sum = 0;
    for (int i = 0; i < row.keys; i++) {
      sum -= gradients[i] * Math.abs(position - forward.keyPosition(row.batchEntry, row.first + i));
    }
    return sum;
  }

  /** Ends a part of the queries. */
  void close(int unit, BackwardPart part, ParameterSums sums) {
    for (BiasGradient bias : biases) {
      bias.close();
    }
    sums.addScale(unit, part.number(), scale);
  }
}
