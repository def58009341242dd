package dev.lanewise.text.onnx;

import dev.lanewise.kernels.data.Activation;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds the settings of an encoder that are no tensors in the nodes of its graph. */
final class OnnxSettings {
  /** A size that is computed. */
  private static final long UNKNOWN = Long.MIN_VALUE;

  private static final int MOST_DEPTH = 8;
  private static final int HEAD_DIMENSIONS = 4;

  private final OnnxGraph graph;

  OnnxSettings(OnnxGraph graph) {
    this.graph = graph;
  }

  /**
   * The number of heads, from the shapes that divide a row into heads: batch × tokens × heads × width.
   *
   * @param width of a row
   */
  OptionalInt numHeads(int width) throws IOException {
    int heads = 0;
    for (OnnxNode node : graph.nodes()) {
      List<Long> shape = node.operator().equals("Reshape") ? shape(node.input(1), 0) : null;
      if (shape == null || shape.size() != HEAD_DIMENSIONS) {
        continue;
      }
      long number = shape.get(2);
      long wide = shape.get(3) == -1 && number > 0 ? width / number : shape.get(3);
      if (number <= 0 || wide <= 0 || number > width || number * wide != width) {
        continue;
      }
      if (heads != 0 && heads != number) {
        throw new IOException("the ONNX graph has attention of " + heads + " and of " + number + " heads, must have one number");
      }
      heads = (int) number;
    }
    return heads == 0 ? OptionalInt.empty() : OptionalInt.of(heads);
  }

  /** The elements of a value that is a shape, of which some may be computed; null if their number is not known. */
  private @Nullable List<Long> shape(String value, int depth) {
    OnnxTensor constant = graph.constant(value);
    if (constant != null) {
      long[] longs = constant.longs();
      List<Long> elements = new ArrayList<>();
      for (int i = 0; longs != null && i < Math.min(longs.length, HEAD_DIMENSIONS + 1); i++) {
        elements.add(longs[i]);
      }
      return longs == null ? null : elements;
    }
    OnnxNode node = depth < MOST_DEPTH ? graph.producer(value) : null;
    if (node == null) {
      return null;
    }
    return switch (node.operator()) {
      case "Unsqueeze", "Squeeze", "Cast", "Identity", "Reshape" -> {
        List<Long> inner = shape(node.input(0), depth + 1);
        yield inner == null ? List.of(UNKNOWN) : inner;
      }
      case "Concat" -> {
        List<Long> all = new ArrayList<>();
        for (String input : node.inputs().subList(0, Math.min(node.inputs().size(), HEAD_DIMENSIONS + 1))) {
          List<Long> part = shape(input, depth + 1);
          all.addAll(part == null ? List.of(UNKNOWN) : part);
        }
        yield all;
      }
      default -> null;
    };
  }

  /** The addend to the variance in norms. */
  Optional<Float> epsilon() throws IOException {
    Float epsilon = null;
    for (OnnxNode node : graph.nodes()) {
      Float found =
          switch (node.operator()) {
            case "LayerNormalization" -> node.number("epsilon", 1e-5f);
            case "Sqrt" -> addend(graph.producer(node.input(0)));
            default -> null;
          };
      if (found == null) {
        continue;
      }
      if (epsilon != null && !epsilon.equals(found)) {
        throw new IOException("the ONNX graph has norms with epsilon " + epsilon + " and " + found + ", must have one number");
      }
      epsilon = found;
    }
    return Optional.ofNullable(epsilon);
  }

  /** The constant number that is added to a mean; null if the node is something else. */
  private @Nullable Float addend(@Nullable OnnxNode add) {
    if (add == null || !add.operator().equals("Add")) {
      return null;
    }
    Float number = null;
    boolean mean = false;
    for (String input : add.inputs()) {
      Float constant = number(input);
      OnnxNode other = graph.producer(input);
      number = constant == null ? number : constant;
      mean |= other != null && other.operator().equals("ReduceMean");
    }
    return mean ? number : null;
  }

