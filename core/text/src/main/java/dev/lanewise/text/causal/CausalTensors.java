package dev.lanewise.text.causal;

import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.core.weights.Safetensors.Dtype;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.data.WeightFormat;
import dev.lanewise.text.causal.Family.Trait;
import dev.lanewise.text.json.Config;
import java.io.IOException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The tensors of a checkpoint, under the names of its family and checked against its config. */
final class CausalTensors {
  private static final Set<Dtype> FLOATS = EnumSet.of(Dtype.F32, Dtype.F16, Dtype.BF16, Dtype.F64);

  private final Safetensors from;
  private final Set<String> present;
  private final Architecture model;
  private final CausalNames names;

  CausalTensors(Safetensors from, Architecture model) {
    this.from = from;
    this.present = from.names();
    this.model = model;
    // Files of a model without head lack the prefix. Those of GPT-2 are the best known.
    String base = model.family().base();
    String embedding = model.family().names().get(Part.EMBEDDING) + ".weight";
    boolean bare = !present.contains(base + embedding) && present.contains(embedding);
    this.names = new CausalNames(model, bare ? "" : base);
  }

  /** Whether a weight is stored as integer codes, as {@link NamedTensors#linear} documents them: outputs × inputs in every family. */
  private boolean codes(String name) {
    return model.codes() != null && present.contains(name + ".scale");
  }

  /** Checks that the tensors are those of the config: first their types and its sizes, then all names and shapes. */
  void check(Config config) throws IOException {
    if (model.sizes().layers() > present.size()) {
      checkLayers(config); // the names of so many layers would take memory
    }
    for (String name : names.expected(this::codes).keySet()) {
      if (present.contains(name) && !codes(name) && !FLOATS.contains(from.dtype(name))) {
        throw new IOException(from + ": tensor \"" + name + "\" is of " + from.dtype(name) + ", must be one of " + FLOATS);
      }
    }
    Family.Keys keys = model.family().keys();
    Architecture.Sizes sizes = model.sizes();
    checkSize(config, "vocab_size", sizes.vocabulary(), Part.EMBEDDING, 0);
    checkSize(config, keys.widthKey(), sizes.width(), Part.EMBEDDING, 1);
    checkLayers(config);
    checkSize(config, keys.hiddenKey(), sizes.hidden(), Part.UP, 0);
    if (model.family().has(Part.QUERY)) {
      checkSize(config, keys.headsKey() + " * head_dim", sizes.queries(), Part.QUERY, 0);
      checkSize(config, "num_key_value_heads * head_dim", sizes.keys(), Part.KEY, 0);
    } else {
      checkSize(config, keys.positionsKey(), model.maxPositions(), Part.POSITIONS, 0);
    }
    from.check(expected());
    checkTied(config);
  }

  /** Checks the number of layers, each of which has several tensors. */
  private void checkLayers(Config config) throws IOException {
    String before = names.beforeNumber();
    int layers = from.numbered(before);
    if (layers != model.sizes().layers()) {
      String found = layers + (layers == 1 ? " layer" : " layers") + " under \"" + before + "\"";
      String key = config.name(model.family().keys().layersKey());
      throw new IOException(key + " is " + model.sizes().layers() + ", but " + from + " has " + found);
    }
  }

  /** Names the key that a tensor contradicts; whatever else is wrong with the tensor is left to the check of all tensors. */
  private void checkSize(Config config, String key, int size, Part part, int dimension) throws IOException {
    String name = names.weight(part, 0);
    long[] actual = present.contains(name) ? from.shape(name) : new long[0];
    int at = names.transposed(part) && !codes(name) ? 1 - dimension : dimension;
    if (actual.length == 2 && actual[at] != size) {
      throw new IOException(config.name(key) + " is " + size + ", but tensor \"" + name + "\" has shape " + Arrays.toString(actual));
    }
  }

  /** The tensors that must be there, and those that may be. */
  private Map<String, long[]> expected() {
    Map<String, long[]> shapes = names.expected(this::codes);
    for (int layer = 0; layer < model.sizes().layers(); layer++) {
      for (String buffer : model.family().buffers()) {
        String name = names.buffer(buffer, layer);
        if (present.contains(name)) {
          shapes.put(name, from.shape(name));
        }
      }
    }
    if (model.tied() && present.contains(names.weight(Part.HEAD, 0))) {
      shapes.put(names.weight(Part.HEAD, 0), names.shape(Part.HEAD));
    }
    return shapes;
  }

