package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.Attention;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.data.Activation;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sublayers with norms at any places, and attention with heads of any width and with norms of heads, compared with double formulas. */
@Tag("twice")
class SublayerTest {
  private static final int WIDTH = 24;
  private static final int HEADS = 4;
  private static final int KEY_VALUE_HEADS = 2;
  private static final int HIDDEN = 40;
  private static final float EPSILON = 1e-5f;
  private static final ReferenceLayers LAYERS = ReferenceLayers.inDouble();

  /** Weights of attention whose heads are {@code headDim} wide. */
  private record Parts(int headDim, LayerShape.Weights query, LayerShape.Weights key, LayerShape.Weights value, LayerShape.Weights output) {
    static Parts of(int headDim) {
      return new Parts(
          headDim,
          LayerShape.Weights.of(HEADS * headDim, WIDTH, 1),
          LayerShape.Weights.of(KEY_VALUE_HEADS * headDim, WIDTH, 2),
          LayerShape.Weights.of(KEY_VALUE_HEADS * headDim, WIDTH, 3),
          LayerShape.Weights.of(WIDTH, HEADS * headDim, 4));
    }

    MultiHeadAttention.Builder builder() {
      return MultiHeadAttention.builder(WIDTH, HEADS)
          .keyValueHeads(KEY_VALUE_HEADS)
          .headDim(headDim)
          .query(linear(query))
          .key(linear(key))
          .value(linear(value))
          .output(linear(output));
    }

    double[][] attention(double[][] x, boolean headNorms, boolean rotary) {
      double[][] queries = heads(LAYERS.linear(x, query.weight(), query.bias()), headNorms ? 7 : 0, rotary);
      double[][] keys = heads(LAYERS.linear(x, key.weight(), key.bias()), headNorms ? 8 : 0, rotary);
      double[][] values = LAYERS.linear(x, value.weight(), value.bias());
      Attention causal = Attention.standard().withMask(Mask.causal());
      return LAYERS.linear(LAYERS.attention(queries, keys, values, HEADS, KEY_VALUE_HEADS, causal), output.weight(), output.bias());
    }

    /** Each head normalised with the weight of a salt, if that is not 0, and then rotated by its row. */
    private double[][] heads(double[][] rows, int salt, boolean rotary) {
      double[][] result = new double[rows.length][rows[0].length];
      for (int row = 0; row < rows.length; row++) {
        for (int first = 0; first < rows[row].length; first += headDim) {
          double[] head = Arrays.copyOfRange(rows[row], first, first + headDim);
          if (salt > 0) {
            head = LAYERS.norm(new double[][] {head}, false, weight(headDim, salt), null, EPSILON)[0];
          }
          for (int i = 0; i < headDim; i++) {
            int pair = i % (headDim / 2);
            double angle = rotary ? row * Math.pow(10_000, -2.0 * pair / headDim) : 0;
            double other = i < headDim / 2 ? -head[i + headDim / 2] : head[i - headDim / 2];
            result[row][first + i] = head[i] * Math.cos(angle) + other * Math.sin(angle);
          }
        }
      }
      return result;
    }
  }

  private static Linear linear(LayerShape.Weights weights) {
    return Linear.of(weights.weight(), weights.bias(), weights.inputs(), weights.outputs());
  }

  private static float[] weight(int width, int salt) {
    return Views.randomArray(width, 1, Problem.SEED + 60 + salt);
  }

  private static Norm norm(int width, int salt) {
    return Norm.rms(weight(width, salt), EPSILON);
  }

  private static double[][] normed(double[][] x, int salt) {
    return LAYERS.norm(x, false, weight(WIDTH, salt), null, EPSILON);
  }

  private static SequenceBatch input(int rows) {
    return Views.randomSequences(Layout.DENSE, 1, rows, WIDTH, Problem.SEED + rows);
  }

