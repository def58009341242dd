package dev.lanewise.bench.peers.texts;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * The files of an artifact with a model, in a folder of their own.
 *
 * @param name of the model
 * @param tokenizer its tokenizer.json
 */
record ExtractedModel(String name, Path onnx, Path tokenizer) implements AutoCloseable {
  private static final String ONNX = ".onnx";

  static ExtractedModel of(Path jar) throws IOException {
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      List<String> found = zip.stream().map(ZipEntry::getName).filter(entry -> entry.endsWith(ONNX)).toList();
      if (found.size() != 1) {
        throw new IOException(jar + " has " + found.size() + " files that end with .onnx, must have 1");
      }
      String name = found.getFirst().substring(0, found.getFirst().length() - ONNX.length());
      Path folder = Files.createTempDirectory("lanewise-peers");
      return new ExtractedModel(
          name,
          copy(zip, found.getFirst(), folder.resolve("model.onnx")),
          copy(zip, name + "-tokenizer.json", folder.resolve("tokenizer.json")));
    }
  }

  private static Path copy(ZipFile zip, String entry, Path file) throws IOException {
    ZipEntry found = zip.getEntry(entry);
    if (found == null) {
      throw new IOException(zip.getName() + " has no " + entry);
    }
    try (InputStream in = zip.getInputStream(found)) {
      Files.copy(in, file);
    }
    return file;
  }

  /** Whether weights are stored as codes of 8 bits. */
  boolean isQuantised() {
    return name.endsWith("-q");
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(onnx);
    Files.deleteIfExists(tokenizer);
    Files.deleteIfExists(Objects.requireNonNull(onnx.getParent()));
  }
}
