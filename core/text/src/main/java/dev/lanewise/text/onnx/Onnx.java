package dev.lanewise.text.onnx;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;

/** Helpers to read nested protobuf messages without generated code. */
final class Onnx {
  private Onnx() {}

  /** Reads the contents of a message. */
  @FunctionalInterface
  interface Body {
    void read() throws IOException;
  }

  /** Tells whether this tag starts a nested message, a string or bytes in this field. */
  static boolean isMessage(int tag, int field) {
    return WireFormat.getTagFieldNumber(tag) == field && WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
  }

  /**
   * Reads a length, and lets {@code body} read exactly that many bytes.
   *
   * @throws IOException if the file ends before the message does
   */
  static void inMessage(CodedInputStream in, Body body) throws IOException {
    int outer = in.pushLimit(in.readRawVarint32());
    body.read();
    if (in.getBytesUntilLimit() != 0) {
      throw new IOException("the ONNX file ends " + in.getBytesUntilLimit() + " bytes too early");
    }
    in.popLimit(outer);
  }
}
