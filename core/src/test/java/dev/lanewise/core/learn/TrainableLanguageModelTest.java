package dev.lanewise.core.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.LanguageModel;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.layer.StackState;
import dev.lanewise.core.learn.GraphModel.Around;
import dev.lanewise.core.position.Positions;
import dev.lanewise.core.testing.Budget;
import dev.lanewise.core.weights.Initialisation;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Dropout;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.testing.ScalarGraph;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A language model against a graph of numbers: loss, gradients, dropout, packed sequences, and the model for inference. */
@Tag("twice")
class TrainableLanguageModelTest {
  private static final int WIDTH = 8;
  private static final int VOCABULARY = 11;
  private static final int BATCH = 2;
  private static final int ROWS = 5;
  private static final int HEADS = 2;
  private static final float RATE = 0.25f;

  /** A model of two layers. Odd seeds are tied; every third one has sinusoidal instead of learned positions. */
  private static TrainableLanguageModel model(int seed, float dropout) {
    TrainableEmbedding embedding = TrainableEmbedding.normal(seed, VOCABULARY, WIDTH, 0.5f);
    TrainableStack stack =
        TrainableStack.builder(HEADS)
            .norms(Norm.Placement.PRE)
            .activation(Activation.GELU)
            .dropout(dropout)
            .decoderOnly(Initialisation.xavier(seed).encoder(WIDTH, 16, 2), "");
    TrainableLanguageModel model =
        seed % 2 == 1
            ? TrainableLanguageModel.tied(embedding, stack)
            : TrainableLanguageModel.of(embedding, stack, TrainableLinear.xavier(seed + 1, WIDTH, VOCABULARY));
    TrainablePositions positions =
        seed % 3 == 0
            ? TrainablePositions.fixed(Positions.sinusoidal(WIDTH))
            : TrainablePositions.learned(TrainableEmbedding.normal(seed + 2, ROWS, WIDTH, 0.5f));
    return model.withPositions(positions).withDropout(dropout).withLabelSmoothing(seed % 4 == 0 ? 0.1f : 0);
  }

  private static int[] ids(Random random, int count) {
    return random.ints(count, 0, VOCABULARY).toArray();
  }

