package dev.lanewise.text.onnx;

import com.google.protobuf.CodedInputStream;
import dev.lanewise.core.weights.NamedTensors;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads the weights of an ONNX file that PyTorch exported, with the names and the orientation of the original checkpoint.
 *
 * <p>The exporter keeps the names of biases, embeddings and norms ({@code encoder.layer.0.output.dense.bias}), but not those of the
 * matrices of {@code nn.Linear}: it stores them inputs × outputs, as ONNX's MatMul needs them, under numbers ({@code onnx::MatMul_885}).
 * The name of such a matrix is still part of the name of the node that has it as its second input: {@code
 * /encoder/layer.0/attention/self/query/MatMul} stands for {@code encoder.layer.0.attention.self.query.weight}. This class transposes the
 * matrix back to outputs × inputs. Other numbered constants, integers (the positions 0, 1, 2, …) and booleans are no weights and are
 * ignored.
 *
 * <p>The file is read once, from front to back. This requires that the nodes come before the initializers, which holds because protobuf's
 * writers put fields in the order of their numbers; in another order, matrices would be missing. The numbers below are the field numbers of
 * {@code onnx.proto}.
 *
 * <pre>{@code
 * try (InputStream file = Files.newInputStream(path)) {
 *   BertEncoder encoder = BertWeights.of(OnnxWeights.read(file), 12).encoder(); // 12 heads
 * }
 * }</pre>
 */
public final class OnnxWeights {
  private static final int BUFFER_BYTES = 1 << 16;

  private static final int MODEL_GRAPH = 7;
  private static final int GRAPH_NODE = 1;
  private static final int GRAPH_INITIALIZER = 5;
  private static final int NODE_INPUT = 1;
  private static final int NODE_NAME = 3;
  private static final int NODE_OPERATOR = 4;

  private static final String NUMBERED = "onnx::";
  private static final String MATRIX_PRODUCT = "MatMul";
  private static final String NODE_END = "/" + MATRIX_PRODUCT;

  /** For each initializer that is the second input of a matrix product, the name of that product. */
  private final Map<String, String> products = new HashMap<>();

  private final Set<String> names = new HashSet<>();
  private final NamedTensors.Builder tensors = NamedTensors.builder();

  private OnnxWeights() {}

  /**
   * Reads all weights. Memory is allocated as data arrives, whatever sizes the file claims.
   *
   * @param onnx an ONNX model, read to its end, not closed
   * @throws IOException if the stream cannot be read, is no ONNX model, or contains a weight in a form other than raw fp32
   */
  public static NamedTensors read(InputStream onnx) throws IOException {
    OnnxWeights weights = new OnnxWeights();
    CodedInputStream in = CodedInputStream.newInstance(onnx, BUFFER_BYTES);
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
    return weights.tensors.build();
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
    String operator = "";
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (Onnx.isMessage(tag, NODE_INPUT)) {
        inputs.add(in.readString());
      } else if (Onnx.isMessage(tag, NODE_NAME)) {
        name = in.readString();
      } else if (Onnx.isMessage(tag, NODE_OPERATOR)) {
        operator = in.readString();
      } else {
        in.skipField(tag);
      }
    }
    if (operator.equals(MATRIX_PRODUCT) && inputs.size() == 2) {
      products.putIfAbsent(inputs.get(1), name);
    }
  }

  private void readInitializer(CodedInputStream in) throws IOException {
    OnnxTensor tensor = OnnxTensorReader.read(in, this::isWeight);
    if (tensor == null) {
      return;
    }
    if (!tensor.name().startsWith(NUMBERED)) {
      add(tensor.name(), tensor.data(), tensor.dims());
      return;
    }
    String node = products.getOrDefault(tensor.name(), "");
    if (tensor.dims().length != 2) {
      throw new IOException("weight " + node + " has " + tensor.dims().length + " dimensions, must have 2");
    }
    int inputs = (int) tensor.dims()[0];
    int outputs = (int) tensor.dims()[1];
    String layer = node.substring(1, node.length() - NODE_END.length()).replace('/', '.');
    add(layer + ".weight", Transpose.of(tensor.data(), inputs, outputs), outputs, inputs);
  }

  private void add(String name, float[] data, long... dims) throws IOException {
    if (!names.add(name)) {
      throw new IOException("the ONNX model has weight " + name + " twice");
    }
    tensors.add(name, data, dims);
  }

  /** Tells whether an initializer of this name has a name in the checkpoint. */
  private boolean isWeight(String initializer) {
    if (!initializer.startsWith(NUMBERED)) {
      return true;
    }
    String node = products.getOrDefault(initializer, "");
    return node.startsWith("/") && node.endsWith(NODE_END) && node.length() > NODE_END.length() + 1;
  }
}
