package dev.lanewise.core.learn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.testing.Budget;
import dev.lanewise.core.weights.Initialisation;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.testing.ScalarGraph;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Layers whose rows, inputs and outputs take several tasks, against plain loops; and the same bits on several threads. */
@Tag("twice")
class LearnBlocksTest {
  private static final int BATCH = 2;
  private static final int ROWS = 201;

  /** Random rows; with a gap, batch entries do not follow each other at the distance of rows. */
  private static SequenceBatch random(int seed, int width, int gap) {
    float[] data = new float[BATCH * (ROWS * width + gap)];
    Random random = new Random(seed);
    for (int i = 0; i < data.length; i++) {
      data[i] = (float) random.nextGaussian();
    }
    return new SequenceBatch(data, 0, BATCH, ROWS, width, ROWS * width + gap, width);
  }

  @Test
  void projectionOfManyRowsInputsAndOutputs() {
    int inputs = 203;
    int outputs = 397;
    for (int gap : new int[] {0, 5}) {
      SequenceBatch x = random(1, inputs, gap);
      SequenceBatch dy = random(2, outputs, gap);
      TrainableLinear linear = TrainableLinear.xavier(3, inputs, outputs);
      Random random = new Random(4);
      for (int o = 0; o < outputs; o++) {
        linear.parameters().getLast().values()[o] = (float) random.nextGaussian();
      }
      float[] weight = linear.weight().values();
      Map<String, float[]> actual = run(linear, x, dy, outputs, 1);
      Map<String, double[]> exact = linear(x, dy, weight, linear.parameters().getLast().values(), outputs, false);
      Map<String, double[]> plain = linear(x, dy, weight, linear.parameters().getLast().values(), outputs, true);
      exact.forEach((name, values) -> Budget.assertWithin(name + " with a gap of " + gap, actual.get(name), plain.get(name), values));
      run(linear, x, dy, outputs, 3).forEach((name, values) -> assertThat(values).as(name).isEqualTo(actual.get(name)));
    }
  }

  private static Map<String, float[]> run(TrainableLayer layer, SequenceBatch x, SequenceBatch dy, int outputs, int threads) {
    layer.clearGradients();
    Trace trace = Trace.create().setThreads(threads).train(7, 3);
    SequenceBatch y = SequenceBatch.zeros(BATCH, ROWS, outputs);
    SequenceBatch dx = SequenceBatch.zeros(BATCH, ROWS, x.width());
    layer.forward(x, y, trace);
    layer.backward(trace, dy, dx);
    Map<String, float[]> results = new LinkedHashMap<>();
    results.put("y", y.data());
    results.put("x", dx.data());
    layer.parameters().forEach(parameter -> results.put(parameter.name(), parameter.gradient().clone()));
    return results;
  }

  private static Map<String, double[]> linear(
      SequenceBatch x, SequenceBatch dy, float[] weight, float[] bias, int outputs, boolean rounded) {
    int inputs = x.width();
    double[] y = new double[BATCH * ROWS * outputs];
    double[] dx = new double[BATCH * ROWS * inputs];
    double[] dWeight = new double[outputs * inputs];
    double[] dBias = new double[outputs];
    for (int n = 0; n < BATCH * ROWS; n++) {
      for (int o = 0; o < outputs; o++) {
        double sum = 0;
        double gradient = dy.get(n / ROWS, n % ROWS, o);
        for (int i = 0; i < inputs; i++) {
          double element = x.get(n / ROWS, n % ROWS, i);
          double w = weight[o * inputs + i];
          sum = round(sum + round(element * w, rounded), rounded);
          dx[n * inputs + i] = round(dx[n * inputs + i] + round(gradient * w, rounded), rounded);
          dWeight[o * inputs + i] = round(dWeight[o * inputs + i] + round(gradient * element, rounded), rounded);
        }
        y[n * outputs + o] = round(sum + bias[o], rounded);
        dBias[o] = round(dBias[o] + gradient, rounded);
      }
    }
    return Map.of("y", y, "x", dx, "weight", dWeight, "bias", dBias);
  }

  private static double round(double x, boolean rounded) {
    return rounded ? (float) x : x;
  }

