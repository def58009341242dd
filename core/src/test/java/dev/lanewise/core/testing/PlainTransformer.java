package dev.lanewise.core.testing;

import dev.lanewise.core.Attention;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.layers.ReferenceLayers;
import java.util.function.BiPredicate;

/** Layers of a transformer for one sequence, rows × width, by {@link ReferenceLayers} in double or in float. */
public record PlainTransformer(ReferenceLayers layers) {
  public static PlainTransformer inDouble() {
    return new PlainTransformer(ReferenceLayers.inDouble());
  }

  public static PlainTransformer inFloat() {
    return new PlainTransformer(ReferenceLayers.inFloat());
  }

  public double[][] encoderLayer(LayerParts parts, double[][] x, BiPredicate<Integer, Integer> sees) {
    if (parts.placement() == Norm.Placement.POST) {
      double[][] y = norm(parts, 0, layers.add(x, attention(parts.attention(), x, x, x, sees)));
      return norm(parts, 1, layers.add(y, feedForward(parts, y)));
    }
    double[][] normed = norm(parts, 0, x);
    double[][] y = layers.add(x, attention(parts.attention(), normed, normed, normed, sees));
    return layers.add(y, feedForward(parts, norm(parts, 1, y)));
  }

  public double[][] decoderLayer(LayerParts parts, double[][] x, double[][] memory) {
    BiPredicate<Integer, Integer> causal = (i, j) -> j <= i;
    BiPredicate<Integer, Integer> all = (i, j) -> true;
    if (parts.placement() == Norm.Placement.POST) {
      double[][] y = norm(parts, 0, layers.add(x, attention(parts.attention(), x, x, x, causal)));
      double[][] z = norm(parts, 2, layers.add(y, attention(parts.cross(), y, memory, memory, all)));
      return norm(parts, 1, layers.add(z, feedForward(parts, z)));
    }
    double[][] normed = norm(parts, 0, x);
    double[][] y = layers.add(x, attention(parts.attention(), normed, normed, normed, causal));
    double[][] z = layers.add(y, attention(parts.cross(), norm(parts, 2, y), memory, memory, all));
    return layers.add(z, feedForward(parts, norm(parts, 1, z)));
  }

  private double[][] norm(LayerParts parts, int which, double[][] x) {
    return layers.norm(x, !parts.rms(), parts.normWeight(which), parts.rms() ? null : parts.normBias(which), LayerParts.EPSILON);
  }

  private double[][] feedForward(LayerParts parts, double[][] x) {
    double[][] up = linear(parts.up(), x);
    double[][] hidden = layers.activated(parts.activation(), parts.gated() ? linear(parts.gate(), x) : up);
    return linear(parts.down(), parts.gated() ? layers.multiply(hidden, up) : hidden);
  }

  /** Query, key and value are projected from the given rows; key and value have as many rows. */
  public double[][] attention(
      LayerShape shape, double[][] x, double[][] source, double[][] valueSource, BiPredicate<Integer, Integer> sees) {
    double[][] query = linear(shape.query(), x);
    double[][] key = linear(shape.key(), source);
    double[][] value = linear(shape.value(), valueSource);
    Mask mask = Mask.evaluate((b, head, i, j) -> sees.test(i, j), 1, 1, x.length, source.length);
    return linear(
        shape.output(), layers.attention(query, key, value, shape.numHeads(), shape.keyValueHeads(), Attention.standard().withMask(mask)));
  }

  private double[][] linear(LayerShape.Weights projection, double[][] x) {
    return layers.linear(x, projection.weight(), projection.bias());
  }
}
