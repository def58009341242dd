package dev.lanewise.core.learn.optimise;

import dev.lanewise.core.weights.NamedTensors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.CRC32C;

/** A checksum of tensors and metadata, in whatever order they are. It finds damage by chance, not by intent. */
final class Checksum {
  private static final int CHUNK = 1 << 14;

  private Checksum() {}

  /** The sum of the CRC-32C of each tensor and of each entry but {@code checksum}, as hexadecimal digits. */
  static String of(NamedTensors tensors, Map<String, String> metadata) {
    long sum = 0;
    float[] chunk = new float[CHUNK];
    ByteBuffer bytes = ByteBuffer.allocate(CHUNK * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (String name : tensors.names()) {
      CRC32C crc = new CRC32C();
      crc.update(name.getBytes(StandardCharsets.UTF_8));
      long elements = 1;
      for (long size : tensors.shape(name)) {
        elements *= size;
      }
      for (long first = 0; first < elements; first += CHUNK) {
        int count = (int) Math.min(CHUNK, elements - first);
        tensors.read(name, first, chunk, 0, count);
        bytes.asFloatBuffer().put(chunk, 0, count);
        crc.update(bytes.array(), 0, count * Float.BYTES);
      }
      sum += crc.getValue();
    }
    for (Map.Entry<String, String> entry : metadata.entrySet()) {
      if (!entry.getKey().equals("checksum")) {
        CRC32C crc = new CRC32C();
        crc.update((entry.getKey() + "=" + entry.getValue()).getBytes(StandardCharsets.UTF_8));
        sum += crc.getValue();
      }
    }
    return Long.toHexString(sum);
  }
}
