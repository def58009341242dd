package dev.lanewise.text.onnx;

import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.data.Activation;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The weights and settings of an ONNX file that was exported from a model of the BERT family. Tensors have the names and the orientation of
 * the checkpoint.
 *
 * <p>Exporters keep the names of biases, embeddings and norms ({@code encoder.layer.0.output.dense.bias}), but often not those of matrices:
 * they are stored inputs × outputs, as ONNX's MatMul needs them, under numbers ({@code onnx::MatMul_885}). The name of such a matrix is
 * that of the bias which is added to its product, or part of the name of the node that multiplies: {@code
 * /encoder/layer.0/attention/self/query/MatMul} stands for {@code encoder.layer.0.attention.self.query.weight}. Matrices are transposed to
 * outputs × inputs. Integer codes of 8 bits, as dynamic quantisation leaves them, become the floats that they stand for. Other numbered
 * constants, integers (the positions 0, 1, 2, …) and booleans are no weights and are ignored.
 *
 * <pre>{@code
 * OnnxModel model;
 * try (InputStream file = Files.newInputStream(path)) {
 *   model = OnnxModel.read(file);
 * }
 * BertEncoder encoder = BertWeights.of(model.tensors(), model.numHeads().orElseThrow()).encoder();
 * }</pre>
 *
 * <p>The graph itself is not run. A setting is empty if the graph does not show it. Immutable.
 */
public final class OnnxModel {
  private static final String WORDS = "embeddings.word_embeddings.weight";

  private final NamedTensors tensors;
  private final OptionalInt numHeads;
  private final Optional<Float> epsilon;
  private final Optional<Activation> activation;
  private final OptionalInt firstPosition;
  private final boolean quantised;

  private OnnxModel(OnnxGraph graph) throws IOException {
    OnnxSettings settings = new OnnxSettings(graph);
    epsilon = settings.epsilon();
    activation = settings.activation();
    firstPosition = settings.firstPosition();
    Map<String, OnnxMatrix> matrices = OnnxMatrices.of(graph);
    quantised = matrices.values().stream().anyMatch(matrix -> matrix.scale() != null);
    tensors = tensors(graph, matrices);
    List<String> words = tensors.names().stream().filter(name -> name.endsWith(WORDS)).toList();
    long[] shape = words.size() == 1 ? tensors.shape(words.getFirst()) : new long[0];
    numHeads = shape.length == 2 ? settings.numHeads((int) shape[1]) : OptionalInt.empty();
  }

  /**
   * Reads a model. Memory is allocated as data arrives, whatever sizes the file claims.
   *
   * @param onnx an ONNX model, read to its end, not closed
   * @throws IOException if the stream cannot be read, is no ONNX model, contains a weight in a form other than fp32 or codes of 8 bits, or
   *     has layers with different settings
   */
  public static OnnxModel read(InputStream onnx) throws IOException {
    try {
      return new OnnxModel(OnnxGraph.read(onnx));
    } catch (UncheckedIOException e) {
      throw Onnx.inOneLine(Objects.requireNonNull(e.getCause()));
    } catch (IOException e) {
      throw Onnx.inOneLine(e);
    }
  }

  private static NamedTensors tensors(OnnxGraph graph, Map<String, OnnxMatrix> matrices) throws IOException {
    Set<String> scales = new HashSet<>();
    for (OnnxMatrix matrix : matrices.values()) {
      scales.add(String.valueOf(matrix.scale()));
      scales.add(String.valueOf(matrix.zero()));
    }
    NamedTensors.Builder tensors = NamedTensors.builder();
    Set<String> names = new HashSet<>();
    for (String initializer : graph.initializers()) {
      OnnxMatrix matrix = matrices.get(initializer);
      OnnxTensor tensor = graph.constant(initializer);
      if (matrix != null) {
        OnnxMatrix.Floats floats = matrix.read(graph);
        add(tensors, names, matrix.layer() + OnnxMatrices.WEIGHT, floats.data(), floats.outputs(), floats.inputs());
        graph.forget(initializer);
      } else if (tensor != null && OnnxMatrices.named(initializer) != null && !scales.contains(initializer) && !tensor.isNoWeight()) {
        add(tensors, names, initializer, tensor.weight(), tensor.dims());
      }
    }
    return tensors.build();
  }

  private static void add(NamedTensors.Builder tensors, Set<String> names, String name, float[] data, long... dims) throws IOException {
    if (!names.add(name)) {
      throw new IOException("the ONNX model has weight " + name + " twice");
    }
    tensors.add(name, data, dims);
  }

  /** The tensors under the names of the checkpoint, matrices as outputs × inputs. */
  public NamedTensors tensors() {
    return tensors;
  }

  /** Number of heads of each layer. */
  public OptionalInt numHeads() {
    return numHeads;
  }

  /** The addend to the variance in norms. */
  public Optional<Float> epsilon() {
    return epsilon;
  }

  /** The activation of feed-forward networks. */
  public Optional<Activation> activation() {
    return activation;
  }

  /** The row of the position table for the first token: 0, or for models derived from RoBERTa usually 2. */
  public OptionalInt firstPosition() {
    return firstPosition;
  }

  /** Whether weights were stored as integer codes. */
  public boolean quantised() {
    return quantised;
  }
}