  /** A file of a tied model may hold the head as well, which must then be the embedding. */
  private void checkTied(Config config) throws IOException {
    String head = names.weight(Part.HEAD, 0);
    if (!model.tied() || !present.contains(head)) {
      return;
    }
    int columns = model.sizes().width();
    float[] one = new float[columns];
    float[] other = new float[columns];
    for (long row = 0; row < model.sizes().vocabulary(); row++) {
      from.read(head, row * columns, one, 0, columns);
      from.read(names.weight(Part.EMBEDDING, 0), row * columns, other, 0, columns);
      if (!Arrays.equals(one, other)) {
        String tensors = "tensor \"" + head + "\" differs from \"" + names.weight(Part.EMBEDDING, 0) + "\"";
        throw new IOException(config.name("tie_word_embeddings") + " is true, but " + tensors + " in row " + row);
      }
    }
  }

  Dtype dtype(String name) {
    Dtype dtype = from.dtype(name);
    return dtype == Dtype.F64 ? Dtype.F32 : dtype;
  }

  /** Adds a tensor of floats as it is stored. */
  void copy(String name, NamedTensors.Builder to) {
    to.add(name, from.floats(name), from.shape(name));
  }

  CausalNames names() {
    return names;
  }

  /** The elements of a table or of a norm's weight. */
  float[] floats(Part part, int layer) {
    float[] stored = from.floats(names.weight(part, layer));
    if (part.kind() == Part.Kind.NORM && model.family().has(Trait.NORMS_LESS_ONE)) {
      for (int i = 0; i < stored.length; i++) {
        stored[i] += 1;
      }
    }
    return stored;
  }

  /** The bias of a part that has one. */
  float[] biases(Part part, int layer) {
    return from.floats(names.name(part, layer) + ".bias");
  }

  /** The format of a stored weight of floats: 32 bits unless it has 16. */
  private WeightFormat stored(String name) {
    Dtype dtype = from.dtype(name);
    return dtype == Dtype.F16 ? WeightFormat.F16 : dtype == Dtype.BF16 ? WeightFormat.BF16 : WeightFormat.F32;
  }

  /**
   * Makes a linear map.
   *
   * @param format the format of its weight, or null for the one of the file
   */
  Linear linear(Part part, int layer, @Nullable WeightFormat format) {
    return linear(part, layer, format, 0, names.outputs(part));
  }

  /** Makes a linear map of {@code outputs} outputs of a part, from {@code first} on. */
  Linear linear(Part part, int layer, @Nullable WeightFormat format, int first, int outputs) {
    String name = names.weight(part, layer);
    float[] bias = names.bias(part) ? Arrays.copyOfRange(from.floats(names.name(part, layer) + ".bias"), first, first + outputs) : null;
    int inputs = names.inputs(part);
    WeightFormat wanted = format == null ? stored(name) : format;
    if (outputs == names.outputs(part) && (codes(name) || !names.transposed(part))) {
      return checked(name, from.linear(name, bias, inputs, outputs, wanted));
    }
    if (codes(name)) {
      PackedMatrix whole = checked(name, from.linear(name, null, inputs, names.outputs(part), wanted)).weight();
      return Linear.ofCodes((output, row) -> whole.codes(first + output, row), bias, inputs, outputs, whole.format());
    }
    float[] matrix = from.floats(name);
    int columns = names.outputs(part);
    PackedMatrix.Rows rows =
        (output, row) -> {
          for (int input = 0; input < inputs; input++) {
            row[input] = matrix[input * columns + first + output];
          }
        };
    return Linear.of(rows, bias, inputs, outputs, wanted);
  }

  /** Checks that codes have the format that the config names. */
  private Linear checked(String name, Linear linear) {
    if (codes(name) && linear.format() != model.codes()) {
      throw new IllegalArgumentException(
          "quantization_config.format is " + model.codes() + ", but tensor \"" + name + "\" is of " + linear.format());
    }
    return linear;
  }
}
