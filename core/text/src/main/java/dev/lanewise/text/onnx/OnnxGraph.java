package dev.lanewise.text.onnx;

import com.google.protobuf.CodedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The nodes and constants of an ONNX file. The file is read once, from front to back, in any order of nodes and initializers. Memory is
 * allocated as data arrives. The numbers are the field numbers of {@code onnx.proto}.
 */
final class OnnxGraph {
  private static final int BUFFER_BYTES = 1 << 16;

  /** Maximum number of nodes; the graph of an encoder with 24 layers has some thousands. */
  private static final int MOST_NODES = 100_000;

  /** Maximum number of lookups, so that a tangled graph does not take quadratic time. A real one needs some thousands. */
  private static final long MOST_LOOKUPS = 10_000_000;

  private static final int MODEL_GRAPH = 7;
  private static final int GRAPH_NODE = 1;
  private static final int GRAPH_INITIALIZER = 5;

  private final List<OnnxNode> nodes = new ArrayList<>();
  private final Map<String, OnnxTensor> constants = new LinkedHashMap<>();
  private final Set<String> initializers = new LinkedHashSet<>();
  private final Map<String, OnnxNode> producers = new HashMap<>();
  private final Map<String, List<OnnxNode>> consumers = new HashMap<>();

  /** Number of nodes and values that were looked up. */
  private long lookups;

  private OnnxGraph() {}

  /**
   * Reads a model.
   *
   * @throws IOException if the stream cannot be read, or is no ONNX model
   */
  static OnnxGraph read(InputStream onnx) throws IOException {
    OnnxGraph graph = new OnnxGraph();
    CodedInputStream in = CodedInputStream.newInstance(onnx, BUFFER_BYTES);
    boolean graphSeen = false;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (Onnx.isMessage(tag, MODEL_GRAPH)) {
        graphSeen = true;
        Onnx.inMessage(in, () -> graph.readGraph(in));
      } else {
        in.skipField(tag);
      }
    }
    if (!graphSeen) {
      throw new IOException("no ONNX model: it has no graph");
    }
    graph.link();
    return graph;
  }

  private void readGraph(CodedInputStream in) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (Onnx.isMessage(tag, GRAPH_NODE)) {
        if (nodes.size() == MOST_NODES) {
          throw new IOException("the ONNX graph has more than " + MOST_NODES + " nodes");
        }
        Onnx.inMessage(in, () -> nodes.add(OnnxNode.read(in)));
      } else if (Onnx.isMessage(tag, GRAPH_INITIALIZER)) {
        Onnx.inMessage(in, () -> add(OnnxTensorReader.read(in)));
      } else {
        in.skipField(tag);
      }
    }
  }

  private void add(OnnxTensor tensor) throws IOException {
    if (!initializers.add(tensor.name())) {
      throw new IOException("the ONNX model has weight " + tensor.name() + " twice");
    }
    constants.put(tensor.name(), tensor);
  }

  private void link() {
    for (OnnxNode node : nodes) {
      for (String output : node.outputs()) {
        producers.putIfAbsent(output, node);
      }
      for (String input : node.inputs()) {
        consumers.computeIfAbsent(input, key -> new ArrayList<>()).add(node);
      }
      OnnxTensor constant = node.constant();
      if (constant != null) {
        constants.putIfAbsent(node.output(), constant);
      }
    }
  }

  List<OnnxNode> nodes() {
    return nodes;
  }

  /** The names of the initializers, in the order of the file. */
  Set<String> initializers() {
    return initializers;
  }

  /** An initializer, or the value of a node {@code Constant}; null if a value is computed. */
  @Nullable OnnxTensor constant(String value) {
    count(1);
    return constants.get(value);
  }

  /** Forgets a constant whose elements are not needed any more. */
  void forget(String value) {
    constants.remove(value);
  }

  /** The node that computes a value; null if it is an input or an initializer. */
  @Nullable OnnxNode producer(String value) {
    count(1);
    return producers.get(value);
  }

  /** The nodes that have a value as input. */
  List<OnnxNode> consumers(String value) {
    List<OnnxNode> found = consumers.getOrDefault(value, List.of());
    count(1L + found.size());
    return found;
  }

  private void count(long more) {
    lookups += more;
    if (lookups > MOST_LOOKUPS) {
      throw new UncheckedIOException(
          new IOException("the ONNX graph is too tangled: its layers are not found in " + MOST_LOOKUPS + " steps"));
    }
  }
}
