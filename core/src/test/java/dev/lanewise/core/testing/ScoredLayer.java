package dev.lanewise.core.testing;

import dev.lanewise.core.Attention;
import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.kernels.data.Bias;
import java.util.Arrays;

/** A multi-head layer in plain double code whose scores follow a formula. */
public final class ScoredLayer {
  private ScoredLayer() {}

  /** The score of a head's query i and key j, whose projected rows are given; −∞ if the query does not see the key. */
  @FunctionalInterface
  public interface Score {
    double of(double[] query, double[] key, int head, int i, int j);
  }

  /** One batch entry: queries × embedDim. */
  public static double[][] output(LayerShape shape, double[][] x, double[][] source, Score score) {
    double[][] query = linear(shape.query(), x);
    double[][] key = linear(shape.key(), source);
    int group = shape.numHeads() / shape.keyValueHeads();
    Bias scores = Bias.of(new float[shape.numHeads() * x.length * source.length], shape.numHeads(), x.length, source.length);
    for (int n = 0; n < scores.data().length; n++) {
      int head = n / source.length / x.length;
      int i = n / source.length % x.length;
      int j = n % source.length;
      scores.data()[n] = (float) score.of(part(shape, query[i], head), part(shape, key[j], head / group), head, i, j);
    }
    double[][] zeros = new double[x.length][shape.numHeads()];
    double[][] values = linear(shape.value(), source);
    double[][] heads =
        ReferenceLayers.inDouble()
            .attention(
                zeros,
                new double[source.length][shape.keyValueHeads()],
                values,
                shape.numHeads(),
                shape.keyValueHeads(),
                Attention.standard().withBias(scores));
    return linear(shape.output(), heads);
  }

  private static double[] part(LayerShape shape, double[] row, int head) {
    return Arrays.copyOfRange(row, head * shape.headDim(), (head + 1) * shape.headDim());
  }

  private static double[][] linear(LayerShape.Weights projection, double[][] x) {
    return ReferenceLayers.inDouble().linear(x, projection.weight(), projection.bias());
  }
}
