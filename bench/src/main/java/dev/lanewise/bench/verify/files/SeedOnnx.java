package dev.lanewise.bench.verify.files;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;

/** The encoder as an ONNX file, written field by field; field numbers are those of {@code onnx.proto}. */
final class SeedOnnx {
  private static final int FLOAT = 1;
  private static final int INT8 = 3;
  private static final int LENGTH_DELIMITED = 2;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private SeedOnnx() {}

  static byte[] encoder() {
    SeedOnnx graph = new SeedOnnx();
    String at = "x";
    for (Map.Entry<String, long[]> tensor : SeedTensors.encoder().entrySet()) {
      String name = tensor.getKey();
      graph.message(5, tensor(name, tensor.getValue()));
      if (tensor.getValue().length == 2 && !name.startsWith("embeddings.")) {
        String layer = name.substring(0, name.length() - ".weight".length());
        graph.message(1, node("Transpose", name + "_t", name));
        graph.message(1, node("MatMul", layer + "_product", at, name + "_t"));
        graph.message(1, node("Add", layer + "_sum", layer + "_product", layer + ".bias"));
        at = layer + "_sum";
      }
    }
    graph.message(5, new SeedOnnx().number(1, 2).number(1, 2).number(2, INT8).text(8, "pooler.extra.weight").bytes(9, new byte[4]).done());
    graph.message(5, tensor("scale", 1));
    graph.message(1, node("DequantizeLinear", "wide", "pooler.extra.weight", "scale"));
    graph.message(1, node("Gather", "taken", "wide", "input_ids"));
    graph.message(1, node("Concat", "shape", "batch", "tokens", "heads"));
    graph.message(1, node("Reshape", "divided", at, "shape"));
    graph.message(1, node("Sqrt", "root", "sum"));
    return new SeedOnnx().number(1, 7).bytes(7, graph.done()).done();
  }

  private static byte[] tensor(String name, long... shape) {
    SeedOnnx tensor = new SeedOnnx();
    for (long size : shape) {
      tensor.number(1, size);
    }
    float[] elements = SeedTensors.elements(shape);
    ByteBuffer raw = ByteBuffer.allocate(elements.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    raw.asFloatBuffer().put(elements);
    // Vectors as packed floats, matrices as raw data.
    return tensor.number(2, FLOAT).text(8, name).bytes(shape.length == 1 ? 4 : 9, raw.array()).done();
  }

  private static byte[] node(String operator, String output, String... inputs) {
    SeedOnnx node = new SeedOnnx();
    for (String input : inputs) {
      node.text(1, input);
    }
    byte[] attribute = new SeedOnnx().text(1, "axis").number(3, 1).done();
    return node.text(2, output).text(3, "/" + output).text(4, operator).bytes(5, attribute).done();
  }

  private SeedOnnx message(int field, byte[] message) {
    return bytes(field, message);
  }

  private SeedOnnx number(int field, long value) {
    out.writeBytes(FileMutations.varint((long) field << 3));
    out.writeBytes(FileMutations.varint(value));
    return this;
  }

  private SeedOnnx text(int field, String text) {
    return bytes(field, SeedTensors.utf8(text));
  }

  private SeedOnnx bytes(int field, byte[] bytes) {
    out.writeBytes(FileMutations.varint((long) field << 3 | LENGTH_DELIMITED));
    out.writeBytes(FileMutations.varint(bytes.length));
    out.writeBytes(bytes);
    return this;
  }

  private byte[] done() {
    return out.toByteArray();
  }
}
