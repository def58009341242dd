package dev.lanewise.core.weights;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonWriter;
import dev.lanewise.core.weights.Safetensors.Dtype;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;

/** Writes a safetensors file: the header, padded with spaces to a multiple of 8 bytes, and the tensors after it. */
final class SafetensorsWriter {
  private static final int PADDING = 8;
  private static final int CHUNK_BYTES = 1 << 16;

  private final NamedTensors tensors;
  private final List<Part> parts;
  private final byte[] header;

  private SafetensorsWriter(NamedTensors tensors, List<Part> parts, byte[] header) {
    this.tensors = tensors;
    this.parts = parts;
    this.header = header;
  }

  private record Part(String name, Dtype dtype, long[] shape) {
    /** The end of the tensor that begins at a byte. */
    long end(long begin) {
      try {
        return Math.addExact(begin, Math.multiplyExact(TensorCheck.elements(shape), dtype.bits() / 8));
      } catch (ArithmeticException e) {
        throw new IllegalArgumentException(
            "tensor " + TensorText.quoted(name) + " of shape " + TensorText.shape(shape) + " ends after byte " + Long.MAX_VALUE, e);
      }
    }
  }

  /** Checks the tensors and the metadata, and computes the layout of the file. */
  static SafetensorsWriter of(NamedTensors tensors, Map<String, String> metadata, Function<String, Dtype> dtypeOf) {
    Objects.requireNonNull(tensors, "tensors");
    Objects.requireNonNull(metadata, "metadata");
    Objects.requireNonNull(dtypeOf, "dtypeOf");
    metadata.forEach(
        (name, text) -> {
          Objects.requireNonNull(name, "metadata");
          Objects.requireNonNull(text, "metadata");
        });
    List<Part> parts = new ArrayList<>();
    for (String name : tensors.names()) {
      checkText("tensor name", name);
      if (name.equals(SafetensorsJson.METADATA)) {
        throw new IllegalArgumentException("a tensor cannot be named " + name);
      }
      boolean bytes = FloatFormats.BYTES.contains(tensors.dtype(name));
      boolean exact = bytes || StoredWeight.belongsToCodes(tensors, name);
      Dtype dtype = exact ? tensors.dtype(name) : dtypeOf.apply(name);
      if (!bytes && !FloatFormats.WRITABLE.contains(dtype)) {
        throw new IllegalArgumentException(
            "dtype of tensor " + TensorText.quoted(name) + " is " + dtype + ", must be one of " + FloatFormats.WRITABLE);
      }
      parts.add(new Part(name, dtype, tensors.shape(name)));
    }
    // Compares names by their UTF-8 bytes; String.compareTo orders characters outside the basic plane differently.
    Comparator<String> byBytes = (x, y) -> Arrays.compareUnsigned(x.getBytes(StandardCharsets.UTF_8), y.getBytes(StandardCharsets.UTF_8));
    parts.sort(Comparator.comparing(Part::dtype).reversed().thenComparing(Part::name, byBytes));
    return new SafetensorsWriter(tensors, parts, header(parts, metadata));
  }

  private static void checkText(String what, String text) {
    if (!TensorText.paired(text)) {
      throw new IllegalArgumentException(what + " has half a character (an unpaired surrogate): " + TensorText.quoted(text));
    }
  }

  private static byte[] header(List<Part> parts, Map<String, String> metadata) {
    StringWriter text = new StringWriter();
    try (JsonWriter json = new JsonWriter(text)) {
      json.setStrictness(Strictness.STRICT);
      json.beginObject();
      if (!metadata.isEmpty()) {
        writeMetadata(json, metadata);
      }
      long begin = 0;
      for (Part part : parts) {
        long end = part.end(begin);
        writePart(json, part, begin, end);
        begin = end;
      }
      json.endObject();
    } catch (IOException e) {
      throw new AssertionError("a StringWriter does not fail", e);
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    byte[] padded = Arrays.copyOf(bytes, Math.ceilDiv(bytes.length, PADDING) * PADDING);
    Arrays.fill(padded, bytes.length, padded.length, (byte) ' ');
    if (padded.length > SafetensorsHeader.LONGEST) {
      throw new IllegalArgumentException("the header has " + padded.length + " bytes, must have at most " + SafetensorsHeader.LONGEST);
    }
    return padded;
  }

  private static void writeMetadata(JsonWriter json, Map<String, String> metadata) throws IOException {
    json.name(SafetensorsJson.METADATA).beginObject();
    for (Map.Entry<String, String> entry : new TreeMap<>(metadata).entrySet()) {
      checkText("metadata name", entry.getKey());
      checkText("metadata " + TensorText.quoted(entry.getKey()), entry.getValue());
      json.name(entry.getKey()).value(entry.getValue());
    }
    json.endObject();
  }

  private static void writePart(JsonWriter json, Part part, long begin, long end) throws IOException {
    json.name(part.name()).beginObject().name("dtype").value(part.dtype().name());
    json.name("shape").beginArray();
    for (long size : part.shape()) {
      json.value(size);
    }
    json.endArray().name("data_offsets").beginArray().value(begin).value(end).endArray().endObject();
  }

  /** Writes a temporary file in the same directory, and moves it to the path when it is complete. */
  void write(Path path) throws IOException {
    Path name = path.getFileName();
    if (name == null) {
      throw new IllegalArgumentException("path " + path + " names no file");
    }
    // createTempFile is not used, since only the owner may read its files.
    Path beside = path.resolveSibling("." + UUID.randomUUID() + ".tmp");
    try {
      try (FileChannel file = FileChannel.open(beside, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        writeTo(file);
        file.force(true);
      }
      Files.move(beside, path, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  private void writeTo(FileChannel file) throws IOException {
    ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    drain(chunk.putLong(header.length), file);
    drain(ByteBuffer.wrap(header).position(header.length), file);
    for (Part part : parts) {
      if (FloatFormats.BYTES.contains(part.dtype())) {
        byte[] bytes = tensors.bytes(part.name());
        TensorCheck.length(part.name(), part.shape(), bytes.length);
        drain(ByteBuffer.wrap(bytes).position(bytes.length), file);
      } else {
        writeFloats(part, file, chunk);
      }
    }
  }

  private void writeFloats(Part part, FileChannel file, ByteBuffer chunk) throws IOException {
    float[] floats = tensors.floats(part.name());
    TensorCheck.length(part.name(), part.shape(), floats.length);
    int step = CHUNK_BYTES / (part.dtype().bits() / 8);
    int to;
    for (int from = 0; from < floats.length; from = to) {
      to = from + Math.min(step, floats.length - from);
      FloatFormats.write(part.dtype(), floats, from, to, chunk);
      drain(chunk, file);
    }
  }

  private static void drain(ByteBuffer filled, FileChannel file) throws IOException {
    filled.flip();
    while (filled.hasRemaining()) {
      file.write(filled);
    }
    filled.clear();
  }
}
