package dev.lanewise.core.reference;

import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.call.ScoreFormula;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Dropout;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.data.Stage;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What one query row adds to the gradients of {@link ReferenceGradients}. */
final class ReferenceGradientRow {
  private static final double GONE = Double.NEGATIVE_INFINITY;

  private final ReferenceGradients call;
  private final CallShape shape;
  private final ReferenceRow row;
  private final int b;
  private final int head;
  private final int query;
  private final int keys;
  private final double[] masked;

  /** By the score of each key, at the stage that has been reached on the way back; 0 for keys that are gone. */
  private double[] gradient = {};

  ReferenceGradientRow(ReferenceGradients call, int b, int head, int query) {
    this.call = call;
    this.shape = call.forward.shape;
    this.row = new ReferenceRow(call.forward, b, head, query);
    this.b = b;
    this.head = head;
    this.query = query;
    this.keys = shape.keys(b);
    this.masked = row.at(Stage.MASKED);
  }

  void addTo(ReferenceGradients.Sums sums) {
    switch (call.forward.formula) { // each component of a formula is answered here; a weight function has no derivative
      case ScoreFormula(_, Similarity similarity, List<ScoreChange> changes, Normaliser normaliser, _, Dropout dropout) -> {
        gradient =
            normaliser.kind() == Normaliser.Kind.SOFTMAX ? softmax(sums, normaliser, dropout) : elementwise(sums, normaliser, dropout);
        double[][] before = before(changes);
        for (int n = changes.size() - 1; n >= 0; n--) {
          turn(sums, changes.get(n), before[n]);
        }
        addSimilarity(sums, similarity);
      }
    }
  }

  /** The scores before each change. */
  private double[][] before(List<ScoreChange> changes) {
    double[][] before = new double[changes.size()][];
    double[] scores = row.at(Stage.RAW);
    for (int n = 0; n < before.length; n++) {
      before[n] = scores;
      scores = n < before.length - 1 ? row.changed(changes.get(n), scores) : scores;
    }
    return before;
  }

  /** dS = P ∘ (dW − rowsum(dO ∘ O) + dLogSumExp), P = e^(S − logSumExp). */
  private double[] softmax(ReferenceGradients.Sums sums, Normaliser normaliser, @Nullable Dropout dropout) {
    Heads dO = call.outputGradient;
    double[] output = new double[dO.width()];
    row.addOutput(call.value, output, 0);
    double delta = 0;
    for (int d = 0; d < output.length; d++) {
      delta = round(delta + round(outputGradient(d) * output[d]));
    }
    float[] given = call.logSumExpGradient;
    if (given != null) {
      delta = round(delta - given[shape.queryNumber(b, head, query)]);
    }
    double logSumExp = logSumExp();
    double sink = normaliser.sink(head);
    if (sink != GONE) {
      sums.sinks[head] = round(sums.sinks[head] - round(round(Math.exp(round(sink - logSumExp))) * delta));
    }
    double[] factors = row.factors(dropout);
    double[] result = new double[keys];
    for (int j = 0; j < keys; j++) {
      if (masked[j] != GONE) {
        double weight = round(Math.exp(round(masked[j] - logSumExp)));
        result[j] = round(weight * round(byWeight(sums, j, weight, factors[j]) - delta));
      }
    }
    return result;
  }

  /** In float code the number before the last rounding may already be half a unit off, so it is off by up to one unit in the last place. */
  private double logSumExp() {
    double exact = row.logSumExp();
    return call.isInFloat() ? Math.nextUp((float) exact) : exact;
  }

  private double[] elementwise(ReferenceGradients.Sums sums, Normaliser normaliser, @Nullable Dropout dropout) {
    double divisor = row.divisor();
    double[] factors = row.factors(dropout);
    double[] result = new double[keys];
    for (int j = 0; j < keys; j++) {
      if (masked[j] != GONE) {
        double byWeight = byWeight(sums, j, round(row.weight(normaliser.kind(), masked[j]) / divisor), factors[j]);
        result[j] = round(round(byWeight / divisor) * derivative(normaliser.kind(), masked[j]));
      }
    }
    return result;
  }

  /** The gradient by the weight of a key before dropout; adds to the gradient of its value. */
  private double byWeight(ReferenceGradients.Sums sums, int j, double weight, double factor) {
    Heads value = call.value;
    int from = shape.keyIndex(value, b, head / shape.group(), j);
    int to = keyNumber(j) * value.width();
    double dropped = factor == 0 ? 0 : round(weight * factor);
    double sum = 0;
    for (int d = 0; d < value.width(); d++) {
      double gradientOfOutput = outputGradient(d);
      sums.value[to + d] = round(sums.value[to + d] + round(dropped * gradientOfOutput));
      sum = round(sum + round(gradientOfOutput * value.data()[from + d * value.columnStride()]));
    }
    return factor == 0 ? 0 : round(sum * factor);
  }

  private double outputGradient(int d) {
    Heads dO = call.outputGradient;
    return dO.data()[shape.queryIndex(dO, b, head, query) + d * dO.columnStride()];
  }

  /** Number of a key among the rows of all keys. */
  private int keyNumber(int j) {
    Heads key = shape.key();
    return (shape.viewEntry(b) * key.heads() + head / shape.group()) * key.rows() + shape.keyRow(b, j);
  }

