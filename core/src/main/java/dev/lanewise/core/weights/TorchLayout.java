package dev.lanewise.core.weights;

import dev.lanewise.kernels.runtime.Checks;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The tensor names of a PyTorch module's {@code state_dict}, with shapes in terms of a few sizes. A model is checked against the layout
 * after its sizes have been derived from its tensors; {@link Initialisation} fills a layout whose sizes the caller gives.
 */
final class TorchLayout {
  /** A size that the shapes of a module depend on. */
  enum Size {
    EMBED_DIM("embedDim"),
    FEED_FORWARD("feedForward"),
    KEY_INPUT_DIM("keyInputDim"),
    VALUE_INPUT_DIM("valueInputDim");

    private final String text;

    Size(String text) {
      this.text = text;
    }

    Dimension times(int factor) {
      return new Dimension(this, factor);
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** A dimension: a multiple of a size. */
  record Dimension(Size size, int factor) {
    @Override
    public String toString() {
      return factor == 1 ? size.toString() : factor + "·" + size;
    }
  }

  private static final Dimension EMBED_DIM = Size.EMBED_DIM.times(1);
  private static final Dimension PACKED = Size.EMBED_DIM.times(3);
  private static final Dimension FEED_FORWARD = Size.FEED_FORWARD.times(1);

  /** The tensors that replace {@code in_proj_weight} in an attention whose inputs differ in width. */
  static final List<String> SEPARATE = List.of("q_proj_weight", "k_proj_weight", "v_proj_weight");

  private final boolean biases;
  private final Map<String, List<Dimension>> tensors = new LinkedHashMap<>();

  /** Creates an empty layout; modules that are added have biases or not. */
  TorchLayout(boolean biases) {
    this.biases = biases;
  }

  /** Adds {@code nn.MultiheadAttention} in which query, key and value have equal widths. */
  TorchLayout attention(String prefix) {
    tensors.put(prefix + "in_proj_weight", List.of(PACKED, EMBED_DIM));
    return attentionRest(prefix);
  }

  /** Adds {@code nn.MultiheadAttention} with {@code kdim} or {@code vdim}. */
  TorchLayout attentionOfSources(String prefix) {
    List<Size> inputs = List.of(Size.EMBED_DIM, Size.KEY_INPUT_DIM, Size.VALUE_INPUT_DIM);
    for (int i = 0; i < inputs.size(); i++) {
      tensors.put(prefix + SEPARATE.get(i), List.of(EMBED_DIM, inputs.get(i).times(1)));
    }
    return attentionRest(prefix);
  }

  private TorchLayout attentionRest(String prefix) {
    if (biases) {
      tensors.put(prefix + "in_proj_bias", List.of(PACKED));
    }
    return linear(prefix + "out_proj.", EMBED_DIM, EMBED_DIM);
  }

  /** Adds {@code nn.TransformerEncoderLayer}. */
  TorchLayout encoderLayer(String prefix) {
    attention(prefix + "self_attn.");
    linear(prefix + "linear1.", FEED_FORWARD, EMBED_DIM);
    linear(prefix + "linear2.", EMBED_DIM, FEED_FORWARD);
    norm(prefix + "norm1.", biases);
    return norm(prefix + "norm2.", biases);
  }

  /** Adds {@code nn.TransformerDecoderLayer}: an encoder layer with cross-attention and its norm. */
  TorchLayout decoderLayer(String prefix) {
    encoderLayer(prefix);
    attention(prefix + "multihead_attn.");
    return norm(prefix + "norm3.", biases);
  }

  /** Adds the layers of {@code nn.TransformerEncoder}. */
  TorchLayout encoderLayers(String prefix, int layers) {
    for (int layer = 0; layer < layers; layer++) {
      encoderLayer(layerPrefix(prefix, layer));
    }
    return this;
  }

  /** Adds the layers of {@code nn.TransformerDecoder}. */
  TorchLayout decoderLayers(String prefix, int layers) {
    for (int layer = 0; layer < layers; layer++) {
      decoderLayer(layerPrefix(prefix, layer));
    }
    return this;
  }

  /** Adds {@code nn.Transformer}, which has a norm after each stack. */
  TorchLayout transformer(int encoders, int decoders) {
    encoderLayers("encoder.", encoders).norm("encoder.norm.", biases);
    return decoderLayers("decoder.", decoders).norm("decoder.norm.", biases);
  }

  static String layerPrefix(String prefix, int layer) {
    return prefix + "layers." + layer + ".";
  }

  /** Adds {@code nn.LayerNorm}, which may have a bias even if nothing else has one. */
  TorchLayout norm(String prefix, boolean bias) {
    tensors.put(prefix + "weight", List.of(EMBED_DIM));
    if (bias) {
      tensors.put(prefix + "bias", List.of(EMBED_DIM));
    }
    return this;
  }

  private TorchLayout linear(String prefix, Dimension outputs, Dimension inputs) {
    tensors.put(prefix + "weight", List.of(outputs, inputs));
    if (biases) {
      tensors.put(prefix + "bias", List.of(outputs));
    }
    return this;
  }

  boolean biases() {
    return biases;
  }

  /** Tells whether at least half of the biases exist. If so, the others are missing; if not, the existing biases are extra. */
  boolean mostBiasesAmong(Set<String> names) {
    List<String> expected = tensors.keySet().stream().filter(name -> name.endsWith("bias")).toList();
    long present = expected.stream().filter(names::contains).count();
    return present > 0 && 2 * present >= expected.size();
  }

  /** The shape of each tensor. */
  Map<String, long[]> shapes(Map<Size, Integer> sizes) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    tensors.forEach(
        (name, shape) -> shapes.put(name, shape.stream().mapToLong(d -> d.factor * (long) sizes.getOrDefault(d.size, 0)).toArray()));
    return shapes;
  }

