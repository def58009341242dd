package dev.lanewise.core.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.pooling.RecurrentAttention;
import dev.lanewise.core.testing.Budget;
import dev.lanewise.core.testing.Views;
import dev.lanewise.testing.GraphRows;
import dev.lanewise.testing.ScalarGraph;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Recurrent attention that learns, over several steps in drawn configurations, against the scalar graph. */
@Tag("twice")
class TrainableRecurrentAttentionTest {
  static LongStream seeds() {
    return LongStream.range(0, 45);
  }

  private static final class Drawn {
    final int kind;
    final int batch;
    final int length;
    final int width;
    final int stateDim;
    final int size;
    final int steps;
    final int rows;
    final int @Nullable [] lengths;
    final TrainableRecurrentAttention attention;

    Drawn(long seed) {
      Random random = new Random(31 * seed + 5);
      kind = (int) (seed % 3);
      batch = 1 + random.nextInt(2);
      length = 1 + random.nextInt(8);
      width = 1 + random.nextInt(7);
      stateDim = kind == 0 ? width : 1 + random.nextInt(7);
      size = 1 + random.nextInt(6);
      steps = 1 + random.nextInt(3);
      rows = 1 + random.nextInt(2);
      lengths = random.nextBoolean() ? null : random.ints(batch, 1, length + 1).toArray();
      attention =
          switch (kind) {
            case 0 -> TrainableRecurrentAttention.dot();
            case 1 -> TrainableRecurrentAttention.general(TrainableLinear.xavier(seed, width, stateDim));
            default -> TrainableRecurrentAttention.additive(seed, stateDim, width, size);
          };
      attention.parameters().stream().filter(p -> p.name().endsWith("bias")).forEach(p -> Arrays.fill(p.values(), 0.3f));
    }
  }

  /** Contexts and gradients by the formulas. */
  private static Map<String, double[]> plain(Drawn drawn, Map<String, float[]> inputs, List<float[]> seeds, boolean rounded) {
    ScalarGraph graph = rounded ? ScalarGraph.inFloat() : ScalarGraph.inDouble();
    GraphRows all = new GraphRows(graph);
    Map<String, int[]> numbers = new LinkedHashMap<>();
    inputs.forEach((name, values) -> numbers.put(name, all.numbers(doubles(values))));
    int[][] states = GraphRows.rows(numbers.get("states"), drawn.width);
    int[] bias = numbers.get("key.bias");
    int[][] keys =
        numbers.containsKey("key.weight") ? all.linear(states, GraphRows.rows(numbers.get("key.weight"), drawn.width), bias) : states;
    List<Integer> outputs = new ArrayList<>();
    List<Double> gradients = new ArrayList<>();
    for (int step = 0; step < drawn.steps; step++) {
      int[][] own = GraphRows.rows(numbers.get("state" + step), drawn.stateDim);
      int[][] query = drawn.kind == 2 ? all.linear(own, GraphRows.rows(numbers.get("state.weight"), drawn.stateDim), null) : own;
      for (int row = 0; row < query.length; row++) {
        int[] q = query[row];
        int b = row / drawn.rows;
        int count = drawn.lengths == null ? drawn.length : drawn.lengths[b];
        int[][] seen = Arrays.copyOfRange(keys, b * drawn.length, b * drawn.length + count);
        int[][] values = Arrays.copyOfRange(states, b * drawn.length, b * drawn.length + count);
        int[] scores =
            Arrays.stream(seen)
                .mapToInt(
                    k ->
                        drawn.kind < 2
                            ? all.dot(q, k)
                            : all.dot(numbers.get("vector"), Arrays.stream(all.add(q, k)).map(graph::tanh).toArray()))
                .toArray();
        Arrays.stream(all.attended(scores, -1, null, values, drawn.width)).forEach(outputs::add);
      }
      for (float gradient : seeds.get(step)) {
        gradients.add((double) gradient);
      }
    }
    int[] output = outputs.stream().mapToInt(n -> n).toArray();
    double[] each = graph.gradients(output, gradients.stream().mapToDouble(g -> g).toArray());
    Map<String, double[]> result = new LinkedHashMap<>();
    numbers.forEach((name, tensor) -> result.put(name, Arrays.stream(tensor).mapToDouble(n -> each[n]).toArray()));
    result.put("contexts", all.values(output));
    return result;
  }

