package dev.lanewise.text.causal;

import dev.lanewise.text.causal.Family.Trait;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * The names and shapes of a model's tensors.
 *
 * @param prefix the text before every name but that of the head
 */
record CausalNames(Architecture model, String prefix) {

  /** The name of a part, without {@code .weight} and {@code .bias}. */
  String name(Part part, int layer) {
    return numbered((part == Part.HEAD ? "" : prefix) + model.family().names().get(part), layer);
  }

  private static String numbered(String name, int layer) {
    return name.replace("#", Integer.toString(layer));
  }

  String weight(Part part, int layer) {
    return name(part, layer) + ".weight";
  }

  /** The name of a buffer in a layer. */
  String buffer(String buffer, int layer) {
    return numbered(prefix + buffer, layer);
  }

  /** The text before the number of a layer. */
  String beforeNumber() {
    String name = prefix + model.family().names().get(Part.BEFORE_ATTENTION);
    return name.substring(0, name.indexOf('#'));
  }

  boolean bias(Part part) {
    Architecture.Biases biases = model.biases();
    return switch (part) {
      case QUERY, KEY, VALUE, QUERY_KEY_VALUE -> biases.inputs();
      case ATTENTION_OUTPUT -> biases.output();
      case GATE, UP, DOWN -> biases.feedForward();
      case BEFORE_ATTENTION, BEFORE_FEED_FORWARD, FINAL_NORM -> model.family().has(Trait.LAYER_NORMS);
      case EMBEDDING, POSITIONS, QUERY_NORM, KEY_NORM, AFTER_ATTENTION, AFTER_FEED_FORWARD, HEAD -> false;
    };
  }

  /** Number of outputs of a linear map, rows of a table, or elements of a norm. */
  int outputs(Part part) {
    Architecture.Sizes sizes = model.sizes();
    return switch (part) {
      case EMBEDDING, HEAD -> sizes.vocabulary();
      case POSITIONS -> model.maxPositions();
      case QUERY -> sizes.queries();
      case KEY, VALUE -> sizes.keys();
      case QUERY_KEY_VALUE -> sizes.queries() + 2 * sizes.keys();
      case QUERY_NORM, KEY_NORM -> sizes.headDim();
      case GATE, UP -> sizes.hidden();
      case ATTENTION_OUTPUT, DOWN, BEFORE_ATTENTION, AFTER_ATTENTION, BEFORE_FEED_FORWARD, AFTER_FEED_FORWARD, FINAL_NORM -> sizes.width();
    };
  }

  /** Number of inputs of a linear map, or columns of a table. */
  int inputs(Part part) {
    Architecture.Sizes sizes = model.sizes();
    return part == Part.ATTENTION_OUTPUT ? sizes.queries() : part == Part.DOWN ? sizes.hidden() : sizes.width();
  }

  boolean transposed(Part part) {
    return part.kind() == Part.Kind.LINEAR && part != Part.HEAD && model.family().has(Trait.TRANSPOSED);
  }

  long[] shape(Part part) {
    if (part.kind() == Part.Kind.NORM) {
      return new long[] {outputs(part)};
    }
    return transposed(part) ? new long[] {inputs(part), outputs(part)} : new long[] {outputs(part), inputs(part)};
  }

  /**
   * The shape of every tensor that a checkpoint must have.
   *
   * @param codes tells which weights are stored as codes, outputs × inputs in every family
   */
  Map<String, long[]> expected(Predicate<String> codes) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    for (Part part : Part.values()) {
      if (model.family().has(part) && !(part == Part.HEAD && model.tied())) {
        for (int layer = 0; layer < (part.layered() ? model.sizes().layers() : 1); layer++) {
          String name = weight(part, layer);
          boolean turned = transposed(part) && codes.test(name);
          shapes.put(name, turned ? new long[] {outputs(part), inputs(part)} : shape(part));
          if (bias(part)) {
            shapes.put(name(part, layer) + ".bias", new long[] {outputs(part)});
          }
        }
      }
    }
    return shapes;
  }
}