  private static void assertClose(SequenceBatch actual, double[][] expected, Object what) {
    for (int row = 0; row < expected.length; row++) {
      for (int c = 0; c < WIDTH; c++) {
        double tolerance = 4e-6 * Math.max(1, Math.abs(expected[row][c]));
        assertThat((double) actual.get(0, row, c)).as("%s: row %d, column %d", what, row, c).isCloseTo(expected[row][c], within(tolerance));
      }
    }
  }

  /** Bit 1: PRE, 2: OUTPUT, 4: POST. */
  private static Set<Norm.Placement> places(int bits) {
    Set<Norm.Placement> places = EnumSet.noneOf(Norm.Placement.class);
    List<Norm.Placement> all = List.of(Norm.Placement.PRE, Norm.Placement.OUTPUT, Norm.Placement.POST);
    for (int i = 0; i < 3; i++) {
      if (((bits >> i) & 1) == 1) {
        places.add(all.get(i));
      }
    }
    return places;
  }

  private static int salt(Norm.Placement place, boolean ofAttention) {
    return (ofAttention ? 1 : 4) + List.of(Norm.Placement.PRE, Norm.Placement.OUTPUT, Norm.Placement.POST).indexOf(place);
  }

  private static TransformerLayer.Sublayer with(TransformerLayer.Sublayer sublayer, Set<Norm.Placement> places, boolean ofAttention) {
    TransformerLayer.Sublayer result = sublayer;
    for (Norm.Placement place : places) {
      result = result.withNorm(norm(WIDTH, salt(place, ofAttention)), place);
    }
    return result;
  }

  private interface Part {
    double[][] of(double[][] x);
  }

  private static double[][] sublayer(double[][] x, Set<Norm.Placement> places, boolean ofAttention, Part part) {
    double[][] y = part.of(places.contains(Norm.Placement.PRE) ? normed(x, salt(Norm.Placement.PRE, ofAttention)) : x);
    double[][] z = places.contains(Norm.Placement.OUTPUT) ? normed(y, salt(Norm.Placement.OUTPUT, ofAttention)) : y;
    double[][] sum = LAYERS.add(x, z);
    return places.contains(Norm.Placement.POST) ? normed(sum, salt(Norm.Placement.POST, ofAttention)) : sum;
  }

  /** All 64 choices of norms of two sublayers, into another array and in place. */
  @Test
  void normsMayBeAtAllPlaces() {
    Parts parts = Parts.of(6);
    LayerShape.Weights up = LayerShape.Weights.of(HIDDEN, WIDTH, 5);
    LayerShape.Weights down = LayerShape.Weights.of(WIDTH, HIDDEN, 6);
    MultiHeadAttention attention = parts.builder().build().withMask(Mask.causal());
    FeedForward network = FeedForward.of(linear(up), linear(down), Activation.SILU);
    SequenceBatch x = input(9);
    double[][] in = ReferenceLayers.rows(x, 0);
    for (int bits = 0; bits < 64; bits++) {
      Set<Norm.Placement> first = places(bits);
      Set<Norm.Placement> second = places(bits >> 3);
      TransformerLayer layer =
          TransformerLayer.of(
              with(TransformerLayer.Sublayer.self(attention), first, true),
              with(TransformerLayer.Sublayer.feedForward(network), second, false));
      SequenceBatch output = SequenceBatch.zeros(1, 9, WIDTH);
      layer.withThreads(2).forward(x, output);
      double[][] middle = sublayer(in, first, true, rows -> parts.attention(rows, false, false));
      double[][] expected =
          sublayer(
              middle,
              second,
              false,
              rows ->
                  LAYERS.linear(
                      LAYERS.activated(Activation.SILU, LAYERS.linear(rows, up.weight(), up.bias())), down.weight(), down.bias()));
      assertClose(output, expected, first + " and " + second);
      SequenceBatch inPlace = SequenceBatch.of(x.data().clone(), 1, 9, WIDTH);
      layer.forward(inPlace, inPlace);
      Views.assertSameBits(inPlace.data(), output.data(), first + " and " + second + " in place");
    }
  }

