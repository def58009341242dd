package dev.lanewise.text.onnx;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads one {@code TensorProto} from a stream. Protobuf's writers put fields in the order of their numbers, so type and shape are known
 * before the data.
 */
final class OnnxTensorReader {
  private static final int DIMS = 1;
  private static final int DATA_TYPE = 2;
  private static final int FLOAT_DATA = 4;
  private static final int INT32_DATA = 5;
  private static final int INT64_DATA = 7;
  private static final int NAME = 8;
  private static final int RAW_DATA = 9;

  /** Maximum number of dimensions, more than any real tensor has. */
  private static final int MOST_DIMS = 16;

  private final CodedInputStream in;
  private final List<Long> dims = new ArrayList<>();
  private int dataType;
  private String name = "";
  private @Nullable OnnxElements elements;

  private OnnxTensorReader(CodedInputStream in) {
    this.in = in;
  }

  /**
   * Reads the fields of a tensor up to the limit of the stream.
   *
   * @throws IOException if the number of its elements is not that of its shape
   */
  static OnnxTensor read(CodedInputStream in) throws IOException {
    OnnxTensorReader reader = new OnnxTensorReader(in);
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      reader.readField(tag);
    }
    return reader.tensor();
  }

  private void readField(int tag) throws IOException {
    int field = WireFormat.getTagFieldNumber(tag);
    if (field == DIMS) {
      Onnx.readWholes(in, tag, this::addDim);
    } else if (field == DATA_TYPE && WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_VARINT) {
      dataType = in.readInt32();
    } else if (Onnx.isMessage(tag, NAME)) {
      name = in.readString();
    } else if (Onnx.isMessage(tag, RAW_DATA)) {
      readRawData(tag);
    } else if (field == FLOAT_DATA && dataType == OnnxTensor.FLOAT) {
      readFloatData(tag);
    } else if ((field == INT32_DATA || field == INT64_DATA) && OnnxElements.width(dataType) > 0 && dataType != OnnxTensor.FLOAT) {
      Onnx.readWholes(in, tag, elements()::add);
    } else {
      in.skipField(tag);
    }
  }

  /** The elements so far, which all have the type of the tensor. */
  private OnnxElements elements() throws IOException {
    OnnxElements found = elements == null ? new OnnxElements(dataType) : elements;
    elements = found;
    if (found.type() != dataType) {
      throw new IOException("weight " + name + " has two types, " + found.type() + " and " + dataType);
    }
    return found;
  }

  private void addDim(long dim) throws IOException {
    if (dims.size() == MOST_DIMS) {
      throw new IOException("an ONNX tensor has more than " + MOST_DIMS + " dimensions");
    }
    dims.add(dim);
  }

  private void readRawData(int tag) throws IOException {
    if (dataType == 0) {
      throw new IOException("an ONNX tensor has its data before its type, which this reader does not support");
    }
    int width = OnnxElements.width(dataType);
    if (width == 0) {
      in.skipField(tag);
      return;
    }
    int length = in.readRawVarint32();
    checkSize(length, width, "bytes");
    if (elements().count() > 0) {
      throw new IOException("weight " + name + " has its data twice");
    }
    elements().readRaw(in, length);
  }

  /** Reads floats, which are single fields or packed into one field. */
  private void readFloatData(int tag) throws IOException {
    if (WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_FIXED32) {
      elements().readFloats(in, 1);
    } else if (Onnx.isMessage(tag, FLOAT_DATA)) {
      int length = in.readRawVarint32();
      checkSize(length, Float.BYTES, "bytes");
      elements().readFloats(in, length / Float.BYTES);
    } else {
      in.skipField(tag);
    }
  }

  private void checkSize(long size, int width, String unit) throws IOException {
    long expected = width;
    for (long dim : dims) {
      if (dim < 0 || dim > Integer.MAX_VALUE || Math.multiplyHigh(expected, dim) != 0 || expected * dim < 0) {
        throw new IOException("weight " + name + " has the impossible shape " + dims);
      }
      expected *= dim;
    }
    if (expected != size) {
      throw new IOException("weight " + name + " of shape " + dims + " has " + size + " " + unit + ", must have " + expected);
    }
  }

  private OnnxTensor tensor() throws IOException {
    long[] shape = dims.stream().mapToLong(Long::longValue).toArray();
    if (OnnxElements.width(dataType) == 0) {
      return new OnnxTensor(name, dataType, shape, null, null, null);
    }
    // Checked again: fields may have any order, and occur more than once.
    OnnxElements read = elements();
    if (read.count() == 0) {
      checkPresent();
    }
    checkSize(read.count(), 1, "elements");
    return new OnnxTensor(name, dataType, shape, read.floats(), read.bytes(), read.longs());
  }

  private void checkPresent() throws IOException {
    if (!dims.contains(0L)) {
      throw new IOException("weight " + name + " has no data in the ONNX file; data in a file of its own is not supported");
    }
  }
}