  private static double[] doubles(float[] x) {
    double[] result = new double[x.length];
    Arrays.setAll(result, i -> x[i]);
    return result;
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void gradients(long seed) {
    Drawn drawn = new Drawn(seed);
    SequenceBatch states = Views.randomSequences(Views.Layout.GAPS, drawn.batch, drawn.length, drawn.width, seed);
    Map<String, float[]> inputs = new LinkedHashMap<>();
    inputs.put("states", Views.dense(states));
    drawn.attention.parameters().forEach(parameter -> inputs.put(parameter.name(), parameter.values()));
    Trace trace = Trace.create().setMemoryLengths(drawn.lengths);
    drawn.attention.begin(states, trace);
    List<SequenceBatch> contexts = new ArrayList<>();
    List<SequenceBatch> gradients = new ArrayList<>();
    for (int step = 0; step < drawn.steps; step++) {
      SequenceBatch state = Views.randomSequences(Views.Layout.GAPS, drawn.batch, drawn.rows, drawn.stateDim, 10 * seed + step);
      inputs.put("state" + step, Views.dense(state));
      contexts.add(Views.emptySequences(Views.Layout.GAPS, drawn.batch, drawn.rows, drawn.width));
      gradients.add(Views.randomSequences(Views.Layout.GAPS, drawn.batch, drawn.rows, drawn.width, 10 * seed + step + 5));
      drawn.attention.forward(state, contexts.getLast(), trace);
    }
    Map<String, float[]> written = new LinkedHashMap<>();
    for (int step = drawn.steps - 1; step >= 0; step--) {
      SequenceBatch stateGradient = Views.emptySequences(Views.Layout.GAPS, drawn.batch, drawn.rows, drawn.stateDim);
      drawn.attention.backward(trace, gradients.get(step), stateGradient);
      Views.assertOnlyTheViewWritten(stateGradient.split(1), seed);
      written.put("state" + step, Views.dense(stateGradient));
    }
    SequenceBatch statesGradient = Views.zerosLike(states);
    drawn.attention.end(trace, statesGradient);
    assertThat(trace.size()).isZero();
    assertThat(trace.borrowed()).isZero();
    written.put("states", Views.dense(statesGradient));
    drawn.attention.parameters().forEach(parameter -> written.put(parameter.name(), parameter.gradient()));
    written.put("contexts", joined(contexts));
    List<float[]> seedsOfSteps = gradients.stream().map(Views::dense).toList();
    Map<String, double[]> expected = plain(drawn, inputs, seedsOfSteps, false);
    Map<String, double[]> plain = plain(drawn, inputs, seedsOfSteps, true);
    assertThat(written.keySet()).containsExactlyInAnyOrderElementsOf(expected.keySet());
    written.forEach(
        (name, actual) -> {
          if (name.equals("key.bias")) { // a constant on all scores: its gradient is 0
            double largest = Arrays.stream(expected.get("key.weight")).map(Math::abs).max().orElse(0);
            for (float element : actual) {
              assertThat(element).as(name).isCloseTo(0, within((float) (1e-5 * largest + 1e-6)));
            }
          } else {
            Budget.assertWithin(name + " of " + seed, actual, plain.get(name), expected.get(name));
          }
        });
  }

  private static float[] joined(List<SequenceBatch> views) {
    List<float[]> arrays = views.stream().map(Views::dense).toList();
    float[] all = new float[arrays.stream().mapToInt(array -> array.length).sum()];
    int to = 0;
    for (float[] array : arrays) {
      System.arraycopy(array, 0, all, to, array.length);
      to += array.length;
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void layerForInferenceIsTheSame(long seed) {
    Drawn drawn = new Drawn(seed);
    SequenceBatch states = Views.randomSequences(Views.Layout.DENSE, drawn.batch, drawn.length, drawn.width, seed);
    SequenceBatch state = Views.randomSequences(Views.Layout.DENSE, drawn.batch, drawn.rows, drawn.stateDim, seed + 1);
    SequenceBatch context = SequenceBatch.zeros(drawn.batch, drawn.rows, drawn.width);
    SequenceBatch expected = SequenceBatch.zeros(drawn.batch, drawn.rows, drawn.width);
    Trace trace = Trace.create().setMemoryLengths(drawn.lengths);
    drawn.attention.begin(states, trace);
    drawn.attention.forward(state, context, trace);
    RecurrentAttention layer = RecurrentAttention.of(drawn.attention.toLayer(), states);
    (drawn.lengths == null ? layer : layer.withLengths(drawn.lengths)).forward(state, expected);
    Views.assertSameBits(context.data(), expected.data(), seed);
  }

  @Test
  void misuseIsNamed() {
    TrainableRecurrentAttention attention = TrainableRecurrentAttention.additive(1, 3, 4, 5);
    Trace trace = Trace.create();
    SequenceBatch states = SequenceBatch.zeros(2, 6, 4);
    SequenceBatch state = SequenceBatch.zeros(2, 1, 3);
    SequenceBatch context = SequenceBatch.zeros(2, 1, 4);
    assertThatThrownBy(() -> attention.forward(state, context, trace))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("begin");
    assertThatThrownBy(() -> attention.begin(SequenceBatch.zeros(2, 6, 3), trace)).hasMessage("states.width is 3, but key.inputs is 4");
    attention.begin(states, trace);
    assertThatThrownBy(() -> attention.forward(SequenceBatch.zeros(2, 1, 4), context, trace))
        .hasMessage("decoderState.width is 4, but the width that additive requires, is 3");
    assertThatThrownBy(() -> attention.forward(state, SequenceBatch.zeros(2, 1, 3), trace)).hasMessageContaining("context.width is 3");
    attention.forward(state, context, trace);
    assertThatThrownBy(() -> attention.end(trace, null)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(
            () -> TrainableRecurrentAttention.additive(TrainableLinear.xavier(1, 2, 3), TrainableLinear.xavier(1, 2, 4), 1, 2, 3))
        .hasMessage("key.outputs is 4, but vector.length is 3");
  }
}
