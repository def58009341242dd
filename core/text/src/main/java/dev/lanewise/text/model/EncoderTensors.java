package dev.lanewise.text.model;

import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors.Dtype;
import dev.lanewise.text.json.ForeignJson;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The tensors of an encoder under BERT's names without prefix, whatever their names in the file. A family without token types gets a table
 * of one row of zeros. The heads of tasks, which lie beside the encoder, are not among them.
 */
final class EncoderTensors implements NamedTensors {
  static final String WORDS = "embeddings.word_embeddings.weight";

  private static final String TYPES = "embeddings.token_type_embeddings.weight";

  /** Tensors of heads; in a file without prefix they lie beside those of the encoder. */
  private static final Pattern HEADS =
      Pattern.compile("(classifier|pre_classifier|cls|lm_head|qa_outputs|vocab_transform|vocab_layer_norm|vocab_projector)\\..*");

  private static final Pattern DISTILBERT = Pattern.compile("transformer\\.layer\\.(\\d{1,9})\\.(.+)\\.(weight|bias)");

  /** BERT's name of each part of a layer of DistilBERT. */
  private static final Map<String, String> PARTS =
      Map.of(
          "attention.q_lin", "attention.self.query",
          "attention.k_lin", "attention.self.key",
          "attention.v_lin", "attention.self.value",
          "attention.out_lin", "attention.output.dense",
          "sa_layer_norm", "attention.output.LayerNorm",
          "ffn.lin1", "intermediate.dense",
          "ffn.lin2", "output.dense",
          "output_layer_norm", "output.LayerNorm");

  private final NamedTensors from;
  private final Map<String, String> names;
  private final boolean renamed;

  /** Width of the token types that the file lacks; 0 if it has them. */
  private final int typeWidth;

  private EncoderTensors(NamedTensors from, Map<String, String> names, boolean renamed, int typeWidth) {
    this.from = from;
    this.names = names;
    this.renamed = renamed;
    this.typeWidth = typeWidth;
  }

  /**
   * Finds the tensors of an encoder.
   *
   * @throws IOException if they are not those of one encoder
   */
  static EncoderTensors of(NamedTensors from) throws IOException {
    List<String> found = from.names().stream().filter(name -> name.equals(WORDS) || name.endsWith("." + WORDS)).toList();
    if (found.size() != 1) {
      throw new IOException(from + " has " + found.size() + " tensors " + WORDS + " under some prefix, must have 1");
    }
    String prefix = found.getFirst().substring(0, found.getFirst().length() - WORDS.length());
    Map<String, String> names = new LinkedHashMap<>();
    boolean renamed = false;
    for (String name : from.names()) {
      if (!name.startsWith(prefix) || HEADS.matcher(name).matches()) {
        continue;
      }
      String own = name.substring(prefix.length());
      String bert = bertName(own);
      renamed |= !bert.equals(own);
      if (names.putIfAbsent(bert, name) != null) {
        throw new IOException(
            from
                + " has the tensors "
                + ForeignJson.shown(String.valueOf(names.get(bert)))
                + " and "
                + ForeignJson.shown(name)
                + ", must have one of them");
      }
    }
    long[] shape = from.shape(found.getFirst());
    boolean untyped = renamed && !names.containsKey(TYPES) && shape.length == 2;
    return new EncoderTensors(from, names, renamed, untyped ? Math.clamp(shape[1], 0, Integer.MAX_VALUE) : 0);
  }

  private static String bertName(String name) {
    Matcher matcher = DISTILBERT.matcher(name);
    String part = matcher.matches() ? PARTS.get(matcher.group(2)) : null;
    return part == null ? name : "encoder.layer." + matcher.group(1) + "." + part + "." + matcher.group(3);
  }

  /** Whether the names in the file are those of DistilBERT. */
  boolean isDistilled() {
    return renamed;
  }

  /** The name of a tensor in the file. */
  String fileName(String name) {
    return names.getOrDefault(name, name);
  }

  @Override
  public Set<String> names() {
    if (typeWidth == 0) {
      return Collections.unmodifiableSet(names.keySet());
    }
    Map<String, String> all = new LinkedHashMap<>(names);
    all.put(TYPES, "");
    return all.keySet();
  }

  private boolean isOwn(String name) {
    return typeWidth > 0 && name.equals(TYPES);
  }

  @Override
  public long[] shape(String name) {
    return isOwn(name) ? new long[] {1, typeWidth} : from.shape(fileName(name));
  }

  @Override
  public Dtype dtype(String name) {
    return isOwn(name) ? Dtype.F32 : from.dtype(fileName(name));
  }

  @Override
  public float[] floats(String name) {
    return isOwn(name) ? new float[typeWidth] : from.floats(fileName(name));
  }

  @Override
  public void read(String name, long first, float[] target, int offset, int length) {
    if (isOwn(name)) {
      NamedTensors.super.read(name, first, target, offset, length);
    } else {
      from.read(fileName(name), first, target, offset, length);
    }
  }

  @Override
  public String toString() {
    return renamed ? from + ", under the names of BERT" : from.toString();
  }
}
