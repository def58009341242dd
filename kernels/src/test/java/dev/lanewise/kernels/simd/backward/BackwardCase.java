package dev.lanewise.kernels.simd.backward;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.AttentionTasks;
import dev.lanewise.kernels.call.BackwardProblem;
import dev.lanewise.kernels.call.CallResults;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.GradientResults;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.testing.AttentionMask;
import dev.lanewise.kernels.testing.HeadsLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** One backward pass of a test: its operands, and its gradients in double and in plain float. */
final class BackwardCase {
  private final int[] queries;
  private final int[] keys;
  private final boolean packed;
  private final int heads;
  private final int group;
  private final AttentionMask mask;
  private final HeadsLayout layout;
  private final BackwardFormula formula;
  final Heads query;
  final Heads key;
  final Heads value;
  final Heads output;
  final Heads outputGradient;
  final float[] logSumExp;
  private final float @Nullable [] logSumExpGradient;
  Heads queryGradient;
  Heads keyGradient;
  Heads valueGradient;

  /**
   * Creates the operands.
   *
   * @param sizes queries, keys, heads, key/value heads, width, width of a value
   * @param packed whether the batch entries are packed sequences, of which the second has a third of the queries and keys
   */
  BackwardCase(int[] sizes, boolean packed, AttentionMask mask, HeadsLayout layout, BackwardFormula formula, boolean withLogSumExp) {
    Random random = new Random(Arrays.hashCode(sizes));
    this.queries = new int[] {sizes[0], packed ? sizes[0] / 3 : sizes[0]};
    this.keys = new int[] {sizes[1], packed ? sizes[1] / 3 + 1 : sizes[1]};
    this.packed = packed;
    this.heads = sizes[2];
    this.group = sizes[2] / sizes[3];
    this.mask = mask;
    this.layout = layout;
    this.formula = formula;
    int batch = packed ? 1 : 2;
    int allQueries = packed ? queries[0] + queries[1] : queries[0];
    int allKeys = packed ? keys[0] + keys[1] : keys[0];
    query = layout.random(batch, sizes[2], allQueries, sizes[4], random);
    key = layout.random(batch, sizes[3], allKeys, sizes[4], random);
    value = layout.random(batch, sizes[3], allKeys, sizes[5], random);
    output = layout.blank(batch, sizes[2], allQueries, sizes[5]);
    outputGradient = layout.random(batch, sizes[2], allQueries, sizes[5], random);
    logSumExp = new float[batch * sizes[2] * allQueries];
    logSumExpGradient = withLogSumExp && formula.kind() == Normaliser.Kind.SOFTMAX ? new float[logSumExp.length] : null;
    for (int i = 0; logSumExpGradient != null && i < logSumExp.length; i++) {
      logSumExpGradient[i] = (float) random.nextGaussian();
    }
    queryGradient = layout.blank(batch, sizes[2], allQueries, sizes[4]);
    keyGradient = layout.blank(batch, sizes[3], allKeys, sizes[4]);
    valueGradient = layout.blank(batch, sizes[3], allKeys, sizes[5]);
    forEachHead((b, head, model) -> setForward(b, head, model));
  }

  private interface OfHead {
    void run(int b, int head, BackwardModel model);
  }

  private void forEachHead(OfHead action) {
    for (int b = 0; b < 2; b++) {
      for (int head = 0; head < heads; head++) {
        action.run(b, head, model(b, head, false));
      }
    }
  }

  private int firstQuery(int b) {
    return packed && b == 1 ? queries[0] : 0;
  }

  private int firstKey(int b) {
    return packed && b == 1 ? keys[0] : 0;
  }

  private BackwardModel model(int b, int head, boolean rounds) {
    int entry = packed ? 0 : b;
    return new BackwardModel(
        BackwardModel.rows(query, entry, head, firstQuery(b), firstQuery(b) + queries[b]),
        BackwardModel.rows(key, entry, head / group, firstKey(b), firstKey(b) + keys[b]),
        BackwardModel.rows(value, entry, head / group, firstKey(b), firstKey(b) + keys[b]),
        formula,
        mask,
        head,
        b * heads + head,
        rounds);
  }

  private int number(int b, int head, int i) {
    return ((packed ? 0 : b) * heads + head) * query.rows() + firstQuery(b) + i;
  }

  private void setForward(int b, int head, BackwardModel model) {
    for (int i = 0; i < queries[b]; i++) {
      logSumExp[number(b, head, i)] = (float) model.logSumExp[i];
      for (int d = 0; d < output.width(); d++) {
        output.data()[output.index(packed ? 0 : b, head, firstQuery(b) + i, d)] = (float) model.output[i][d];
      }
    }
  }

  BackwardProblem problem() {
    PackedSequences sequences =
        packed ? PackedSequences.of(new int[] {0, queries[0], queries[0] + queries[1]}, new int[] {0, keys[0], keys[0] + keys[1]}) : null;
    AttentionProblem forward =
        new AttentionProblem(
            CallShape.of(query, key, sequences),
            formula.toFormula(),
            mask == AttentionMask.ALL ? null : mask.visibility(queries, keys),
            null,
            new CallResults(value, null, null, null, List.of()));
    GradientResults gradients = new GradientResults(queryGradient, keyGradient, valueGradient, null, null, null, null, null, null);
    return new BackwardProblem(
        forward, output, formula.kind() == Normaliser.Kind.SOFTMAX ? logSumExp : null, outputGradient, logSumExpGradient, gradients);
  }

