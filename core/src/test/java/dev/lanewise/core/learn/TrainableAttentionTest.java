package dev.lanewise.core.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.testing.Budget;
import dev.lanewise.core.testing.Views;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention that learns, in drawn configurations: output and gradients against {@link PlainAttention}. */
@Tag("twice")
class TrainableAttentionTest {
  static LongStream seeds() {
    return LongStream.range(0, 150);
  }

  /** The views of a call and what it wrote. */
  private static final class Call {
    final AttentionCase drawn;
    final TrainableAttention layer;
    final SequenceBatch query;
    final @Nullable SequenceBatch memory;
    final @Nullable SequenceBatch values;
    final SequenceBatch output;
    final SequenceBatch outputGradient;

    Call(AttentionCase drawn) {
      this.drawn = drawn;
      this.layer = drawn.layer();
      Random random = new Random(drawn.seed());
      for (Parameter parameter : layer.parameters()) {
        boolean small = parameter.name().equals("slopes") || parameter.name().endsWith("bias");
        if (parameter.shape().length == 1 || parameter.name().startsWith("relative")) {
          for (int i = 0; i < parameter.size(); i++) {
            parameter.values()[i] += (small ? 0.2f : 0.7f) * (float) random.nextGaussian();
          }
        }
      }
      query = view(drawn.batch(), drawn.queryRows(), drawn.embedDim(), 1);
      memory = drawn.cross() ? view(drawn.batch(), drawn.keyRows(), drawn.keyInputDim(), 2) : null;
      values = drawn.threeSources() ? view(drawn.batch(), drawn.keyRows(), drawn.valueInputDim(), 3) : null;
      output = Views.emptySequences(Views.Layout.GAPS, drawn.batch(), drawn.queryRows(), drawn.embedDim());
      outputGradient = view(drawn.batch(), drawn.queryRows(), drawn.embedDim(), 4);
    }

    private SequenceBatch view(int batch, int rows, int width, int which) {
      return Views.randomSequences(Views.Layout.GAPS, batch, rows, width, 100 * drawn.seed() + which);
    }

    Map<String, double[]> inputs() {
      Map<String, double[]> inputs = new LinkedHashMap<>();
      PlainAttention.put(inputs, "query", query);
      PlainAttention.put(inputs, "memory", memory);
      PlainAttention.put(inputs, "values", values);
      for (Parameter parameter : layer.parameters()) {
        double[] elements = new double[parameter.size()];
        Arrays.setAll(elements, i -> parameter.values()[i]);
        inputs.put(parameter.name(), elements);
      }
      return inputs;
    }

    double[] seeds() {
      Map<String, double[]> views = new LinkedHashMap<>();
      PlainAttention.put(views, "outputGradient", outputGradient);
      return views.get("outputGradient");
    }

    /** Runs both passes; the gradients by name, with the output. */
    Map<String, float[]> run(Trace trace) {
      drawn.prepare(trace);
      layer.clearGradients();
      SequenceBatch ofQuery = Views.emptySequences(Views.Layout.GAPS, query.batch(), query.rows(), query.width());
      SequenceBatch ofMemory = memory == null ? null : Views.zerosLike(memory);
      SequenceBatch ofValues = values == null ? null : Views.zerosLike(values);
      if (memory == null) {
        layer.forward(query, output, trace);
        layer.backward(trace, outputGradient, ofQuery);
      } else if (values == null) {
        layer.forward(query, memory, output, trace);
        layer.backward(trace, outputGradient, ofQuery, ofMemory);
      } else {
        layer.forward(query, memory, values, output, trace);
        layer.backward(trace, outputGradient, ofQuery, ofMemory, ofValues);
      }
      assertThat(trace.size()).isZero();
      assertThat(trace.borrowed()).isZero();
      Views.assertOnlyTheViewWritten(output.split(1), drawn);
      Views.assertOnlyTheViewWritten(ofQuery.split(1), drawn);
      Map<String, float[]> written = new LinkedHashMap<>();
      written.put("output", Views.dense(output));
      written.put("query", Views.dense(ofQuery));
      if (ofMemory != null) {
        written.put("memory", Views.dense(ofMemory));
      }
      if (ofValues != null) {
        written.put("values", Views.dense(ofValues));
      }
      layer.parameters().forEach(parameter -> written.put(parameter.name(), parameter.gradient().clone()));
      return written;
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void gradients(long seed) {
    AttentionCase drawn = AttentionCase.random(seed);
    Call call = new Call(drawn);
    Map<String, double[]> expected = PlainAttention.gradients(drawn, call.inputs(), call.seeds(), false);
    Map<String, double[]> plain = PlainAttention.gradients(drawn, call.inputs(), call.seeds(), true);
    Map<String, float[]> written = call.run(Trace.create());
    assertThat(written.keySet()).containsExactlyInAnyOrderElementsOf(expected.keySet());
    Map<String, double[]> magnitudes = PlainAttention.magnitudes(drawn, call.inputs(), call.seeds());
    written.forEach(
        (name, actual) -> {
          double largest = largest(expected.get(name));
          boolean cancels = actual.length == 1 || (magnitudes.containsKey(name) && largest < 1e-12 * largest(magnitudes.get(name)));
          if (cancels) {
            checkSum(name + " of " + drawn, actual, plain.get(name), expected.get(name), largest(magnitudes.get(name)));
          } else {
            Budget.assertWithin(name + " of " + drawn, actual, plain.get(name), expected.get(name));
          }
        });
  }

  private static double largest(double[] elements) {
    return Arrays.stream(elements).map(Math::abs).max().orElse(0);
  }

  /**
   * A gradient of a single number, or one that is 0 because its terms cancel, has no larger element to be compared with. Its error may be
   * twice that of plain float code and one rounding of the sum of the absolute values of its terms.
   */
  private static void checkSum(String what, float[] actual, double[] plain, double[] expected, double magnitude) {
    double budget = Math.ulp(1f) * magnitude;
    for (int i = 0; i < actual.length; i++) {
      double error = 2 * Math.abs(plain[i] - expected[i]);
      assertThat((double) actual[i]).as(what).isCloseTo(expected[i], within(error + budget));
    }
  }

  /** Central differences of the double reference confirm its gradients. */
  @ParameterizedTest
  @MethodSource("seeds")
  void differencesConfirmTheReference(long seed) {
    AttentionCase drawn = AttentionCase.random(seed);
    Call call = new Call(drawn);
    Map<String, double[]> inputs = call.inputs();
    Map<String, double[]> gradients = PlainAttention.gradients(drawn, inputs, call.seeds(), false);
    Random random = new Random(seed);
    inputs.forEach(
        (name, elements) -> {
          int i = random.nextInt(elements.length);
          double before = elements[i];
          double step = 1e-5;
          elements[i] = before + step;
          double above = PlainAttention.loss(drawn, inputs, call.seeds());
          elements[i] = before - step;
          double below = PlainAttention.loss(drawn, inputs, call.seeds());
          elements[i] = before;
          double largest = Arrays.stream(gradients.get(name)).map(Math::abs).max().orElse(0);
          assertThat(gradients.get(name)[i])
              .as("%s[%d] of %s", name, i, drawn)
              .isCloseTo((above - below) / (2 * step), within(1e-6 * (1 + largest)));
        });
  }
}