  @Test
  void normsOfManyRows() {
    int width = 9;
    for (boolean centred : new boolean[] {true, false}) {
      for (int gap : new int[] {0, 5}) {
        SequenceBatch x = random(1, width, gap);
        SequenceBatch dy = random(2, width, gap);
        TrainableNorm norm = centred ? TrainableNorm.layer(width, 1e-5f) : TrainableNorm.rms(width, 1e-5f);
        Map<String, float[]> actual = run(norm, x, dy, width, 1);
        Map<String, double[]> exact = norm(ScalarGraph.inDouble(), norm, x, dy, centred);
        Map<String, double[]> plain = norm(ScalarGraph.inFloat(), norm, x, dy, centred);
        exact.forEach((name, values) -> Budget.assertWithin(name + ", centred: " + centred, actual.get(name), plain.get(name), values));
        run(norm, x, dy, width, 3).forEach((name, values) -> assertThat(values).as(name).isEqualTo(actual.get(name)));
      }
    }
  }

  private static Map<String, double[]> norm(ScalarGraph graph, TrainableNorm norm, SequenceBatch x, SequenceBatch dy, boolean centred) {
    Map<String, int[]> inputs = new LinkedHashMap<>();
    norm.parameters().forEach(parameter -> inputs.put(parameter.name(), numbers(graph, parameter.values())));
    int[][] rows = new int[BATCH * ROWS][];
    double[] seeds = new double[BATCH * ROWS * x.width()];
    for (int n = 0; n < rows.length; n++) {
      rows[n] = numbers(graph, Arrays.copyOfRange(x.data(), x.index(n / ROWS, n % ROWS), x.index(n / ROWS, n % ROWS) + x.width()));
      for (int c = 0; c < x.width(); c++) {
        seeds[n * x.width() + c] = dy.get(n / ROWS, n % ROWS, c);
      }
    }
    int[][] y = new GraphModel(graph, inputs, false).norm("", rows, centred, 1e-5f);
    int[] outputs = Arrays.stream(y).flatMapToInt(Arrays::stream).toArray();
    double[] gradients = graph.gradients(outputs, seeds);
    inputs.put("x", Arrays.stream(rows).flatMapToInt(Arrays::stream).toArray());
    Map<String, double[]> results = new LinkedHashMap<>();
    inputs.forEach((name, numbers) -> results.put(name, Arrays.stream(numbers).mapToDouble(number -> gradients[number]).toArray()));
    results.put("y", Arrays.stream(outputs).mapToDouble(graph::value).toArray());
    return results;
  }

  private static int[] numbers(ScalarGraph graph, float[] values) {
    int[] numbers = new int[values.length];
    Arrays.setAll(numbers, i -> graph.number(values[i]));
    return numbers;
  }

  @Test
  void stacksOfManyRowsHaveTheSameBitsOnAnyThreads() {
    TrainableStack stack =
        TrainableStack.builder(2).activation(Activation.GELU).dropout(0.25f).encoder(Initialisation.xavier(1).encoder(16, 200, 2), "");
    SequenceBatch x = random(1, 16, 5);
    SequenceBatch dy = random(2, 16, 5);
    Map<String, float[]> one = run(stack, x, dy, 16, 1);
    for (int threads = 2; threads <= 5; threads++) {
      run(stack, x, dy, 16, threads).forEach((name, values) -> assertThat(values).as(name).isEqualTo(one.get(name)));
    }
  }

  @Test
  void embeddingsOfManyRowsAndColumns() {
    int width = 131;
    for (int gap : new int[] {0, 5}) {
      SequenceBatch dy = random(2, width, gap);
      int[] ids = new Random(3).ints(BATCH * ROWS, 0, 7).toArray();
      double[] exact = new double[7 * width];
      double[] plain = new double[7 * width];
      for (int n = 0; n < ids.length; n++) {
        for (int c = 0; c < width; c++) {
          exact[ids[n] * width + c] += dy.get(n / ROWS, n % ROWS, c);
          plain[ids[n] * width + c] = (float) (plain[ids[n] * width + c] + dy.get(n / ROWS, n % ROWS, c));
        }
      }
      for (int threads = 1; threads <= 3; threads += 2) {
        TrainableEmbedding embedding = TrainableEmbedding.normal(1, 7, width, 1);
        SequenceBatch y = SequenceBatch.zeros(BATCH, ROWS, width);
        Trace trace = Trace.create().setThreads(threads);
        embedding.forward(ids, y, trace);
        embedding.backward(trace, dy);
        Budget.assertWithin("table on " + threads + " threads", embedding.weight().gradient(), plain, exact);
        assertThat(Arrays.copyOfRange(y.data(), 5 * width, 6 * width))
            .isEqualTo(Arrays.copyOfRange(embedding.weight().values(), ids[5] * width, (ids[5] + 1) * width));
      }
    }
  }
}