  private @Nullable Float number(String value) {
    OnnxTensor constant = graph.constant(value);
    float[] floats = constant == null ? null : constant.floats();
    return floats != null && floats.length == 1 ? Float.valueOf(floats[0]) : null;
  }

  /** The activation between the two products of feed-forward networks. */
  Optional<Activation> activation() throws IOException {
    Activation activation = null;
    for (OnnxNode node : graph.nodes()) {
      String layer = OnnxMatrices.isProduct(node) ? OnnxMatrices.layer(graph, node) : null;
      if (layer == null || !(layer.endsWith("intermediate.dense") || layer.endsWith("ffn.lin1"))) {
        continue;
      }
      Activation found = activation(node.output());
      if (found == null) {
        return Optional.empty();
      }
      if (activation != null && activation != found) {
        throw new IOException("the ONNX graph has activations " + activation + " and " + found + ", must have one");
      }
      activation = found;
    }
    return Optional.ofNullable(activation);
  }

  /** The activation after a value and before the next product; null if it is none that is known. */
  private @Nullable Activation activation(String value) {
    Set<OnnxNode> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    Set<String> operators = new HashSet<>();
    Set<Float> numbers = new HashSet<>();
    Deque<String> waiting = new ArrayDeque<>(List.of(value));
    Activation named = null;
    while (!waiting.isEmpty()) {
      for (OnnxNode node : graph.consumers(waiting.remove())) {
        if (OnnxMatrices.isProduct(node) || node.operator().equals("DynamicQuantizeLinear") || !seen.add(node)) {
          continue;
        }
        operators.add(node.operator());
        node.inputs().stream().map(this::number).filter(number -> number != null).forEach(numbers::add);
        if (node.operator().equals("Gelu")) {
          named = node.text("approximate", "none").equals("tanh") ? Activation.GELU_TANH : Activation.GELU;
        }
        waiting.addAll(node.outputs());
      }
    }
    return named == null ? composed(operators, numbers) : named;
  }

  private static @Nullable Activation composed(Set<String> operators, Set<Float> numbers) {
    if (operators.contains("Erf")) {
      return Activation.GELU;
    }
    if (operators.contains("FastGelu")) {
      return Activation.GELU_TANH;
    }
    if (operators.contains("Tanh")) {
      return numbers.contains(0.044715f) ? Activation.GELU_TANH : operators.contains("Mul") ? null : Activation.TANH;
    }
    if (operators.contains("Sigmoid")) {
      // x · sigmoid(1.702 x) is another function.
      return !operators.contains("Mul") ? Activation.SIGMOID : numbers.isEmpty() ? Activation.SILU : null;
    }
    return operators.contains("Relu") ? Activation.RELU : null;
  }

  /**
   * The row of the position table for the first token: 0, or in RoBERTa's descendants, which count tokens that are no padding, one more
   * than the addend.
   */
  OptionalInt firstPosition() {
    OnnxNode count = graph.nodes().stream().filter(node -> node.operator().equals("CumSum")).findFirst().orElse(null);
    if (count == null) {
      return OptionalInt.of(0);
    }
    long padding = 0;
    boolean added = false;
    String at = count.output();
    for (int step = 0; step < MOST_DEPTH; step++) {
      OnnxNode next = graph.consumers(at).stream().filter(node -> !node.operator().equals("Shape")).findFirst().orElse(null);
      if (next == null || !Set.of("Add", "Mul", "Cast", "Identity").contains(next.operator())) {
        break;
      }
      for (String input : next.operator().equals("Add") ? next.inputs() : List.<String>of()) {
        List<Long> numbers = graph.constant(input) == null ? null : shape(input, 0);
        if (numbers != null && numbers.size() == 1) {
          padding += numbers.getFirst();
          added = true;
        }
      }
      at = next.output();
    }
    return added && padding >= 0 && padding < Short.MAX_VALUE ? OptionalInt.of((int) padding + 1) : OptionalInt.empty();
  }
}
