package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.Positions;
import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.core.testing.LayerParts;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.core.testing.PlainTransformer;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Greedy decoding compared with double code that runs the whole sequence again for every token. */
class GreedyDecoderTest {
  private static final int WIDTH = 32;
  private static final int VOCABULARY = 23;
  private static final int START = 1;
  private static final int BATCH = 4;
  private static final int MOST = 24;
  private static final LayerParts PARTS = new LayerParts(LayerShape.of(WIDTH, 4), 64, Activation.RELU, false, false, Norm.Placement.POST);
  private static final float[] TABLE = Views.randomArray(VOCABULARY * WIDTH, 1, Problem.SEED + 61);
  private static final LayerShape.Weights PROJECTION = LayerShape.Weights.of(VOCABULARY, WIDTH, 62);
  private static final SequenceBatch MEMORY = Views.randomSequences(Layout.DENSE, BATCH, 9, WIDTH, Problem.SEED + 63);
  private static final int[] LENGTHS = {9, 4, 1, 7};

  private static TransformerStack decoder() {
    return TransformerStack.of(List.of(PARTS.decoderLayer(), PARTS.decoderLayer()), null);
  }

  private static Linear vocabulary() {
    return Linear.of(PROJECTION.weight(), PROJECTION.bias(), WIDTH, VOCABULARY);
  }

  private static GreedyDecoder writer(int stop) {
    return GreedyDecoder.of(decoder(), Embedding.of(TABLE, VOCABULARY, WIDTH), vocabulary(), START, stop)
        .withPositions(Positions.sinusoidal(WIDTH))
        .withMaxLength(MOST);
  }

  /** PE(p, 2i) = sin(p / 10000^(2i/d)), PE(p, 2i+1) = cos(p / 10000^(2i/d)). */
  private static double position(int p, int c) {
    double angle = p / Math.pow(10000, (c - c % 2) / (double) WIDTH);
    return c % 2 == 0 ? Math.sin(angle) : Math.cos(angle);
  }

  /** The tokens that follow if every step runs the whole sequence, without the stop token. */
  private static int[] plain(int b) {
    PlainTransformer plain = PlainTransformer.inDouble();
    double[][] memory = Arrays.copyOf(ReferenceLayers.rows(MEMORY, b), LENGTHS[b]);
    List<Integer> tokens = new ArrayList<>(List.of(START));
    while (tokens.size() <= MOST) {
      double[][] x = new double[tokens.size()][WIDTH];
      for (int row = 0; row < x.length; row++) {
        for (int c = 0; c < WIDTH; c++) {
          x[row][c] = TABLE[tokens.get(row) * WIDTH + c] + position(row, c);
        }
      }
      double[] last = plain.decoderLayer(PARTS, plain.decoderLayer(PARTS, x, memory), memory)[tokens.size() - 1];
      int best = 0;
      double[] scores = new double[VOCABULARY];
      for (int token = 0; token < VOCABULARY; token++) {
        scores[token] = PROJECTION.bias()[token];
        for (int c = 0; c < WIDTH; c++) {
          scores[token] += last[c] * PROJECTION.weight()[token * WIDTH + c];
        }
        best = scores[token] > scores[best] ? token : best;
      }
      Arrays.sort(scores);
      assertThat(scores[VOCABULARY - 1] - scores[VOCABULARY - 2]).as("a margin that float cannot lose").isGreaterThan(1e-4);
      tokens.add(best);
    }
    return tokens.subList(1, tokens.size()).stream().mapToInt(token -> token).toArray();
  }

  @Test
  void theMostProbableTokenFollowsUntilStopOrMaxLength() {
    int[][] endless = new int[BATCH][];
    Arrays.setAll(endless, GreedyDecoderTest::plain);
    boolean stopped = false;
    boolean filled = false;
    boolean apart = false;
    for (int stop = 0; stop < VOCABULARY; stop++) {
      int[][] tokens = writer(stop).withMemoryMask(Mask.keyLengths(LENGTHS)).decode(MEMORY);
      int last = stop;
      for (int b = 0; b < BATCH; b++) {
        int[] expected = Arrays.stream(endless[b]).takeWhile(token -> token != last).toArray();
        assertThat(tokens[b]).as("sequence %d, stop %d", b, stop).isEqualTo(expected);
        stopped |= tokens[b].length < MOST;
        filled |= tokens[b].length == MOST;
        apart |= tokens[b].length != tokens[0].length;
      }
    }
    assertThat(stopped && filled && apart).as("the cases cover both ends, and sequences that end apart").isTrue();
  }

