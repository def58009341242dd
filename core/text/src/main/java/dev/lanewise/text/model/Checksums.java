package dev.lanewise.text.model;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Checksums and sizes of the files of a model, a line for each. CRC32C reads a file as fast as the disk does; it tells different models
 * apart, and does not protect from somebody who forges one.
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

  private final StringBuilder lines = new StringBuilder();
  private final byte[] buffer = new byte[1 << 16];

  static String of(ModelFiles files) throws IOException {
    Checksums checksums = new Checksums();
    Path folder = files.tensors();
    if (folder == null) {
      try (InputStream onnx = files.openOnnx()) {
        checksums.add("onnx", onnx);
      }
    } else {
      for (Path file : weights(folder)) {
        try (InputStream in = Files.newInputStream(file)) {
          checksums.add(String.valueOf(file.getFileName()), in);
        }
      }
    }
    for (String name : OTHERS) {
      try (InputStream in = files.open(name)) {
        checksums.add(name, in);
      }
    }
    return checksums.lines.toString();
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

  private void add(String name, @Nullable InputStream in) throws IOException {
    if (in == null) {
      return;
    }
    CRC32C sum = new CRC32C();
    long size = 0;
    for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
      sum.update(buffer, 0, read);
      size += read;
    }
    lines.append(name).append(' ').append(size).append(' ').append(Long.toHexString(sum.getValue())).append('\n');
  }
}
