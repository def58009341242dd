package dev.lanewise.core.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.learn.LearnCase.Sequence;
import dev.lanewise.core.testing.Budget;
import dev.lanewise.testing.Sample;
import dev.lanewise.testing.ScalarGraph;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * 330 layers with random sizes and settings: output and gradients against a graph of numbers in double, whose gradients are confirmed by
 * finite differences; and the same bits on several threads and with recompute.
 */
@Tag("once")
class LearnChecksTest {
  private static final int CASES = Sample.count(45);

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void gradientsAreThoseOfTheFormulas(int kind) {
    for (int i = 0; i < CASES; i++) {
      LearnCase learned = new LearnCase((long) i * LearnCase.Kind.values().length + kind);
      Map<String, float[]> results = run(learned, 1, false);
      Map<String, double[]> exact = reference(learned, ScalarGraph.inDouble(), false);
      Map<String, double[]> plain = new LinkedHashMap<>(reference(learned, ScalarGraph.inFloat(), false));
      Map<String, double[]> backwards = reference(learned, ScalarGraph.inFloat(), true);
      plain.replaceAll((name, values) -> further(values, backwards.get(name), exact.get(name)));
      Map<String, double[]> terms = terms(learned);
      plain.replaceAll((name, values) -> rounded(values, exact.get(name), terms.get(name)));
      assertThat(results.keySet()).containsExactlyInAnyOrderElementsOf(exact.keySet());
      assertWithin(learned, results, plain, exact);
      checkDifferences(learned, exact);
      assertSame(learned, results, run(learned, 3, false));
      assertSame(learned, results, run(learned, 2, true));
    }
  }

  /**
   * Compares all arrays of a case at once, each scaled to a largest value between 1 and 2: with a few elements, plain float code is more
   * accurate than its rounding allows by chance, but not in all arrays.
   */
  private static void assertWithin(
      LearnCase learned, Map<String, float[]> results, Map<String, double[]> plain, Map<String, double[]> exact) {
    List<float[]> actual = new ArrayList<>();
    List<double[]> yardstick = new ArrayList<>();
    List<double[]> expected = new ArrayList<>();
    exact.forEach(
        (name, values) -> {
          double largest = Arrays.stream(values).map(Math::abs).max().orElseThrow();
          double scale = Math.scalb(1.0, largest == 0 ? 0 : -Math.getExponent(largest));
          actual.add(scaled(Objects.requireNonNull(results.get(name)), (float) scale));
          yardstick.add(scaled(Objects.requireNonNull(plain.get(name)), scale));
          expected.add(scaled(values, scale));
        });
    float[] all = new float[actual.stream().mapToInt(array -> array.length).sum()];
    int at = 0;
    for (float[] array : actual) {
      System.arraycopy(array, 0, all, at, array.length);
      at += array.length;
    }
    Budget.assertWithin(exact.keySet() + " of " + learned, all, joined(yardstick), joined(expected));
  }

  /** The less accurate of two numbers, for each element: plain float code may sum in any order. */
  private static double[] further(double[] one, double[] other, double[] exact) {
    double[] result = new double[exact.length];
    Arrays.setAll(result, i -> Math.abs(one[i] - exact[i]) > Math.abs(other[i] - exact[i]) ? one[i] : other[i]);
    return result;
  }

  /** Adds half a unit in the last place of the terms of each sum to the error: a sum whose terms cancel is accurate only by chance. */
  private static double[] rounded(double[] plain, double[] exact, double @Nullable [] terms) {
    double[] result = plain.clone();
    for (int i = 0; terms != null && i < result.length; i++) {
      result[i] = exact[i] + Math.abs(plain[i] - exact[i]) + 0x1p-24 * terms[i];
    }
    return result;
  }

