package dev.lanewise.core.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.testing.Budget;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.testing.GraphRows;
import dev.lanewise.testing.ScalarGraph;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Pooling that learns, in drawn configurations: output and gradients against the scalar graph. */
@Tag("twice")
class TrainablePoolingTest {
  static LongStream seeds() {
    return LongStream.range(0, 60);
  }

  /** A drawn call: the rows of each sequence are those from its start on, as many as its length says. */
  private static final class Drawn {
    final int heads;
    final int headDim;
    final int batch;
    final int rows;
    final int @Nullable [] lengths;
    final @Nullable PackedSequences packed;
    final int kind;
    final TrainablePooling pooling;

    Drawn(long seed) {
      Random random = new Random(seed);
      kind = random.nextInt(3);
      heads = 1 + random.nextInt(3);
      headDim = 1 + random.nextInt(9);
      boolean isPacked = random.nextBoolean();
      batch = isPacked ? 1 : 1 + random.nextInt(3);
      rows = random.nextInt(20);
      packed = isPacked ? PackedSequences.of(0, rows / 3, rows / 3, rows) : null;
      lengths = isPacked || random.nextBoolean() ? null : random.ints(batch, 0, rows + 1).toArray();
      pooling =
          switch (kind) {
            case 0 -> TrainablePooling.mean();
            case 1 -> TrainablePooling.firstToken();
            default -> TrainablePooling.attention(seed, heads, headDim);
          };
    }

    int width() {
      return heads * headDim;
    }

    int count() {
      return packed == null ? batch : packed.count();
    }

    int start(int sequence) {
      return packed == null ? sequence * rows : packed.keyStart(sequence);
    }

    int rows(int sequence) {
      return packed != null ? packed.keys(sequence) : lengths == null ? rows : lengths[sequence];
    }

    /** Output, gradient of x and gradient of the query, one after another. */
    double[][] plain(float[] x, float[] query, float[] outputGradient, boolean rounded) {
      ScalarGraph graph = rounded ? ScalarGraph.inFloat() : ScalarGraph.inDouble();
      GraphRows all = new GraphRows(graph);
      int[] inputs = all.numbers(doubles(x));
      int[] queries = all.numbers(doubles(query));
      int[][] each = GraphRows.rows(inputs, width());
      int[] zeros = all.numbers(new double[width()]);
      List<int[]> outputs = new ArrayList<>();
      for (int s = 0; s < count(); s++) {
        int[][] own = Arrays.copyOfRange(each, start(s), start(s) + rows(s));
        outputs.add(own.length == 0 ? zeros : kind == 1 ? own[0] : kind == 0 ? mean(graph, all, own) : attend(graph, all, own, queries));
      }
      int[] output = GraphRows.flat(outputs.toArray(int[][]::new));
      double[] gradients = graph.gradients(output, doubles(outputGradient));
      return new double[][] {
        all.values(output),
        Arrays.stream(inputs).mapToDouble(n -> gradients[n]).toArray(),
        Arrays.stream(queries).mapToDouble(n -> gradients[n]).toArray()
      };
    }

    private int[] mean(ScalarGraph graph, GraphRows all, int[][] own) {
      int[] weights = new int[own.length];
      Arrays.fill(weights, graph.number(1.0 / own.length));
      return all.mixed(weights, own, width());
    }

    private int[] attend(ScalarGraph graph, GraphRows all, int[][] own, int[] queries) {
      int[] result = new int[width()];
      for (int head = 0; head < heads; head++) {
        int from = head * headDim;
        int[] query = Arrays.copyOfRange(queries, from, from + headDim);
        int[][] parts = Arrays.stream(own).map(row -> Arrays.copyOfRange(row, from, from + headDim)).toArray(int[][]::new);
        int[] scores = Arrays.stream(parts).mapToInt(row -> graph.scale(all.dot(query, row), 1 / Math.sqrt(headDim))).toArray();
        System.arraycopy(all.mixed(all.softmax(scores, -1), parts, headDim), 0, result, from, headDim);
      }
      return result;
    }

    private static double[] doubles(float[] x) {
      double[] result = new double[x.length];
      Arrays.setAll(result, i -> x[i]);
      return result;
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void gradients(long seed) {
    Drawn drawn = new Drawn(seed);
    SequenceBatch x = Views.randomSequences(Views.Layout.GAPS, drawn.batch, drawn.rows, drawn.width(), seed);
    SequenceBatch y = Views.emptySequences(Views.Layout.GAPS, drawn.count(), 1, drawn.width());
    SequenceBatch outputGradient = Views.randomSequences(Views.Layout.GAPS, drawn.count(), 1, drawn.width(), seed + 1);
    SequenceBatch inputGradient = Views.emptySequences(Views.Layout.GAPS, drawn.batch, drawn.rows, drawn.width());
    Trace trace = Trace.create().setPackedSequences(drawn.packed).setKeyLengths(drawn.lengths);
    drawn.pooling.forward(x, y, trace);
    drawn.pooling.backward(trace, outputGradient, inputGradient);
    Views.assertOnlyTheViewWritten(y.split(1), seed);
    Views.assertOnlyTheViewWritten(inputGradient.split(1), seed);
    assertThat(trace.size()).isZero();
    boolean learns = drawn.kind == 2;
    float[] query = learns ? drawn.pooling.parameters().getFirst().values() : new float[0];
    double[][] expected = drawn.plain(Views.dense(x), query, Views.dense(outputGradient), false);
    double[][] plain = drawn.plain(Views.dense(x), query, Views.dense(outputGradient), true);
    Budget.assertWithin("output " + seed, Views.dense(y), plain[0], expected[0]);
    Budget.assertWithin("input gradient " + seed, Views.dense(inputGradient), plain[1], expected[1]);
    if (learns) {
      Budget.assertWithin("query gradient " + seed, drawn.pooling.parameters().getFirst().gradient(), plain[2], expected[2]);
    }
  }

  @Test
  void wrongShapesAreNamed() {
    TrainablePooling pooling = TrainablePooling.attention(1, 2, 3);
    Trace trace = Trace.create();
    SequenceBatch x = SequenceBatch.zeros(2, 5, 6);
    SequenceBatch y = SequenceBatch.zeros(2, 1, 6);
    assertThatThrownBy(() -> pooling.forward(SequenceBatch.zeros(2, 5, 7), y, trace))
        .hasMessageContaining("x.width is 7")
        .hasMessageContaining("6");
    assertThatThrownBy(() -> pooling.forward(x, SequenceBatch.zeros(3, 1, 6), trace))
        .hasMessage("output.batch is 3, but the number of sequences is 2");
    pooling.forward(x, y, trace);
    assertThatThrownBy(() -> pooling.backward(trace, SequenceBatch.zeros(2, 2, 6), null))
        .hasMessage("outputGradient.rows is 2, but the rows of a result is 1");
    assertThatThrownBy(() -> TrainablePooling.attention(new float[5], 2, 3)).hasMessage("query.length is 5, but numHeads * headDim is 6");
  }
}
