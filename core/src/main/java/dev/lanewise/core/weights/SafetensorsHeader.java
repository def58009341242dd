package dev.lanewise.core.weights;

import dev.lanewise.core.weights.Safetensors.Dtype;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The header of a safetensors file, completely checked. A file consists of 8 bytes with the length n of the JSON, little-endian; n bytes of
 * JSON; and the buffer, in which the tensors are adjacent, without a gap and without an overlap.
 *
 * @param tensors in the order of their bytes in the buffer
 * @param metadata the file's metadata
 * @param bufferBegin the offset of the buffer in the file
 * @param bufferSize the size of the buffer in bytes
 */
record SafetensorsHeader(Map<String, Tensor> tensors, Map<String, String> metadata, long bufferBegin, long bufferSize) {
  /** Size of the length field at the start of the file. */
  static final int LENGTH_BYTES = 8;

  private static final String POINTER = "version https://git-lfs.github.com/spec/";

  /** Maximum length of the JSON, as in the reference implementation. */
  static final long LONGEST = 100_000_000;

  /**
   * A tensor as the header describes it.
   *
   * @param begin its first byte, counted from the begin of the buffer
   * @param end the byte after its last one
   */
  record Tensor(Dtype dtype, long[] shape, long begin, long end) {
    /** Number of elements. */
    long elements() {
      return TensorCheck.elements(shape);
    }
  }

  /** Reads and checks a header. It allocates a small multiple of the header bytes that the file really has. */
  static SafetensorsHeader read(FileChannel file) throws IOException {
    long fileSize = file.size();
    if (fileSize < LENGTH_BYTES) {
      throw new IOException("the file has " + fileSize + " bytes, must have at least " + LENGTH_BYTES);
    }
    long length = ByteBuffer.wrap(readFully(file, 0, LENGTH_BYTES)).order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (length < 0 || length > LONGEST) {
      checkPointer(file, fileSize);
      throw new IOException(
          "it is no safetensors file: the first 8 bytes, "
              + HexFormat.ofDelimiter(" ").formatHex(readFully(file, 0, LENGTH_BYTES))
              + ", are the length of the header there, at most "
              + LONGEST);
    }
    long bufferBegin = LENGTH_BYTES + length;
    if (bufferBegin > fileSize) {
      throw new IOException(
          "the header has "
              + length
              + " bytes, but the file ends after "
              + (fileSize - LENGTH_BYTES)
              + " of them: it is cut off, or no safetensors file");
    }
    byte[] text = readFully(file, LENGTH_BYTES, (int) length);
    checkText(text);
    SafetensorsJson.Content content =
        SafetensorsJson.read(new InputStreamReader(new ByteArrayInputStream(text), StandardCharsets.UTF_8.newDecoder()));
    Map<String, Tensor> placed = checkPlaces(content.tensors(), fileSize - bufferBegin);
    return new SafetensorsHeader(placed, Collections.unmodifiableMap(content.metadata()), bufferBegin, fileSize - bufferBegin);
  }

  /** Refuses the pointer file that Git checks out in place of a large file that it has not fetched. */
  private static void checkPointer(FileChannel file, long fileSize) throws IOException {
    byte[] begin = readFully(file, 0, (int) Math.min(fileSize, POINTER.length()));
    if (new String(begin, StandardCharsets.ISO_8859_1).equals(POINTER)) {
      throw new IOException("it is a Git LFS pointer of " + fileSize + " bytes, not the file itself: fetch that with git lfs pull");
    }
  }

  private static byte[] readFully(FileChannel file, long position, int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(count);
    while (bytes.hasRemaining()) {
      if (file.read(bytes, position + bytes.position()) < 0) {
        throw new IOException("the file was shortened while it was read");
      }
    }
    return bytes.array();
  }

  private static void checkText(byte[] text) throws IOException {
    if (text.length == 0 || text[0] != '{') {
      throw new IOException(
          "the header " + (text.length == 0 ? "is empty" : "begins with byte " + (text[0] & 0xff)) + ", must begin with {");
    }
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer bytes = ByteBuffer.wrap(text);
    CharBuffer chars = CharBuffer.allocate(4096);
    CoderResult result;
    do {
      result = decoder.decode(bytes, chars.clear(), true);
    } while (result.isOverflow());
    if (result.isError()) {
      throw new IOException("the header is not UTF-8: byte " + bytes.position() + " of " + text.length + " begins no character");
    }
  }

  /** The tensors in the order of their bytes. Each tensor is checked by itself and against the one before it. */
  private static Map<String, Tensor> checkPlaces(Map<String, Tensor> tensors, long bufferSize) throws IOException {
    List<Map.Entry<String, Tensor>> inOrder = new ArrayList<>(tensors.entrySet());
    for (Map.Entry<String, Tensor> entry : inOrder) {
      checkAlone("tensor " + TensorText.quoted(entry.getKey()), entry.getValue(), bufferSize);
    }
    // An empty tensor comes before another one with the same begin; otherwise the two would seem to overlap.
    inOrder.sort(
        Comparator.<Map.Entry<String, Tensor>>comparingLong(entry -> entry.getValue().begin())
            .thenComparingLong(entry -> entry.getValue().end()));
    Map<String, Tensor> placed = LinkedHashMap.newLinkedHashMap(inOrder.size());
    String before = "the buffer";
    long end = 0;
    for (Map.Entry<String, Tensor> entry : inOrder) {
      String name = "tensor " + TensorText.quoted(entry.getKey());
      long begin = entry.getValue().begin();
      if (begin < end) {
        throw new IOException(name + " begins at byte " + begin + ", but " + before + " ends at byte " + end + ": they overlap");
      }
      checkCovered(end, begin, name + " begins");
      placed.put(entry.getKey(), entry.getValue());
      before = name;
      end = entry.getValue().end();
    }
    checkCovered(end, bufferSize, "the buffer ends");
    return Collections.unmodifiableMap(placed);
  }

  private static void checkCovered(long from, long to, String what) throws IOException {
    if (from != to) {
      throw new IOException("bytes " + from + " to " + to + " of the buffer belong to no tensor; " + what + " at byte " + to);
    }
  }

  private static void checkAlone(String name, Tensor tensor, long bufferSize) throws IOException {
    if (tensor.begin() > tensor.end()) {
      throw new IOException(name + " begins at byte " + tensor.begin() + ", but ends at byte " + tensor.end());
    }
    if (tensor.end() > bufferSize) {
      throw new IOException(name + " ends at byte " + tensor.end() + ", but the buffer has " + bufferSize + " bytes");
    }
    String what = name + " of " + tensor.dtype() + " and shape " + TensorText.shape(tensor.shape());
    long bits;
    try {
      bits = Math.multiplyExact(tensor.elements(), tensor.dtype().bits());
    } catch (ArithmeticException e) {
      throw new IOException(what + " has more than 2^63 - 1 elements or bits", e);
    }
    if (bits % 8 != 0) {
      throw new IOException(what + " has " + bits + " bits, which end inside a byte");
    }
    if (bits / 8 != tensor.end() - tensor.begin()) {
      String offsets = "[" + tensor.begin() + ", " + tensor.end() + "]";
      throw new IOException(
          what + " has " + bits / 8 + " bytes, but its data_offsets " + offsets + " hold " + (tensor.end() - tensor.begin()));
    }
  }
}
