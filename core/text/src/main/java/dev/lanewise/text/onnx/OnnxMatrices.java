package dev.lanewise.text.onnx;

import java.io.IOException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the matrices of a graph and their names. A matrix that the exporter has stored under a number gets the name of its layer from the
 * bias that is added to the product, or from the name of the node that multiplies.
 */
final class OnnxMatrices {
  static final String WEIGHT = ".weight";

  private static final String BIAS = ".bias";
  private static final String QUANTISED = "_quantized";
  private static final Set<String> PRODUCTS = Set.of("MatMul", "Gemm", "MatMulInteger");

  /** Most nodes between an initializer and its use. */
  private static final int MOST_STEPS = 8;

  private final OnnxGraph graph;
  private final Map<String, OnnxMatrix> found = new LinkedHashMap<>();
  private final Set<String> layers = new HashSet<>();

  private OnnxMatrices(OnnxGraph graph) {
    this.graph = graph;
  }

  /**
   * Finds the matrices.
   *
   * @return matrices by the names of their initializers
   */
  static Map<String, OnnxMatrix> of(OnnxGraph graph) throws IOException {
    OnnxMatrices matrices = new OnnxMatrices(graph);
    for (OnnxNode node : graph.nodes()) {
      if (isProduct(node)) {
        matrices.addProduct(node);
      } else if (node.operator().equals("Gather")) {
        matrices.addTable(node);
      }
    }
    return matrices.found;
  }

  /** Tells whether a node multiplies matrices. */
  static boolean isProduct(OnnxNode node) {
    return PRODUCTS.contains(node.operator());
  }

  /**
   * The name of the layer of a product.
   *
   * @return such as {@code encoder.layer.0.attention.self.query}; null if nothing names it
   */
  static @Nullable String layer(OnnxGraph graph, OnnxNode product) {
    OnnxMatrix source = source(graph, product.input(1));
    return source == null ? null : layer(graph, product, source.initializer());
  }

  private static @Nullable String layer(OnnxGraph graph, OnnxNode product, String initializer) {
    String own = named(initializer.endsWith(QUANTISED) ? initializer.substring(0, initializer.length() - QUANTISED.length()) : initializer);
    if (own != null && own.endsWith(WEIGHT)) {
      return own.substring(0, own.length() - WEIGHT.length());
    }
    String bias = product.operator().equals("Gemm") ? named(product.input(2)) : bias(graph, product);
    if (bias != null && bias.endsWith(BIAS)) {
      return bias.substring(0, bias.length() - BIAS.length());
    }
    String name = product.name();
    int end = name.lastIndexOf('/');
    String last = name.substring(end + 1);
    boolean known = PRODUCTS.stream().anyMatch(operator -> last.equals(operator) || last.startsWith(operator + "_"));
    return known && end > 1 && name.charAt(0) == '/' ? name.substring(1, end).replace('/', '.') : null;
  }

  /** A name that comes from the checkpoint; null if the exporter made it. */
  static @Nullable String named(String initializer) {
    return initializer.isEmpty() || initializer.startsWith("onnx::") || initializer.startsWith("/") ? null : initializer;
  }

  /** The name of the bias that is added to a product; null if there is none. */
  private static @Nullable String bias(OnnxGraph graph, OnnxNode product) {
    OnnxNode last = product.operator().equals("MatMulInteger") ? scaled(graph, product) : product;
    if (last == null) {
      return null;
    }
    for (OnnxNode add : graph.consumers(last.output())) {
      for (String input : add.operator().equals("Add") ? add.inputs() : List.<String>of()) {
        if (graph.constant(input) != null) {
          return named(input);
        }
      }
    }
    return null;
  }

  /** The node that multiplies a product of integers by its scales: MatMulInteger, Cast, Mul. */
  private static @Nullable OnnxNode scaled(OnnxGraph graph, OnnxNode product) {
    for (OnnxNode cast : graph.consumers(product.output())) {
      for (OnnxNode mul : cast.operator().equals("Cast") ? graph.consumers(cast.output()) : List.<OnnxNode>of()) {
        if (mul.operator().equals("Mul")) {
          return mul;
        }
      }
    }
    return null;
  }