  /** Runs the tasks for a number of threads in some order. */
  void run(int threads, boolean reversed) {
    AttentionTasks tasks = Kernels.selected().planBackward(problem(), threads);
    for (int i = 0; i < tasks.count(); i++) {
      tasks.run(reversed ? tasks.count() - 1 - i : i);
    }
  }

  /** The gradients of query, key and value after another run into new views. */
  Heads[] runAgain(int threads, boolean reversed) {
    queryGradient = layout.blank(query.batch(), heads, query.rows(), query.width());
    keyGradient = layout.blank(key.batch(), key.heads(), key.rows(), key.width());
    valueGradient = layout.blank(value.batch(), value.heads(), value.rows(), value.width());
    run(threads, reversed);
    return new Heads[] {queryGradient, keyGradient, valueGradient};
  }

  /** Fails if a gradient is off by more than twice the error of plain float code and 1e-6 of the largest value. */
  void assertWithinBudget() {
    for (int b = 0; b < 2; b++) {
      int entry = packed ? 0 : b;
      for (int kv = 0; kv < heads / group; kv++) {
        double[][][] keyExact = null;
        double[][][] keyPlain = null;
        for (int head = kv * group; head < (kv + 1) * group; head++) {
          BackwardModel exact = gradients(b, head, false);
          BackwardModel plain = gradients(b, head, true);
          String what = this + ", entry " + b + ", head " + head;
          assertBudget(what + ": query", exact.queryGradient, plain.queryGradient, queryGradient, entry, head, firstQuery(b));
          keyExact = sum(keyExact, exact);
          keyPlain = sum(keyPlain, plain);
        }
        String what = this + ", entry " + b + ", key/value head " + kv;
        assertBudget(what + ": key", keyExact[0], keyPlain[0], keyGradient, entry, kv, firstKey(b));
        assertBudget(what + ": value", keyExact[1], keyPlain[1], valueGradient, entry, kv, firstKey(b));
      }
    }
    HeadsLayout.assertFrameIntact(this, queryGradient);
    HeadsLayout.assertFrameIntact(this, keyGradient);
    HeadsLayout.assertFrameIntact(this, valueGradient);
  }

  private static double[][][] sum(double[][][] sums, BackwardModel model) {
    if (sums == null) {
      return new double[][][] {model.keyGradient, model.valueGradient};
    }
    for (int j = 0; j < sums[0].length; j++) {
      for (int d = 0; d < sums[0][j].length; d++) {
        sums[0][j][d] += model.keyGradient[j][d];
      }
      for (int d = 0; d < sums[1][j].length; d++) {
        sums[1][j][d] += model.valueGradient[j][d];
      }
    }
    return sums;
  }

  private BackwardModel gradients(int b, int head, boolean rounds) {
    int entry = packed ? 0 : b;
    BackwardModel model = model(b, head, rounds);
    double[] given = new double[queries[b]];
    double[] gradient = new double[queries[b]];
    for (int i = 0; i < queries[b]; i++) {
      given[i] = rounds ? logSumExp[number(b, head, i)] : model.logSumExp[i];
      gradient[i] = logSumExpGradient == null ? 0 : logSumExpGradient[number(b, head, i)];
    }
    double[][] outputs = BackwardModel.rows(output, entry, head, firstQuery(b), firstQuery(b) + queries[b]);
    double[][] outputGradients = BackwardModel.rows(outputGradient, entry, head, firstQuery(b), firstQuery(b) + queries[b]);
    model.run(rounds ? outputs : model.output, given, outputGradients, gradient);
    return model;
  }

  private static void assertBudget(String what, double[][] exact, double[][] plain, Heads actual, int entry, int head, int first) {
    double largest = 0;
    double plainError = 0;
    double error = 0;
    for (int i = 0; i < exact.length; i++) {
      for (int d = 0; d < exact[i].length; d++) {
        largest = Math.max(largest, Math.abs(exact[i][d]));
        plainError = Math.max(plainError, Math.abs(plain[i][d] - exact[i][d]));
        float x = actual.get(entry, head, first + i, d);
        error = Float.isFinite(x) ? Math.max(error, Math.abs(x - exact[i][d])) : Double.POSITIVE_INFINITY;
      }
    }
    assertThat(error)
        .as("%s: error, largest %s, plain float %s", what, largest, plainError)
        .isLessThanOrEqualTo(2 * plainError + 1e-6 * largest);
  }

  @Override
  public String toString() {
    return Arrays.toString(queries)
        + (packed ? " packed" : "")
        + " x "
        + Arrays.toString(keys)
        + ", heads "
        + heads
        + "/"
        + heads / group
        + ", widths "
        + query.width()
        + " and "
        + value.width()
        + ", "
        + mask
        + ", "
        + layout
        + ", "
        + formula;
  }
}
