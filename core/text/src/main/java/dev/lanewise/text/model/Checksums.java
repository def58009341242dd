package dev.lanewise.text.model;

import dev.lanewise.text.json.ForeignFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import org.jspecify.annotations.Nullable;

/**
 * Sizes and checksums of the files of a model. A checksum tells different models apart, and does not protect from somebody who forges one.
 */
final class Checksums {
  /** Every file beside the weights that changes how a text becomes a vector. */
  private static final List<String> OTHERS =
      List.of(
          Usage.CONFIG,
          Loading.TOKENIZER,
          "vocab.txt",
          "tokenizer_config.json",
          Usage.MODULES,
          Usage.POOLING + "/" + Usage.CONFIG,
          Usage.LENGTH,
          Usage.PROMPTS);

  private Checksums() {}

  /**
   * Size and checksum of one file.
   *
   * @param crc CRC-32, which archives hold for each of their files
   */
  record Sum(long size, long crc) {
    static Sum of(ZipEntry entry) {
      return new Sum(entry.getSize(), entry.getCrc());
    }

    /** Reads a stream to its end; null if there is none. */
    static @Nullable Sum of(@Nullable InputStream in) throws IOException {
      if (in == null) {
        return null;
      }
      byte[] buffer = new byte[1 << 16];
      CRC32 crc = new CRC32();
      long size = 0;
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        crc.update(buffer, 0, read);
        size += read;
      }
      return new Sum(size, crc.getValue());
    }
  }

  /** A line for each file that loading reads: its name, size and checksum. */
  static String of(ModelFiles files) throws IOException {
    StringBuilder lines = new StringBuilder();
    Path folder = files.tensors();
    if (folder == null) {
      add(lines, "onnx", files.sumOfOnnx());
    } else {
      for (Path file : weights(folder)) {
        try (InputStream in = ForeignFile.open(file)) {
          add(lines, String.valueOf(file.getFileName()), Sum.of(in));
        }
      }
    }
    for (String name : OTHERS) {
      add(lines, name, files.sum(name));
    }
    return lines.toString();
  }

  /** The file that is read, or all shards. */
  private static List<Path> weights(Path folder) throws IOException {
    Path whole = folder.resolve("model.safetensors");
    if (Files.exists(whole)) {
      return List.of(whole);
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".safetensors")).sorted().toList();
    }
  }

  private static void add(StringBuilder lines, String name, @Nullable Sum sum) {
    if (sum != null) {
      lines.append(name).append(' ').append(sum.size()).append(' ').append(Long.toHexString(sum.crc())).append('\n');
    }
  }
}