  @Test
  void aSequenceDoesNotDependOnTheOthersNorOnThreads() {
    int[][] together = writer(3).withThreads(2).decode(MEMORY);
    for (int b = 0; b < BATCH; b++) {
      assertThat(writer(3).decode(new SequenceBatch(MEMORY.data(), MEMORY.index(b, 0), 1, MEMORY.rows(), WIDTH, 0, WIDTH)))
          .isEqualTo(new int[][] {together[b]});
    }
  }

  @Test
  void theListenerReceivesTheReturnedTokens() {
    Map<Integer, List<Integer>> heard = new TreeMap<>();
    int[][] tokens = writer(3).decode(MEMORY, (b, token) -> heard.computeIfAbsent(b, key -> new ArrayList<>()).add(token));
    for (int b = 0; b < BATCH; b++) {
      assertThat(heard.getOrDefault(b, List.of())).isEqualTo(Arrays.stream(tokens[b]).boxed().toList());
    }
    assertThatThrownBy(
            () ->
                writer(3)
                    .decode(
                        MEMORY,
                        (b, token) -> {
                          throw new IllegalStateException("enough");
                        }))
        .hasMessage("enough");
  }

  @Test
  void nothingToLookAtGivesNothing() {
    assertThat(writer(3).decode(SequenceBatch.zeros(0, 5, WIDTH))).isEmpty();
  }

  @Test
  void aNanScoreIsReported() {
    float[] bias = PROJECTION.bias().clone();
    bias[7] = Float.NaN;
    Linear broken = Linear.of(PROJECTION.weight(), bias, WIDTH, VOCABULARY);
    GreedyDecoder writer = GreedyDecoder.of(decoder(), Embedding.of(TABLE, VOCABULARY, WIDTH), broken, START, 3);
    assertThatThrownBy(() -> writer.decode(MEMORY)).isInstanceOf(ArithmeticException.class).hasMessageContaining("token 7 is NaN");
  }

  @Test
  void wrongArguments() {
    Embedding embedding = Embedding.of(TABLE, VOCABULARY, WIDTH);
    float[] learned = new float[10 * WIDTH];
    List<Wrong> wrong =
        List.of(
            Wrong.argument(
                "start", t -> GreedyDecoder.of(decoder(), embedding, vocabulary(), VOCABULARY, 0), "start", "23", "embedding.vocabulary"),
            Wrong.argument("stop", t -> GreedyDecoder.of(decoder(), embedding, vocabulary(), 0, -1), "stop", "-1", "0"),
            Wrong.argument("maxLength", t -> writer(3).withMaxLength(0), "maxLength", "0", "1"),
            Wrong.argument("positions", t -> writer(3).withPositions(Positions.sinusoidal(30)), "positions.embedDim", "30", "32"),
            Wrong.argument(
                "too few positions",
                t -> writer(3).withPositions(Positions.learned(learned, 10, WIDTH)).decode(MEMORY),
                "maxLength",
                "24",
                "maxPositions",
                "10"),
            Wrong.argument(
                "vocabulary",
                t -> GreedyDecoder.of(decoder(), Embedding.of(TABLE, VOCABULARY * 2, WIDTH / 2), vocabulary(), 0, 1),
                "embedding.embedDim",
                "16",
                "32"));
    wrong.forEach(Wrong::verify);
  }

  @Test
  void example() throws IOException {
    assertThat(ReadmeBlocks.compiled("GreedyExample.java")).isEqualTo(ReadmeBlocks.shownInJavadoc("GreedyDecoder.java"));
    Embedding embedding = Embedding.of(TABLE, VOCABULARY, WIDTH);
    int[][] tokens = GreedyExample.run(decoder(), embedding, vocabulary(), Positions.sinusoidal(WIDTH), START, 3, MEMORY);
    int[][] expected = writer(3).withMaxLength(200).decode(MEMORY);
    assertThat(tokens).isEqualTo(expected);
  }
}
