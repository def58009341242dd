package dev.lanewise.core.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Embedding;
import dev.lanewise.core.layer.LanguageModel;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.layer.StackState;
import dev.lanewise.core.layer.TransformerStack;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.Positions;
import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.core.testing.LayerParts;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.core.testing.PlainTransformer;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.testing.Sample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A decoder of a translation model, compared with double code that runs the whole sequence again for every token. */
@Tag("twice")
class TranslationTest {
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

  private static Generator writer(int stop) {
    LanguageModel model = LanguageModel.of(Embedding.of(TABLE, VOCABULARY, WIDTH), decoder(), vocabulary());
    return Generator.of(model.withPositions(Positions.sinusoidal(WIDTH))).withStopIds(stop).withMaxTokens(MOST);
  }

  private static int[][] decode(Generator writer, SequenceBatch memory, Generator.Listener listener) {
    try (StackState state = decoder().state().memory(memories(memory)).capacity(MOST).build()) {
      List<int[]> starts = Collections.nCopies(memory.batch(), new int[] {START});
      return writer.generate(starts, state, listener).stream().map(Generator.Result::tokens).toArray(int[][]::new);
    }
  }

  /** The memory of each sequence, with its own length. */
  private static List<SequenceBatch> memories(SequenceBatch memory) {
    List<SequenceBatch> memories = new ArrayList<>();
    for (int b = 0; b < memory.batch(); b++) {
      memories.add(memory.batch(b, b + 1).rows(0, LENGTHS[b]));
    }
    return memories;
  }

  private static int[][] decode(Generator writer, SequenceBatch memory) {
    return decode(writer, memory, (sequence, token) -> true);
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
    Arrays.setAll(endless, TranslationTest::plain);
    boolean stopped = false;
    boolean filled = false;
    boolean apart = false;
    for (int stop : Sample.of(IntStream.range(0, VOCABULARY).boxed().toList())) {
      int[][] tokens = decode(writer(stop), MEMORY);
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
    int[][] together = decode(writer(3).withThreads(2), MEMORY);
    for (int b = 0; b < BATCH; b++) {
      try (StackState state = decoder().start(MEMORY.batch(b, b + 1).rows(0, LENGTHS[b]), MOST)) {
        List<Generator.Result> alone = writer(3).generate(List.of(new int[] {START}), state, (sequence, token) -> true);
        assertThat(alone.get(0).tokens()).isEqualTo(together[b]);
      }
    }
  }

  @Test
  void theListenerReceivesTheReturnedTokens() {
    Map<Integer, List<Integer>> heard = new TreeMap<>();
    int[][] tokens = decode(writer(3), MEMORY, (b, token) -> heard.computeIfAbsent(b, key -> new ArrayList<>()).add(token));
    for (int b = 0; b < BATCH; b++) {
      assertThat(heard.getOrDefault(b, List.of())).isEqualTo(Arrays.stream(tokens[b]).boxed().toList());
    }
    Generator.Listener failing =
        (b, token) -> {
          throw new IllegalStateException("enough");
        };
    assertThatThrownBy(() -> decode(writer(3), MEMORY, failing)).hasMessage("enough");
  }

  @Test
  void nothingToLookAtGivesNothing() {
    assertThat(decode(writer(3), SequenceBatch.zeros(0, 5, WIDTH))).isEmpty();
  }

  @Test
  void aNanLogitIsReported() {
    float[] bias = PROJECTION.bias().clone();
    bias[7] = Float.NaN;
    Linear broken = Linear.of(PROJECTION.weight(), bias, WIDTH, VOCABULARY);
    Generator writer = Generator.of(LanguageModel.of(Embedding.of(TABLE, VOCABULARY, WIDTH), decoder(), broken));
    assertThatThrownBy(() -> decode(writer.withMaxTokens(3), MEMORY))
        .isInstanceOf(ArithmeticException.class)
        .hasMessageContaining("token 7 is NaN");
  }

  @Test
  void theBlockOfTheReadmeGivesTheSameTokens() {
    int[][] expected = decode(writer(3).withMaxTokens(MOST), MEMORY);
    Linear vocabulary = vocabulary();
    Embedding embedding = Embedding.of(TABLE, VOCABULARY, WIDTH);
    List<Generator.Result> results =
        GenerateExample.translate(
            decoder().withMemoryMask(Mask.keyLengths(LENGTHS)),
            embedding,
            vocabulary,
            Positions.sinusoidal(WIDTH),
            MEMORY,
            START,
            3,
            (s, t) -> true);
    for (int b = 0; b < BATCH; b++) {
      int[] tokens = results.get(b).tokens();
      assertThat(Arrays.copyOf(tokens, Math.min(MOST, tokens.length))).isEqualTo(expected[b]);
    }
  }
}