  /** Follows a value back to an initializer, through nodes that turn it, dequantise it or do nothing; null if there is another node. */
  private static @Nullable OnnxMatrix source(OnnxGraph graph, String value) {
    String at = value;
    boolean turned = false;
    String scale = null;
    String zero = null;
    for (int step = 0; step < MOST_STEPS; step++) {
      if (graph.initializers().contains(at) || graph.constant(at) != null) {
        return new OnnxMatrix("", at, !turned, scale, zero);
      }
      OnnxNode node = graph.producer(at);
      if (node == null) {
        return null;
      }
      if (node.operator().equals("DequantizeLinear") && scale == null) {
        scale = node.input(1);
        zero = node.input(2).isEmpty() ? null : node.input(2);
      } else if (node.turnsMatrix()) {
        turned = !turned;
      } else if (!node.operator().equals("Identity")) {
        return null;
      }
      at = node.input(0);
    }
    return null;
  }

  private void addProduct(OnnxNode node) throws IOException {
    OnnxMatrix source = source(graph, node.input(1));
    if (source == null) {
      return;
    }
    String layer = layer(graph, node, source.initializer());
    if (layer == null) {
      return;
    }
    switch (node.operator()) {
      case "Gemm" -> {
        if (node.number("alpha", 1) != 1 || node.number("beta", 1) != 1 || node.whole("transA", 0) != 0) {
          throw new IOException("node " + node.name() + " has alpha, beta or transA, must have 1, 1 and 0");
        }
        boolean turned = node.whole("transB", 0) != 0;
        add(new OnnxMatrix(layer, source.initializer(), source.inputsFirst() != turned, source.scale(), source.zero()));
      }
      case "MatMulInteger" -> {
        String zero = node.input(3).isEmpty() ? null : node.input(3);
        add(new OnnxMatrix(layer, source.initializer(), source.inputsFirst(), scale(node), zero));
      }
      default -> add(new OnnxMatrix(layer, source.initializer(), source.inputsFirst(), source.scale(), source.zero()));
    }
  }

  /** The scale of the weight of a product of integers, a constant that is multiplied by the scale of the other factor. */
  private String scale(OnnxNode product) throws IOException {
    OnnxNode scaled = scaled(graph, product);
    if (scaled != null) {
      for (String input : scaled.inputs()) {
        OnnxNode scales = graph.producer(input);
        for (String scale : scales != null && scales.operator().equals("Mul") ? scales.inputs() : List.<String>of()) {
          if (graph.constant(scale) != null) {
            return scale;
          }
        }
      }
    }
    throw new IOException("node " + product.name() + " has a product of integers whose scale is not found");
  }

  /** Adds an embedding table that is quantised, before or after its rows are taken. Others have names of their own. */
  private void addTable(OnnxNode gather) throws IOException {
    OnnxMatrix source = source(graph, gather.input(0));
    if (source == null) {
      return;
    }
    OnnxTensor codes = graph.constant(source.initializer());
    String scale = source.scale();
    String zero = source.zero();
    for (OnnxNode next : graph.consumers(gather.output())) {
      if (scale == null && next.operator().equals("DequantizeLinear")) {
        scale = next.input(1);
        zero = next.input(2).isEmpty() ? null : next.input(2);
      }
    }
    if (codes == null || codes.bytes() == null || scale == null) {
      return;
    }
    OnnxTensor factors = graph.constant(scale);
    if (factors != null && factors.count() != 1) {
      throw new IOException("weight " + source.initializer() + " has " + factors.count() + " scales, must have 1");
    }
    String layer = layer(graph, gather, source.initializer());
    if (layer != null) {
      add(new OnnxMatrix(layer, source.initializer(), !source.inputsFirst(), scale, zero));
    }
  }

  private void add(OnnxMatrix matrix) throws IOException {
    if (found.putIfAbsent(matrix.initializer(), matrix) == null && !layers.add(matrix.layer())) {
      throw new IOException("the ONNX model has weight " + matrix.layer() + WEIGHT + " twice");
    }
  }
}
