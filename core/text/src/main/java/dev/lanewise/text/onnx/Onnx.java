package dev.lanewise.text.onnx;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import dev.lanewise.core.foreign.ForeignText;
import java.io.IOException;

/** Helpers to read nested protobuf messages without generated code. */
final class Onnx {
  private static final int LONGEST_MESSAGE = 250;

  private Onnx() {}

  /** Reads the contents of a message. */
  @FunctionalInterface
  interface Body {
    void read() throws IOException;
  }

  /** Takes a whole number. */
  @FunctionalInterface
  interface Whole {
    void take(long value) throws IOException;
  }

  /** Reads whole numbers, which are single fields or packed into one field. */
  static void readWholes(CodedInputStream in, int tag, Whole whole) throws IOException {
    int type = WireFormat.getTagWireType(tag);
    if (type == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
      inMessage(
          in,
          () -> {
            while (!in.isAtEnd()) {
              whole.take(in.readInt64());
            }
          });
    } else if (type == WireFormat.WIRETYPE_VARINT) {
      whole.take(in.readInt64());
    } else {
      in.skipField(tag);
    }
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

  /** An error whose message is one line of limited length, whatever the names in the file are. */
  static IOException inOneLine(IOException e) {
    String message = String.valueOf(e.getMessage());
    String shown = ForeignText.shown(message, LONGEST_MESSAGE);
    return shown.equals(message) ? e : new IOException(shown, e);
  }
}
