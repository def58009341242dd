package dev.lanewise.core.testing;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Embedding;
import dev.lanewise.core.layer.FeedForward;
import dev.lanewise.core.layer.LanguageModel;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.layer.StackState;
import dev.lanewise.core.layer.TransformerLayer;
import dev.lanewise.core.layer.TransformerStack;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.WeightFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * What rounded weights cost: the mean Kullback-Leibler divergence, in nats, of a model's distribution of the next token from that of the
 * model with weights in float. The model is decoder-only (grouped heads, rotary positions, RMS norms, SwiGLU), seeded, and random with the
 * statistics of trained models: normally distributed weights, sublayers that add a small part to the rows, and logits with the given
 * standard deviation.
 *
 * <pre>{@code
 * java --add-modules jdk.incubator.vector -cp … dev.lanewise.core.testing.QuantisationLoss 24 1024 32000
 * }</pre>
 */
public final class QuantisationLoss {
  private static final int TOKENS = 64;

  /** The part that a sublayer adds to rows whose elements have standard deviation 1. */
  private static final double ADDED = 0.25;

  private final int width;
  private final int vocabulary;
  private final List<Linear> linears = new ArrayList<>();
  private final float[] table;
  private final Random random;

  /**
   * Draws the weights of a model.
   *
   * @param logitSpread standard deviation of the logits
   */
  public QuantisationLoss(int layers, int width, int vocabulary, double logitSpread, long seed) {
    this.width = width;
    this.vocabulary = vocabulary;
    this.random = new Random(seed);
    this.table = normal(vocabulary * width, 1);
    for (int layer = 0; layer < layers; layer++) {
      linears.add(linear(width, width, 1.5));
      linears.add(linear(width, width / 4, 1.5));
      linears.add(linear(width, width / 4, 1));
      linears.add(linear(width, width, ADDED));
      linears.add(linear(width, hidden(), 1));
      linears.add(linear(width, hidden(), 1));
      linears.add(linear(hidden(), width, 2 * ADDED));
    }
    linears.add(linear(width, vocabulary, logitSpread));
  }

  private int hidden() {
    return width * 11 / 4;
  }

  private float[] normal(int count, double spread) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) (spread * random.nextGaussian());
    }
    return numbers;
  }

  /** A projection whose outputs have the given standard deviation if its inputs have 1. */
  private Linear linear(int inputs, int outputs, double spread) {
    return Linear.of(normal(inputs * outputs, spread / Math.sqrt((double) inputs)), null, inputs, outputs);
  }

  private LanguageModel model(WeightFormat format) {
    float[] ones = new float[width];
    Arrays.fill(ones, 1);
    Norm norm = Norm.rms(ones, 1e-5f);
    List<Linear> rounded = linears.stream().map(linear -> linear.withFormat(format)).toList();
    List<TransformerLayer> layers = new ArrayList<>();
    int heads = Math.max(4, width / 64);
    for (int first = 0; first + 7 < rounded.size(); first += 7) {
      List<Linear> own = rounded.subList(first, first + 7);
      MultiHeadAttention attention =
          MultiHeadAttention.builder(width, heads)
              .keyValueHeads(heads / 4)
              .query(own.get(0))
              .key(own.get(1))
              .value(own.get(2))
              .output(own.get(3))
              .build()
              .withPositions(Rotary.of(width / heads));
      FeedForward network = FeedForward.gated(own.get(4), own.get(5), own.get(6), Activation.SILU);
      layers.add(TransformerLayer.decoderOnly(attention, norm, network, norm, Norm.Placement.PRE));
    }
    return LanguageModel.of(Embedding.of(table, vocabulary, width), TransformerStack.of(layers, norm), rounded.getLast());
  }

  /** The logarithms of the probabilities of each next token, after each token of a random text. */
  private double[][] logProbabilities(WeightFormat format) {
    int[] ids = new Random(1).ints(TOKENS, 0, vocabulary).toArray();
    SequenceBatch logits = SequenceBatch.zeros(1, TOKENS, vocabulary);
    LanguageModel model = model(format);
    try (StackState state = model.stack().start(1, TOKENS)) {
      model.forward(ids, state, logits);
    }
    double[][] result = new double[TOKENS][vocabulary];
    for (int row = 0; row < TOKENS; row++) {
      double sum = 0;
      for (int v = 0; v < vocabulary; v++) {
        sum += Math.exp(logits.get(0, row, v));
      }
      for (int v = 0; v < vocabulary; v++) {
        result[row][v] = logits.get(0, row, v) - Math.log(sum);
      }
    }
    return result;
  }

  /** Σ p · (ln p − ln q), averaged over the tokens, where p is the distribution with float weights and q that with weights in a format. */
  public double divergence(WeightFormat format) {
    return mean(logProbabilities(WeightFormat.F32), logProbabilities(format));
  }

  private static double mean(double[][] exact, double[][] rounded) {
    double sum = 0;
    for (int row = 0; row < exact.length; row++) {
      for (int v = 0; v < exact[row].length; v++) {
        sum += Math.exp(exact[row][v]) * (exact[row][v] - rounded[row][v]);
      }
    }
    return sum / exact.length;
  }

  /** Prints a table. Arguments: layers, width, vocabulary. */
  public static void main(String[] arguments) {
    int[] sizes = Arrays.stream(arguments).mapToInt(Integer::parseInt).toArray();
    for (double spread : new double[] {0.64, 1, 1.5, 2}) {
      QuantisationLoss loss = new QuantisationLoss(sizes[0], sizes[1], sizes[2], spread, 20261129);
      double[][] exact = loss.logProbabilities(WeightFormat.F32);
      double entropy = 0;
      for (double[] row : exact) {
        entropy -= Arrays.stream(row).map(logarithm -> Math.exp(logarithm) * logarithm).sum() / exact.length;
      }
      System.out.printf(Locale.ROOT, "logits with standard deviation %.2f, entropy %.2f nats:", spread, entropy);
      for (WeightFormat format : WeightFormat.values()) {
        if (format != WeightFormat.F32) {
          System.out.printf(Locale.ROOT, "  %s %.2e", format, mean(exact, loss.logProbabilities(format)));
        }
      }
      System.out.println();
    }
  }
}