  private double derivative(Normaliser.Kind kind, double score) {
    return switch (kind) {
      case RELU -> score > 0 ? 1 : 0;
      case SQUARED_RELU -> round(2 * Math.max(score, 0));
      case SIGMOID -> {
        double weight = row.weight(kind, score);
        yield round(weight * round(1 - weight));
      }
      case LINEAR -> 1;
      case SOFTMAX -> throw new IllegalStateException("softmax needs the whole row");
    };
  }

  /** Goes back by one change: adds to the gradients of its parameters, and multiplies by its derivative. */
  private void turn(ReferenceGradients.Sums sums, ScoreChange change, double[] before) {
    switch (change) {
      case ScoreChange.Softcap(float limit) -> {
        for (int j = 0; j < keys; j++) {
          double tanh = round(Math.tanh(round(before[j] / limit)));
          multiply(j, round(1 - round(tanh * tanh)));
        }
      }
      case ScoreChange.AddedBias(Bias bias, boolean ofPositions) -> {
        double[] target = ofPositions ? sums.positionBias : sums.bias;
        for (int j = 0; j < keys; j++) {
          int at = bias.index(b, head, query) + j * bias.keyStride();
          target[at] = round(target[at] + gradient[j]);
        }
      }
      case ScoreChange.Alibi(_, int[] offsets, _) -> {
        long own = row.ownPosition(offsets);
        for (int j = 0; j < keys; j++) {
          sums.slopes[head] = round(sums.slopes[head] - round(gradient[j] * Math.abs(own - row.position(j))));
        }
      }
      case ScoreChange.Function(_, RowFunction derivative) -> {
        double[] factors = row.applied(Objects.requireNonNull(derivative), before);
        for (int j = 0; j < keys; j++) {
          multiply(j, factors[j]);
        }
      }
    }
  }

  private void multiply(int j, double derivative) {
    gradient[j] = masked[j] == GONE ? 0 : round(gradient[j] * derivative);
  }

  private void addSimilarity(ReferenceGradients.Sums sums, Similarity similarity) {
    Heads x = shape.query();
    Heads y = shape.key();
    int queryIndex = shape.queryIndex(x, b, head, query);
    double scale = round(call.forward.formula.scale(x.width()));
    for (int j = 0; j < keys; j++) {
      if (masked[j] != GONE) {
        int keyIndex = shape.keyIndex(y, b, head / shape.group(), j);
        double value = row.similarity(similarity, queryIndex, keyIndex);
        sums.scale[0] = round(sums.scale[0] + round(gradient[j] * value));
        sums.scaleTerms += Math.abs(gradient[j] * value);
        addSimilarity(sums, similarity, j, round(gradient[j] * scale), value, queryIndex, keyIndex);
      }
    }
  }

  private void addSimilarity(
      ReferenceGradients.Sums sums, Similarity similarity, int j, double ofSimilarity, double value, int queryIndex, int keyIndex) {
    Heads x = shape.query();
    Heads y = shape.key();
    double[] q = elements(x, queryIndex);
    double[] k = elements(y, keyIndex);
    int ofQuery = shape.queryNumber(b, head, query) * x.width();
    int ofKey = keyNumber(j) * y.width();
    boolean cosine = similarity.kind() == Similarity.Kind.COSINE;
    double queryLength = cosine ? row.length(x, queryIndex) : 1;
    double keyLength = cosine ? row.length(y, keyIndex) : 1;
    for (int d = 0; d < x.width(); d++) {
      double[] derivatives =
          switch (similarity.kind()) {
            case DOT -> new double[] {k[d], q[d]};
            case COSINE -> cosine(round(q[d] / queryLength), queryLength, round(k[d] / keyLength), keyLength, value);
            case ADDITIVE -> {
              double tanh = round(Math.tanh(round(q[d] + k[d])));
              sums.vector[d] = round(sums.vector[d] + round(ofSimilarity * tanh));
              double derivative = round(Objects.requireNonNull(similarity.vector())[d] * round(1 - round(tanh * tanh)));
              yield new double[] {derivative, derivative};
            }
          };
      sums.query[ofQuery + d] = round(sums.query[ofQuery + d] + round(ofSimilarity * derivatives[0]));
      sums.key[ofKey + d] = round(sums.key[ofKey + d] + round(ofSimilarity * derivatives[1]));
    }
  }

  /** The derivatives of the cosine by an element of the query and of the key, which are given as elements of rows of length 1. */
  private double[] cosine(double unitQuery, double queryLength, double unitKey, double keyLength, double cosine) {
    if (queryLength == 0 || keyLength == 0) {
      return new double[2];
    }
    double byQuery = round(round(unitKey - round(cosine * unitQuery)) / queryLength);
    return new double[] {byQuery, round(round(unitQuery - round(cosine * unitKey)) / keyLength)};
  }

  private static double[] elements(Heads view, int from) {
    double[] elements = new double[view.width()];
    for (int d = 0; d < elements.length; d++) {
      elements[d] = view.data()[from + d * view.columnStride()];
    }
    return elements;
  }

  private double round(double x) {
    return call.forward.round(x);
  }
}
