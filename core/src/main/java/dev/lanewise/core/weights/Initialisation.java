package dev.lanewise.core.weights;

import dev.lanewise.core.weights.TorchLayout.Size;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/**
 * Seeded weights for untrained layers: tensors with the names of a PyTorch {@code state_dict}. {@link TorchWeights} makes layers from them,
 * and {@link Safetensors#write} stores them.
 *
 * <pre>{@code
 * NamedTensors weights = Initialisation.xavier(42).encoder(96, 384, 2);
 * Safetensors.write(path, weights);
 * TransformerStack encoder = TorchWeights.of(weights, 12).encoder("");
 * encoder.forward(x, y);
 * }</pre>
 *
 * <p>A matrix of outputs × inputs is uniform in ±√(6 / (inputs + outputs)) (Glorot and Bengio, "Understanding the difficulty of training
 * deep feedforward neural networks", 2010, formula 16); biases are 0 and weights of norms 1. The packed {@code in_proj_weight} counts as
 * one matrix of 3·embedDim × embedDim, as in PyTorch. The same seed and sizes always give the same numbers, independent of earlier calls. A
 * number below 1, or a matrix that does not fit in an array, is refused with an {@link IllegalArgumentException}.
 */
public final class Initialisation {
  private final long seed;
  private final boolean biases;

  private Initialisation(long seed, boolean biases) {
    this.seed = seed;
    this.biases = biases;
  }

  /** Creates an initialisation with Xavier-uniform weights of gain 1, and biases. */
  public static Initialisation xavier(long seed) {
    return new Initialisation(seed, true);
  }

  /** Returns a copy that makes the same weights without any bias. */
  public Initialisation withoutBiases() {
    return new Initialisation(seed, false);
  }

  /** {@code nn.Linear}. */
  public NamedTensors linear(int inputs, int outputs) {
    Checks.atLeast("inputs", inputs, 1);
    Checks.atLeast("outputs", outputs, 1);
    NamedTensors.Builder builder = NamedTensors.builder();
    Checks.product("outputs", outputs, "inputs", inputs);
    builder.add("weight", tensor("weight", new long[] {outputs, inputs}, new SplittableRandom(seed)), outputs, inputs);
    if (biases) {
      builder.add("bias", new float[outputs], outputs);
    }
    return builder.build();
  }

  /** {@code nn.MultiheadAttention} in which query, key and value have width embedDim. */
  public NamedTensors attention(int embedDim) {
    return fill(new TorchLayout(biases).attention(""), Map.of(Size.EMBED_DIM, embedDim));
  }

  /** {@code nn.MultiheadAttention} in which key and value have other input widths ({@code kdim} and {@code vdim}). */
  public NamedTensors attention(int embedDim, int keyInputDim, int valueInputDim) {
    return fill(
        new TorchLayout(biases).attentionOfSources(""),
        Map.of(Size.EMBED_DIM, embedDim, Size.KEY_INPUT_DIM, keyInputDim, Size.VALUE_INPUT_DIM, valueInputDim));
  }

  /** {@code nn.TransformerEncoderLayer}. */
  public NamedTensors encoderLayer(int embedDim, int feedForward) {
    return fill(new TorchLayout(biases).encoderLayer(""), sizes(embedDim, feedForward));
  }

  /** {@code nn.TransformerDecoderLayer}. */
  public NamedTensors decoderLayer(int embedDim, int feedForward) {
    return fill(new TorchLayout(biases).decoderLayer(""), sizes(embedDim, feedForward));
  }

  /** {@code nn.TransformerEncoder} with this number of layers and a final norm. */
  public NamedTensors encoder(int embedDim, int feedForward, int layers) {
    Checks.atLeast("layers", layers, 1);
    return fill(new TorchLayout(biases).encoderLayers("", layers).norm("norm.", biases), sizes(embedDim, feedForward));
  }

  /** {@code nn.TransformerDecoder} with this number of layers and a final norm. */
  public NamedTensors decoder(int embedDim, int feedForward, int layers) {
    Checks.atLeast("layers", layers, 1);
    return fill(new TorchLayout(biases).decoderLayers("", layers).norm("norm.", biases), sizes(embedDim, feedForward));
  }

  /** {@code nn.Transformer}. */
  public NamedTensors transformer(int embedDim, int feedForward, int encoderLayers, int decoderLayers) {
    Checks.atLeast("encoderLayers", encoderLayers, 1);
    Checks.atLeast("decoderLayers", decoderLayers, 1);
    return fill(new TorchLayout(biases).transformer(encoderLayers, decoderLayers), sizes(embedDim, feedForward));
  }

  private static Map<Size, Integer> sizes(int embedDim, int feedForward) {
    return Map.of(Size.EMBED_DIM, embedDim, Size.FEED_FORWARD, feedForward);
  }

  private NamedTensors fill(TorchLayout layout, Map<Size, Integer> sizes) {
    Map<Size, Integer> inOrder = new EnumMap<>(sizes);
    inOrder.forEach((size, given) -> Checks.atLeast(size.toString(), given, 1));
    layout.shapes(sizes).forEach((name, shape) -> checkLength(name, shape, inOrder));
    SplittableRandom random = new SplittableRandom(seed);
    NamedTensors.Builder builder = NamedTensors.builder();
    layout.shapes(sizes).forEach((name, shape) -> builder.add(name, tensor(name, shape, random), shape));
    return builder.build();
  }

  /** Checks that an array can hold a tensor. */
  private static void checkLength(String name, long[] shape, Map<Size, Integer> given) {
    if (shape[0] > Integer.MAX_VALUE / (shape.length == 2 ? shape[1] : 1)) {
      String sizes = given.entrySet().stream().map(size -> size.getKey() + " is " + size.getValue()).collect(Collectors.joining(", "));
      String tensor = TensorText.quoted(name) + " of shape " + TensorText.shape(shape);
      throw new IllegalArgumentException(sizes + ": tensor " + tensor + " does not fit in an array of " + Integer.MAX_VALUE + " elements");
    }
  }

  private static float[] tensor(String name, long[] shape, SplittableRandom random) {
    if (shape.length == 2) {
      return matrix((int) (shape[0] * shape[1]), Math.sqrt(6.0 / (shape[0] + shape[1])), random);
    }
    float[] vector = new float[(int) shape[0]];
    Arrays.fill(vector, name.endsWith("weight") ? 1 : 0);
    return vector;
  }

  private static float[] matrix(int length, double bound, SplittableRandom random) {
    float nearest = (float) bound;
    float largest = nearest > bound ? Math.nextDown(nearest) : nearest;
    float[] matrix = new float[length];
    for (int i = 0; i < length; i++) {
      matrix[i] = (2 * random.nextFloat() - 1) * largest;
    }
    return matrix;
  }
}