  /** The width of a head is not embedDim / numHeads. */
  @ParameterizedTest
  @ValueSource(ints = {2, 4, 6, 10, 32})
  void headDimIsFree(int headDim) {
    SequenceBatch x = input(13);
    SequenceBatch output = SequenceBatch.zeros(1, 13, WIDTH);
    Parts parts = Parts.of(headDim);
    parts.builder().build().withMask(Mask.causal()).forward(x, output);
    assertClose(output, parts.attention(ReferenceLayers.rows(x, 0), false, false), "headDim " + headDim);
  }

  @ParameterizedTest
  @CsvSource({"6, false", "6, true", "10, true"})
  void headsAreNormalisedBeforeTheyAreRotated(int headDim, boolean rotary) {
    SequenceBatch x = input(13);
    Parts parts = Parts.of(headDim);
    MultiHeadAttention layer =
        parts.builder().queryNorm(norm(headDim, 7)).keyNorm(norm(headDim, 8)).build().withMask(Mask.causal()).withThreads(2);
    if (rotary) {
      layer = layer.withPositions(Rotary.of(headDim));
    }
    double[][] expected = parts.attention(ReferenceLayers.rows(x, 0), true, rotary);
    SequenceBatch output = SequenceBatch.zeros(1, 13, WIDTH);
    layer.forward(x, output);
    assertClose(output, expected, "whole");
    try (KeyValueCache cache = layer.cache().capacity(13).build()) {
      layer.forward(x.rows(0, 5), List.of(cache), output.rows(0, 5));
      layer.forward(x.rows(5, 13), List.of(cache), output.rows(5, 13));
    }
    assertClose(output, expected, "in two calls over a cache");
  }

  @Test
  void projectionsHaveTheBitsOfTheirArrays() {
    LayerShape shape = LayerShape.of(WIDTH, HEADS).grouped(KEY_VALUE_HEADS);
    MultiHeadAttention given =
        MultiHeadAttention.builder(WIDTH, HEADS)
            .keyValueHeads(KEY_VALUE_HEADS)
            .query(linear(shape.query()))
            .key(linear(shape.key()))
            .value(linear(shape.value()))
            .output(linear(shape.output()))
            .build();
    SequenceBatch x = input(11);
    SequenceBatch expected = SequenceBatch.zeros(1, 11, WIDTH);
    SequenceBatch output = SequenceBatch.zeros(1, 11, WIDTH);
    shape.layer().forward(x, expected);
    given.forward(x, output);
    Views.assertSameBits(output.data(), expected.data(), "projections");
  }

  @Test
  void wrongPartsAreNamed() {
    Parts parts = Parts.of(6);
    MultiHeadAttention attention = parts.builder().build();
    FeedForward widening = FeedForward.of(linear(parts.query), Linear.of(new float[24 * 30], null, 24, 30), Activation.RELU);
    Linear narrow = Linear.of(new float[24 * 23], null, 24, 23);
    List<Wrong> wrong =
        List.of(
            Wrong.argument("query norm", out -> parts.builder().queryNorm(norm(5, 1)).build(), "queryNorm.width", "5", "headDim", "6"),
            Wrong.argument("key norm", out -> parts.builder().keyNorm(norm(24, 1)).build(), "keyNorm.width", "24", "headDim", "6"),
            Wrong.argument("query", out -> parts.builder().query(narrow).build(), "query.outputs", "23", "24"),
            Wrong.argument("output", out -> parts.builder().output(narrow).build(), "output.outputs", "23", "24"),
            Wrong.argument("headDim", out -> parts.builder().headDim(0), "headDim", "0", "1"),
            Wrong.isNull("query", out -> parts.builder().query(Wrong.<Linear>nothing())),
            Wrong.argument("no sublayer", out -> TransformerLayer.of(), "sublayers", "0", "1"),
            Wrong.argument(
                "norm",
                out -> TransformerLayer.Sublayer.cross(attention).withNorm(norm(23, 1), Norm.Placement.OUTPUT),
                "crossNorm.width",
                "23",
                "24"),
            Wrong.argument("network", out -> TransformerLayer.Sublayer.feedForward(widening), "feedForward.outputs", "30", "24"));
    wrong.forEach(Wrong::verify);
  }
}
