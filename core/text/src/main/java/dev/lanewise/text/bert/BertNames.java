package dev.lanewise.text.bert;

import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.learn.Trainable;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors.Dtype;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The names of BERT's tensors beside PyTorch's: a model that learns has PyTorch's layers, whose {@code in_proj_weight} holds BERT's {@code
 * query}, {@code key} and {@code value}.
 *
 * @param parts what part of which parameter each tensor of a file holds, in the order of the file
 * @param beside tensors of a file that do not learn, such as the pooler
 */
record BertNames(Map<String, Part> parts, Map<String, Part> beside) {
  private static final List<String> INPUTS = List.of("query", "key", "value");
  private static final Set<Dtype> FLOATS = Set.of(Dtype.F32, Dtype.F16, Dtype.BF16);

  /**
   * Part of a parameter, or a tensor that does not learn.
   *
   * @param values the elements of the parameter
   * @param from the first element
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Part(float[] values, int from, long[] shape) {
    int size() {
      return (int) Arrays.stream(shape).reduce(1, (x, y) -> x * y);
    }
  }

  /** Tensors of encoder layers under PyTorch's names, made of those of a file. */
  static NamedTensors torch(NamedTensors from, int layers) {
    NamedTensors.Builder tensors = NamedTensors.builder();
    for (int layer = 0; layer < layers; layer++) {
      NamedTensors bert = from.under("encoder.layer." + layer + ".");
      String to = "layers." + layer + ".";
      tensors.add(to + "self_attn.in_proj_weight", joined(bert, "weight"), packed(bert.shape("attention.self.query.weight")));
      tensors.add(to + "self_attn.in_proj_bias", joined(bert, "bias"), packed(bert.shape("attention.self.query.bias")));
      names(bert.names()).forEach((theirs, ours) -> tensors.add(to + theirs, bert.floats(ours), bert.shape(ours)));
    }
    return tensors.build();
  }

  private static long[] packed(long[] shape) {
    long[] all = shape.clone();
    all[0] *= INPUTS.size();
    return all;
  }

  private static float[] joined(NamedTensors bert, String part) {
    List<float[]> arrays = INPUTS.stream().map(input -> bert.floats("attention.self." + input + "." + part)).toList();
    float[] all = new float[arrays.stream().mapToInt(array -> array.length).sum()];
    int to = 0;
    for (float[] array : arrays) {
      System.arraycopy(array, 0, all, to, array.length);
      to += array.length;
    }
    return all;
  }

  /** PyTorch's names of a layer, with those of a file whose norms may have older names. The packed ones are not among them. */
  private static Map<String, String> names(Set<String> present) {
    Map<String, String> names = new LinkedHashMap<>();
    for (String part : List.of("weight", "bias")) {
      names.put("self_attn.out_proj." + part, "attention.output.dense." + part);
      names.put("linear1." + part, "intermediate.dense." + part);
      names.put("linear2." + part, "output.dense." + part);
      names.put("norm1." + part, norm(present, "attention.output.", part));
      names.put("norm2." + part, norm(present, "output.", part));
    }
    return names;
  }

  /** The name of a parameter of a norm: weight and bias, or gamma and beta in older files. */
  static String norm(Set<String> present, String prefix, String part) {
    String old = prefix + "LayerNorm." + (part.equals("weight") ? "gamma" : "beta");
    return present.contains(old) ? old : prefix + "LayerNorm." + part;
  }

  /**
   * Finds the part of each tensor of a file.
   *
   * @param from the tensors of the file, without prefix
   * @param model its parameters, of which those of layers have PyTorch's names after {@code encoder.}
   */
  static BertNames of(NamedTensors from, String prefix, Trainable model) {
    Map<String, Part> found = new LinkedHashMap<>();
    for (Parameter parameter : model.parameters()) {
      add(found, from, parameter);
    }
    Map<String, Part> parts = new LinkedHashMap<>();
    Map<String, Part> beside = new LinkedHashMap<>();
    for (String name : from.names()) {
      Part part = found.get(name);
      if (part != null) {
        parts.put(prefix + name, part);
      } else if (FLOATS.contains(from.dtype(name))) {
        beside.put(prefix + name, new Part(from.floats(name), 0, from.shape(name)));
      }
    }
    return new BertNames(parts, beside);
  }

  private static void add(Map<String, Part> found, NamedTensors from, Parameter parameter) {
    String name = parameter.name();
    if (!name.startsWith("encoder.")) {
      int dot = name.lastIndexOf('.');
      boolean isNorm = name.startsWith("embeddings.LayerNorm.");
      String theirs = isNorm ? norm(from.names(), "embeddings.", name.substring(dot + 1)) : name;
      found.put(theirs, new Part(parameter.values(), 0, parameter.shape()));
      return;
    }
    String[] path = name.split("\\.", 4); // encoder, layers, number, name in the layer
    String layer = "encoder.layer." + path[2] + ".";
    if (path[3].startsWith("self_attn.in_proj_")) {
      String part = path[3].substring("self_attn.in_proj_".length());
      for (int i = 0; i < INPUTS.size(); i++) {
        long[] shape = parameter.shape();
        shape[0] /= INPUTS.size();
        int first = i * (parameter.size() / INPUTS.size());
        found.put(layer + "attention.self." + INPUTS.get(i) + "." + part, new Part(parameter.values(), first, shape));
      }
      return;
    }
    found.put(layer + names(from.under(layer).names()).get(path[3]), new Part(parameter.values(), 0, parameter.shape()));
  }

  /** The tensors as the file had them, with the present values. Arrays that hold a whole tensor are shared. */
  NamedTensors tensors() {
    NamedTensors.Builder tensors = NamedTensors.builder();
    parts.forEach(
        (name, part) -> {
          int size = part.size();
          boolean whole = size == part.values.length;
          tensors.add(name, whole ? part.values : Arrays.copyOfRange(part.values, part.from, part.from + size), part.shape);
        });
    beside.forEach((name, part) -> tensors.add(name, part.values, part.shape));
    return tensors.build();
  }

  /** Replaces the values of all parameters. */
  void load(NamedTensors tensors) {
    Map<String, long[]> expected = new LinkedHashMap<>();
    parts.forEach((name, part) -> expected.put(name, part.shape));
    beside.keySet().stream().filter(tensors.names()::contains).forEach(name -> expected.put(name, tensors.shape(name)));
    tensors.check(expected);
    parts.forEach((name, part) -> tensors.read(name, 0, part.values, part.from, part.size()));
  }
}