  private static float[] scaled(float[] values, float scale) {
    float[] scaled = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      scaled[i] = values[i] * scale;
    }
    return scaled;
  }

  private static double[] scaled(double[] values, double scale) {
    return Arrays.stream(values).map(value -> value * scale).toArray();
  }

  private static double[] joined(List<double[]> arrays) {
    return arrays.stream().flatMapToDouble(Arrays::stream).toArray();
  }

  private static void assertSame(LearnCase learned, Map<String, float[]> expected, Map<String, float[]> actual) {
    expected.forEach((name, values) -> assertThat(actual.get(name)).as("%s of %s", name, learned).isEqualTo(values));
  }

  /** Output and gradients of the layer. */
  private static Map<String, float[]> run(LearnCase learned, int threads, boolean recompute) {
    TrainableLayer layer = learned.layer;
    layer.clearGradients();
    setRecompute(layer, recompute);
    Trace trace = learned.trace(threads);
    SequenceBatch x = learned.x;
    SequenceBatch memory = learned.memory;
    SequenceBatch y = SequenceBatch.zeros(x.batch(), x.rows(), learned.outputs);
    SequenceBatch inputGradient = SequenceBatch.zeros(x.batch(), x.rows(), x.width());
    SequenceBatch memoryGradient = memory == null ? null : SequenceBatch.zeros(memory.batch(), memory.rows(), memory.width());
    if (memory == null) {
      layer.forward(x, y, trace);
      layer.backward(trace, learned.outputGradient, inputGradient);
    } else if (layer instanceof TrainableStack stack) {
      stack.forward(x, memory, y, trace);
      stack.backward(trace, learned.outputGradient, inputGradient, memoryGradient);
    } else {
      TrainableTransformerLayer transformer = (TrainableTransformerLayer) layer;
      transformer.forward(x, memory, y, trace);
      transformer.backward(trace, learned.outputGradient, inputGradient, memoryGradient);
    }
    assertThat(trace.size()).as("size of the trace after %s", learned).isZero();
    assertThat(trace.borrowed()).as("borrowed buffers after %s", learned).isZero();
    Map<String, float[]> results = new LinkedHashMap<>();
    results.put("y", y.data());
    results.put("x", inputGradient.data());
    if (memoryGradient != null) {
      results.put("memory", memoryGradient.data());
    }
    layer.parameters().forEach(parameter -> results.put(parameter.name(), parameter.gradient().clone()));
    return results;
  }

  private static void setRecompute(TrainableLayer layer, boolean recompute) {
    if (layer instanceof TrainableStack stack) {
      stack.setRecompute(recompute);
    } else if (layer instanceof TrainableTransformerLayer transformer) {
      transformer.setRecompute(recompute);
    }
  }

  /** The graph of a case: numbers of its inputs, and of its outputs sequence after sequence. */
  private record Built(ScalarGraph graph, Map<String, int[]> inputs, List<int[]> outputs) {}

  private static Built build(LearnCase learned, ScalarGraph graph, boolean backwards, @Nullable String changed, int at, double change) {
    Map<String, int[]> parameters = new LinkedHashMap<>();
    for (Parameter parameter : learned.layer.parameters()) {
      double[] values = new double[parameter.size()];
      Arrays.setAll(values, i -> parameter.values()[i]);
      parameters.put(parameter.name(), numbers(graph, values, parameter.name().equals(changed) ? at : -1, change));
    }
    Map<String, int[]> inputs = new LinkedHashMap<>(parameters);
    inputs.put("x", numbers(graph, all(learned.x), "x".equals(changed) ? at : -1, change));
    if (learned.memory != null) {
      inputs.put("memory", numbers(graph, all(learned.memory), "memory".equals(changed) ? at : -1, change));
    }
    GraphModel model = new GraphModel(graph, parameters, backwards);
    List<int[]> outputs = new ArrayList<>();
    for (Sequence sequence : learned.sequences) {
      int[][] rows = slice(learned.x, inputs.get("x"), sequence.b(), sequence.from(), sequence.count());
      int[][] memory =
          learned.memory == null
              ? new int[0][]
              : slice(learned.memory, inputs.get("memory"), sequence.b(), sequence.memoryFrom(), sequence.memoryCount());
      outputs.add(Arrays.stream(learned.program(model, sequence, rows, memory)).flatMapToInt(Arrays::stream).toArray());
    }
    return new Built(graph, inputs, outputs);
  }

  private static double[] all(SequenceBatch view) {
    double[] all = new double[view.batch() * view.rows() * view.width()];
    for (int i = 0; i < all.length; i++) {
      int row = i / view.width();
      all[i] = view.get(row / view.rows(), row % view.rows(), i % view.width());
    }
    return all;
  }

  private static int[][] slice(SequenceBatch view, int[] numbers, int b, int from, int count) {
    int first = (b * view.rows() + from) * view.width();
    int[][] rows = new int[count][];
    Arrays.setAll(rows, row -> Arrays.copyOfRange(numbers, first + row * view.width(), first + (row + 1) * view.width()));
    return rows;
  }

  private static int[] numbers(ScalarGraph graph, double[] values, int at, double change) {
    int[] numbers = new int[values.length];
    Arrays.setAll(numbers, i -> graph.number(values[i] + (i == at ? change : 0)));
    return numbers;
  }

  /** Gradients of the output for the first element of each output, in the order of {@link Built#outputs}. */
  private static double[] seeds(LearnCase learned, Sequence sequence) {
    return LearnCase.elements(learned.outputGradient, sequence.b(), sequence.from(), sequence.count());
  }

  private static Map<String, double[]> reference(LearnCase learned, ScalarGraph graph, boolean backwards) {
    Built built = build(learned, graph, backwards, null, 0, 0);
    int[] outputs = built.outputs.stream().flatMapToInt(Arrays::stream).toArray();
    double[] seeds = learned.sequences.stream().flatMapToDouble(sequence -> Arrays.stream(seeds(learned, sequence))).toArray();
    double[] gradients = graph.gradients(outputs, seeds);
    Map<String, double[]> results = new LinkedHashMap<>();
    results.put("y", Arrays.stream(outputs).mapToDouble(graph::value).toArray());
    built.inputs.forEach((name, numbers) -> results.put(name, Arrays.stream(numbers).mapToDouble(number -> gradients[number]).toArray()));
    return results;
  }

  /** The sums of the absolute terms of each gradient. */
  private static Map<String, double[]> terms(LearnCase learned) {
    ScalarGraph graph = ScalarGraph.inDouble();
    Built built = build(learned, graph, false, null, 0, 0);
    int[] outputs = built.outputs.stream().flatMapToInt(Arrays::stream).toArray();
    double[] seeds = learned.sequences.stream().flatMapToDouble(sequence -> Arrays.stream(seeds(learned, sequence))).toArray();
    double[] terms = graph.terms(graph.gradients(outputs, seeds));
    Map<String, double[]> results = new LinkedHashMap<>();
    built.inputs.forEach((name, numbers) -> results.put(name, Arrays.stream(numbers).mapToDouble(number -> terms[number]).toArray()));
    return results;
  }

  /** Confirms some gradients of the graph by central differences. */
  private static void checkDifferences(LearnCase learned, Map<String, double[]> exact) {
    Random random = new Random(learned.seed);
    List<String> names = exact.keySet().stream().filter(name -> !name.equals("y")).toList();
    double h = 1e-5;
    for (int i = 0; i < 2; i++) {
      String name = names.get(random.nextInt(names.size()));
      double[] gradient = exact.get(name);
      int at = random.nextInt(gradient.length);
      double difference = (loss(learned, name, at, h) - loss(learned, name, at, -h)) / (2 * h);
      double largest = Arrays.stream(gradient).map(Math::abs).max().orElseThrow();
      assertThat(difference).as("d/d %s[%d] of %s", name, at, learned).isCloseTo(gradient[at], within(1e-6 * Math.max(1, largest)));
    }
  }

  private static double loss(LearnCase learned, String name, int at, double change) {
    Built built = build(learned, ScalarGraph.inDouble(), false, name, at, change);
    double loss = 0;
    for (int s = 0; s < learned.sequences.size(); s++) {
      double[] seeds = seeds(learned, learned.sequences.get(s));
      for (int i = 0; i < seeds.length; i++) {
        loss += seeds[i] * built.graph.value(built.outputs.get(s)[i]);
      }
    }
    return loss;
  }
}