  /**
   * Derives each size from the tensors under a prefix. The most frequent value counts, so that a tensor with a wrong shape is reported, and
   * not all the others.
   *
   * @throws IllegalArgumentException if no tensor determines a size
   */
  Map<Size, Integer> sizes(NamedTensors from, String prefix) {
    NamedTensors module = from.under(prefix);
    Map<String, long[]> present = new LinkedHashMap<>();
    module.names().stream().filter(tensors::containsKey).forEach(name -> present.put(name, module.shape(name)));
    Map<Size, Integer> sizes = new EnumMap<>(Size.class);
    for (Size size : Size.values()) {
      if (tensors.values().stream().anyMatch(shape -> depends(shape, size))) {
        long told = mostFrequent(size, present).orElseThrow(() -> untold(size, present, prefix, from));
        Checks.atMost(size.toString(), told, "the longest array", Integer.MAX_VALUE);
        sizes.put(size, (int) told);
      }
    }
    return sizes;
  }

  private static boolean depends(List<Dimension> shape, Size size) {
    return shape.stream().anyMatch(dimension -> dimension.size == size);
  }

  /** The most frequent value of a size; among equally frequent values, the first. */
  private OptionalLong mostFrequent(Size size, Map<String, long[]> present) {
    Map<Long, Integer> votes = new LinkedHashMap<>();
    tensors.forEach(
        (name, shape) -> {
          long[] actual = present.getOrDefault(name, new long[0]);
          for (int i = 0; i < actual.length && actual.length == shape.size(); i++) {
            Dimension dimension = shape.get(i);
            if (dimension.size == size && actual[i] % dimension.factor == 0) {
              votes.merge(actual[i] / dimension.factor, 1, Integer::sum);
            }
          }
        });
    OptionalLong best = OptionalLong.empty();
    int most = 0;
    for (Map.Entry<Long, Integer> vote : votes.entrySet()) {
      if (vote.getValue() > most) {
        most = vote.getValue();
        best = OptionalLong.of(vote.getKey());
      }
    }
    return best;
  }

  /** The exception for a size that no tensor determines; its message lists the tensors that could determine it. */
  private IllegalArgumentException untold(Size size, Map<String, long[]> present, String prefix, NamedTensors from) {
    List<String> wrong = new ArrayList<>();
    tensors.forEach(
        (name, shape) -> {
          if (depends(shape, size)) {
            long[] actual = present.get(name);
            String quoted = TensorText.quoted(prefix + name);
            wrong.add(
                actual == null
                    ? "missing: " + quoted + " is expected with shape " + shape + ", but is not there"
                    : "wrong shape: " + quoted + " has shape " + TensorText.shape(actual) + ", but is expected with shape " + shape);
          }
        });
    String found = TensorCheck.elsewhere(from.names(), prefix, tensors.keySet());
    if (!found.isEmpty()) {
      wrong.add(0, found);
    }
    return new IllegalArgumentException(size + " cannot be derived from " + from + ":\n" + TensorCheck.lines(wrong));
  }
}