  private static int[] targets(Random random, int count) {
    int[] targets = ids(random, count);
    targets[count / 2] = TrainableLanguageModel.IGNORED;
    return targets;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})
  void lossAndGradientsAreThoseOfTheFormulas(int seed) {
    float dropout = seed % 2 == 0 ? RATE : 0;
    TrainableLanguageModel model = model(seed, dropout);
    Random random = new Random(seed);
    int[] ids = ids(random, BATCH * ROWS);
    int[] targets = targets(random, BATCH * ROWS);
    Trace trace = Trace.create().train(seed, 3);
    float scale = 1f / TrainableLanguageModel.count(targets);
    double loss = model.learn(ids, targets, BATCH, scale, trace);
    assertThat(trace.size()).isZero();
    assertThat(trace.borrowed()).isZero();
    Reference exact = reference(ScalarGraph.inDouble(), model, seed, dropout, ids, targets, scale);
    Reference plain = reference(ScalarGraph.inFloat(), model, seed, dropout, ids, targets, scale);
    assertThat(loss).isCloseTo(exact.loss, within(1e-6 * exact.loss + 2 * Math.abs(plain.loss - exact.loss)));
    float[] all = new float[exact.gradients.length];
    int at = 0;
    for (Parameter parameter : model.parameters()) {
      System.arraycopy(parameter.gradient(), 0, all, at, parameter.size());
      at += parameter.size();
    }
    Budget.assertWithin("gradients of model " + seed, all, plain.gradients, exact.gradients);
    assertThat(model.loss(ids, targets, BATCH, trace.train(seed, 3))).as("the loss without gradients").isEqualTo(loss);
    assertThat(trace.size()).isZero();
  }

  private record Reference(double loss, double[] gradients) {}

  private static Reference reference(
      ScalarGraph graph, TrainableLanguageModel model, int seed, float dropout, int[] ids, int[] targets, float scale) {
    Map<String, int[]> parameters = new LinkedHashMap<>();
    for (Parameter parameter : model.parameters()) {
      int[] numbers = new int[parameter.size()];
      Arrays.setAll(numbers, i -> graph.number(parameter.values()[i]));
      parameters.put(parameter.name(), numbers);
    }
    GraphModel program = new GraphModel(graph, parameters, false);
    int[] losses = new int[BATCH];
    for (int b = 0; b < BATCH; b++) {
      int[] ofSequence = Arrays.copyOfRange(ids, b * ROWS, (b + 1) * ROWS);
      int[][] x = program.embedded("embedding.weight", WIDTH, ofSequence);
      x = program.dropped(positioned(program, parameters, x), factors(seed, dropout, 0, b));
      for (int layer = 0; layer < 2; layer++) {
        String prefix = "stack.layers." + layer + ".";
        Around self = new Around(prefix + "norm1.", null, null, factors(seed, dropout, 1 + 2 * layer, b));
        Around network = new Around(prefix + "norm2.", null, null, factors(seed, dropout, 2 + 2 * layer, b));
        x = program.sublayer(x, self, true, 1e-5f, in -> program.attention(prefix + "self_attn.", in, in, HEADS, (i, j) -> j <= i));
        x = program.sublayer(x, network, true, 1e-5f, in -> program.feedForward(prefix, in, Activation.GELU));
      }
      int[][] hidden = program.norm("stack.norm.", x, true, 1e-5f);
      int[][] logits =
          parameters.containsKey("head.weight") ? program.linear("head.", hidden) : program.tiedHead("embedding.weight", hidden);
      int[] ofTargets = Arrays.copyOfRange(targets, b * ROWS, (b + 1) * ROWS);
      losses[b] = program.crossEntropy(logits, ofTargets, seed % 4 == 0 ? 0.1f : 0);
    }
    double[] seeds = new double[BATCH];
    Arrays.fill(seeds, scale);
    double[] gradients = graph.gradients(losses, seeds);
    return new Reference(
        Arrays.stream(losses).mapToDouble(graph::value).sum(),
        parameters.values().stream().flatMapToInt(Arrays::stream).mapToDouble(number -> gradients[number]).toArray());
  }

  private static int[][] positioned(GraphModel program, Map<String, int[]> parameters, int[][] x) {
    if (parameters.containsKey("positions.weight")) {
      return program.add(x, program.embedded("positions.weight", WIDTH, 0, 1, 2, 3, 4));
    }
    SequenceBatch sines = SequenceBatch.zeros(1, ROWS, WIDTH);
    Positions.sinusoidal(WIDTH).apply(sines, 0);
    double[][] constants = new double[ROWS][WIDTH];
    for (int row = 0; row < ROWS; row++) {
      for (int c = 0; c < WIDTH; c++) {
        constants[row][c] = sines.get(0, row, c);
      }
    }
    return program.shifted(x, constants);
  }

  private static double[][] factors(int seed, float dropout, int call, int b) {
    if (dropout == 0) {
      return new double[0][];
    }
    Dropout numbers = new Dropout(dropout, seed, 3L * LearnCase.CALLS + call);
    double[][] factors = new double[ROWS][WIDTH];
    for (int row = 0; row < ROWS; row++) {
      float[] ofRow = new float[WIDTH];
      numbers.factors(b, row, 0, WIDTH, new int[4], ofRow, 0);
      for (int c = 0; c < WIDTH; c++) {
        factors[row][c] = ofRow[c];
      }
    }
    return factors;
  }

  @Test
  void threadsAndRecomputeGiveTheSameBits() {
    for (int seed = 0; seed < 4; seed++) {
      Map<String, float[]> one = gradients(seed, 1, false);
      Map<String, float[]> three = gradients(seed, 3, true);
      one.forEach((name, gradient) -> assertThat(three.get(name)).as(name).isEqualTo(gradient));
    }
  }

  /** Gradients of a batch whose logits take several blocks of rows. */
  private static Map<String, float[]> gradients(int seed, int threads, boolean recompute) {
    TrainableLanguageModel model = model(seed, RATE);
    model.stack().setRecompute(recompute);
    Random random = new Random(seed);
    int batch = 300;
    int[] ids = ids(random, batch * ROWS);
    model.learn(ids, targets(random, ids.length), batch, 0.01f, Trace.create().setThreads(threads).train(seed, 1));
    Map<String, float[]> gradients = new LinkedHashMap<>();
    model.parameters().forEach(parameter -> gradients.put(parameter.name(), parameter.gradient()));
    return gradients;
  }

  @Test
  void fusedLossHasTheGradientsOfLogitsAndALoss() {
    TrainableLanguageModel fused = model(5, 0);
    TrainableLanguageModel whole = model(5, 0);
    int[] ids = ids(new Random(1), BATCH * ROWS);
    int[] targets = targets(new Random(2), BATCH * ROWS);
    double loss = fused.learn(ids, targets, BATCH, 0.5f, Trace.create().train(1, 1));
    Trace trace = Trace.create().train(1, 1);
    SequenceBatch logits = SequenceBatch.zeros(BATCH, ROWS, VOCABULARY);
    whole.forward(ids, logits, trace);
    Matrix rows = Matrix.of(logits.data(), BATCH * ROWS, VOCABULARY);
    double expected = trace.kernels().backward().crossEntropy(rows, targets, TrainableLanguageModel.IGNORED, 0, 0.5f, rows);
    whole.backward(trace, logits);
    assertThat(loss).isEqualTo(expected);
    for (int i = 0; i < whole.parameters().size(); i++) {
      assertThat(fused.parameters().get(i).gradient()).isEqualTo(whole.parameters().get(i).gradient());
    }
    assertThat(trace.size()).isZero();
  }

  @Test
  void packedSequencesGiveTheLossOfEachSequence() {
    for (int seed = 0; seed < 4; seed++) {
      TrainableLanguageModel model = model(seed, 0);
      int[] ids = ids(new Random(seed), 9);
      int[] targets = targets(new Random(seed + 1), 9);
      Trace trace = Trace.create();
      double packed = model.loss(ids, targets, 1, trace.setPackedSequences(PackedSequences.of(0, 4, 9)));
      trace.setPackedSequences(null);
      double first = model.loss(Arrays.copyOf(ids, 4), Arrays.copyOf(targets, 4), 1, trace);
      double second = model.loss(Arrays.copyOfRange(ids, 4, 9), Arrays.copyOfRange(targets, 4, 9), 1, trace);
      assertThat(packed).isCloseTo(first + second, within(1e-12 * packed));
    }
  }

  @Test
  void modelForInferenceHasTheSameLogits() {
    for (int seed = 0; seed < 4; seed++) {
      TrainableLanguageModel model = model(seed, RATE);
      int[] ids = ids(new Random(seed), BATCH * ROWS);
      SequenceBatch learned = SequenceBatch.zeros(BATCH, ROWS, VOCABULARY);
      model.forward(ids, learned, Trace.create().evaluate());
      LanguageModel inference = model.toLayer();
      SequenceBatch logits = SequenceBatch.zeros(BATCH, ROWS, VOCABULARY);
      try (StackState state = inference.stack().start(BATCH, ROWS)) {
        inference.forward(ids, state, logits);
      }
      for (int i = 0; i < logits.data().length; i++) {
        assertThat(learned.data()[i]).isCloseTo(logits.data()[i], within(1e-5f));
      }
    }
  }

  @Test
  void namesAreThoseOfPyTorchAndTensorsLoad() {
    TrainableLanguageModel model = model(2, 0);
    assertThat(model.parameters().stream().map(Parameter::name))
        .startsWith("embedding.weight", "positions.weight", "stack.layers.0.self_attn.in_proj_weight")
        .endsWith("stack.norm.bias", "head.weight", "head.bias");
    assertThat(model(1, 0).parameters().stream().map(Parameter::name)).doesNotContain("head.weight");
    NamedTensors tensors = model.tensors();
    TrainableLanguageModel other = model(8, 0);
    other.load(tensors);
    for (int i = 0; i < model.parameters().size(); i++) {
      assertThat(other.parameters().get(i).values()).isEqualTo(model.parameters().get(i).values());
    }
  }

  @Test
  void badArgumentsAreNamed() {
    TrainableLanguageModel model = model(2, 0);
    Trace trace = Trace.create();
    assertThatThrownBy(() -> model.loss(new int[] {1, 2, 3}, new int[3], 2, trace))
        .hasMessageContaining("ids.length is 3")
        .hasMessageContaining("batch 2");
    assertThatThrownBy(() -> model.loss(new int[] {1, 2}, new int[3], 1, trace)).hasMessage("targets.length is 3, but ids.length is 2");
    assertThatThrownBy(() -> model.loss(new int[] {1, 11}, new int[2], 1, trace)).hasMessageStartingWith("ids[1] is 11");
    assertThatThrownBy(() -> model.loss(new int[] {1, 2}, new int[] {0, -1}, 1, trace)).hasMessageStartingWith("targets[1] is -1");
    assertThatThrownBy(() -> model.loss(new int[6], new int[6], 1, trace))
        .hasMessage("the position of row 5 is 5, but the last position is 4");
    assertThatThrownBy(() -> model.withDropout(1)).hasMessageContaining("dropout is 1.0");
    assertThatThrownBy(() -> model.withLabelSmoothing(-1)).hasMessageContaining("smoothing is -1.0");
  }
}
