package dev.lanewise.core.weights;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** A safetensors file in the simplest code: reads bytes without any check, and writes them whether they make sense or not. */
public final class PlainSafetensors {
  final JsonObject header;
  private final byte[] file;
  private final int begin;

  public PlainSafetensors(byte[] file) {
    this.file = file;
    int length = (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
    this.begin = 8 + length;
    this.header = JsonParser.parseString(new String(file, 8, length, StandardCharsets.UTF_8)).getAsJsonObject();
  }

  /** The bytes of a tensor. */
  public ByteBuffer tensor(String name) {
    JsonArray offsets = header.getAsJsonObject(name).getAsJsonArray("data_offsets");
    int from = offsets.get(0).getAsInt();
    return ByteBuffer.wrap(file, begin + from, offsets.get(1).getAsInt() - from).slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The numbers of an F32 tensor. */
  float[] floats(String name) {
    ByteBuffer bytes = tensor(name);
    float[] floats = new float[bytes.remaining() / 4];
    bytes.asFloatBuffer().get(floats);
    return floats;
  }

  /** A golden file. */
  public static byte[] golden(String name) throws IOException {
    try (InputStream in = Objects.requireNonNull(PlainSafetensors.class.getResourceAsStream("/golden/" + name), name)) {
      return in.readAllBytes();
    }
  }

  /** A file with this header, and a buffer of zeros. */
  static byte[] file(String header, int buffer) {
    return file(header.getBytes(StandardCharsets.UTF_8), buffer);
  }

  static byte[] file(byte[] header, int buffer) {
    return file(header.length, header, buffer);
  }

  /** A file with a wrong length of its header. */
  static byte[] file(long length, byte[] header, int buffer) {
    return ByteBuffer.allocate(8 + header.length + buffer).order(ByteOrder.LITTLE_ENDIAN).putLong(length).put(header).array();
  }
}
