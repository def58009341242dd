package dev.lanewise.text.onnx;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A node of a graph.
 *
 * @param operator such as {@code MatMul}
 * @param name the exporter's name; may be empty
 * @param inputs names of values; an input that is left out is empty
 * @param outputs names of values
 */
record OnnxNode(String operator, String name, List<String> inputs, List<String> outputs, Map<String, Attribute> attributes) {
  private static final int INPUT = 1;
  private static final int OUTPUT = 2;
  private static final int NAME = 3;
  private static final int OPERATOR = 4;
  private static final int ATTRIBUTE = 5;

  /** A setting of a node; the file fills in one of the values. */
  @SuppressWarnings("ArrayRecordComponent")
  record Attribute(@Nullable Float number, @Nullable Long whole, String text, @Nullable OnnxTensor tensor, long[] wholes) {
    private static final int NAME = 1;
    private static final int NUMBER = 2;
    private static final int WHOLE = 3;
    private static final int TEXT = 4;
    private static final int TENSOR = 5;
    private static final int WHOLES = 8;

    private static void read(CodedInputStream in, Map<String, Attribute> to) throws IOException {
      String name = "";
      Float number = null;
      Long whole = null;
      String text = "";
      OnnxTensor[] tensor = new OnnxTensor[1];
      List<Long> wholes = new ArrayList<>();
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        int field = WireFormat.getTagFieldNumber(tag);
        int type = WireFormat.getTagWireType(tag);
        if (Onnx.isMessage(tag, NAME)) {
          name = in.readString();
        } else if (field == NUMBER && type == WireFormat.WIRETYPE_FIXED32) {
          number = in.readFloat();
        } else if (field == WHOLE && type == WireFormat.WIRETYPE_VARINT) {
          whole = in.readInt64();
        } else if (Onnx.isMessage(tag, TEXT)) {
          text = in.readString();
        } else if (Onnx.isMessage(tag, TENSOR)) {
          Onnx.inMessage(in, () -> tensor[0] = OnnxTensorReader.read(in));
        } else if (field == WHOLES) {
          Onnx.readWholes(in, tag, wholes::add);
        } else {
          in.skipField(tag);
        }
      }
      to.put(name, new Attribute(number, whole, text, tensor[0], wholes.stream().mapToLong(Long::longValue).toArray()));
    }
  }

  /** Reads a node up to the limit of the stream. */
  static OnnxNode read(CodedInputStream in) throws IOException {
    List<String> inputs = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    Map<String, Attribute> attributes = new HashMap<>();
    String name = "";
    String operator = "";
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (Onnx.isMessage(tag, INPUT)) {
        inputs.add(in.readString());
      } else if (Onnx.isMessage(tag, OUTPUT)) {
        outputs.add(in.readString());
      } else if (Onnx.isMessage(tag, NAME)) {
        name = in.readString();
      } else if (Onnx.isMessage(tag, OPERATOR)) {
        operator = in.readString();
      } else if (Onnx.isMessage(tag, ATTRIBUTE)) {
        Onnx.inMessage(in, () -> Attribute.read(in, attributes));
      } else {
        in.skipField(tag);
      }
    }
    return new OnnxNode(operator, name, inputs, outputs, attributes);
  }

  /** The name of an input; empty if there is none. */
  String input(int index) {
    return index < inputs.size() ? inputs.get(index) : "";
  }

  /** The name of the first output; empty if there is none. */
  String output() {
    return outputs.isEmpty() ? "" : outputs.getFirst();
  }

  /** A whole number among the settings. */
  long whole(String attribute, long otherwise) {
    Attribute found = attributes.get(attribute);
    return found == null || found.whole == null ? otherwise : found.whole;
  }

  /** A number among the settings. */
  float number(String attribute, float otherwise) {
    Attribute found = attributes.get(attribute);
    return found == null || found.number == null ? otherwise : found.number;
  }

  /** A text among the settings. */
  String text(String attribute, String otherwise) {
    Attribute found = attributes.get(attribute);
    return found == null ? otherwise : found.text;
  }

  /** The tensor of a {@code Constant}; null if it has none that is read. */
  @Nullable OnnxTensor constant() {
    if (!operator.equals("Constant")) {
      return null;
    }
    Attribute value = attributes.get("value");
    if (value != null) {
      return value.tensor;
    }
    Attribute number = attributes.get("value_float");
    if (number != null && number.number != null) {
      return new OnnxTensor(output(), OnnxTensor.FLOAT, new long[0], new float[] {number.number}, null, null);
    }
    Attribute whole = attributes.get("value_int");
    if (whole != null && whole.whole != null) {
      return new OnnxTensor(output(), OnnxTensor.INT64, new long[0], null, null, new long[] {whole.whole});
    }
    Attribute wholes = attributes.get("value_ints");
    return wholes == null ? null : new OnnxTensor(output(), OnnxTensor.INT64, new long[] {wholes.wholes.length}, null, null, wholes.wholes);
  }

  /** Whether this node turns a matrix, or does so by default. */
  boolean turnsMatrix() {
    Attribute order = attributes.get("perm");
    return operator.equals("Transpose") && (order == null || Arrays.equals(order.wholes, new long[] {1, 0}));
  }
}
