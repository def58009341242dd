package dev.lanewise.bench.minilm;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Float weights out of an ONNX file, by name. Exporters keep the names of biases, embeddings and norms but rename the matrices of matrix
 * products ({@code onnx::MatMul_885}); such a matrix is known here by the name of the node that takes it as second input ({@code
 * /encoder/layer.0/attention/self/query/MatMul}).
 *
 * <p>The file is read once, front to back, and only wanted weights are kept. That the nodes stand before the initializers (protobuf's
 * writers put fields in the order of their numbers) is relied on; were it otherwise, a matrix would be reported as missing. The numbers
 * below are the field numbers of {@code onnx.proto}.
 */
public final class OnnxWeights {
  private static final int MODEL_GRAPH = 7;
  private static final int GRAPH_NODE = 1;
  private static final int GRAPH_INITIALIZER = 5;
  private static final int NODE_INPUT = 1;
  private static final int NODE_NAME = 3;

  private final Predicate<String> wanted;

  /** Name of the node for each initializer that is somebody's second input. */
  private final Map<String, String> consumers = new HashMap<>();

  private final Map<String, Tensor> tensors = new HashMap<>();

  private OnnxWeights(Predicate<String> wanted) {
    this.wanted = wanted;
  }

  /**
   * Reads the weights whose names are wanted.
   *
   * @param onnx an ONNX model, read to its end, not closed
   * @param wanted what to keep, asked with an initializer's own name and with the name of the node that takes it as second input
   * @throws IOException if the stream cannot be read, is no ONNX model, or holds a wanted weight in a form other than raw fp32
   */
  public static OnnxWeights read(InputStream onnx, Predicate<String> wanted) throws IOException {
    OnnxWeights weights = new OnnxWeights(wanted);
    CodedInputStream in = CodedInputStream.newInstance(onnx, 1 << 16);
    boolean graphSeen = false;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (Onnx.isMessage(tag, MODEL_GRAPH)) {
        graphSeen = true;
        Onnx.inMessage(in, () -> weights.readGraph(in));
      } else {
        in.skipField(tag);
      }
    }
    if (!graphSeen) {
      throw new IOException("no ONNX model: it has no graph");
    }
    return weights;
  }

  /**
   * The weight of this name.
   *
   * @throws IOException if it was not wanted, or is not in the file
   */
  public Tensor get(String name) throws IOException {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new IOException("the ONNX model has no weight " + name);
    }
    return tensor;
  }

  private void readGraph(CodedInputStream in) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (Onnx.isMessage(tag, GRAPH_NODE)) {
        Onnx.inMessage(in, () -> readNode(in));
      } else if (Onnx.isMessage(tag, GRAPH_INITIALIZER)) {
        Onnx.inMessage(in, () -> readInitializer(in));
      } else {
        in.skipField(tag);
      }
    }
  }

  private void readNode(CodedInputStream in) throws IOException {
    List<String> inputs = new ArrayList<>();
    String name = "";
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case NODE_INPUT -> inputs.add(in.readString());
        case NODE_NAME -> name = in.readString();
        default -> in.skipField(tag);
      }
    }
    if (inputs.size() > 1) {
      consumers.putIfAbsent(inputs.get(1), name);
    }
  }

  private void readInitializer(CodedInputStream in) throws IOException {
    Tensor tensor = OnnxTensorReader.read(in, this::wantedName);
    if (tensor != null) {
      tensors.put(tensor.name(), tensor);
    }
  }

  /** The name under which an initializer is wanted; empty if it is not. */
  private String wantedName(String initializer) {
    if (wanted.test(initializer)) {
      return initializer;
    }
    String consumer = consumers.getOrDefault(initializer, "");
    return wanted.test(consumer) ? consumer : "";
  }
}
