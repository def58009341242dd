package dev.lanewise.spark.embed;

import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkFiles;
import org.jspecify.annotations.Nullable;

/**
 * Where a model is on this machine. The driver and each executor look for themselves.
 *
 * @param model as the user wrote it
 * @param path null if the model is on the class path
 */
record ModelPlace(String model, @Nullable Path path) {
  private static final String CLASS_PATH = "classpath:";
  private static final List<String> ENDINGS = List.of(".json", ".txt", ".onnx", ".safetensors");

  /**
   * Finds a model: {@code classpath:NAME}; else an absolute path; else a name among the files that Spark distributes, or else in the
   * working directory.
   *
   * @throws IOException if there is nothing
   */
  static ModelPlace find(String model) throws IOException {
    if (model.startsWith(CLASS_PATH)) {
      return new ModelPlace(model, null);
    }
    try {
      Path given = model.startsWith("file:") ? Path.of(URI.create(model)) : Path.of(model);
      return new ModelPlace(model, existing(model, given));
    } catch (IllegalArgumentException e) {
      throw new IOException("the model \"" + model + "\" is no path: " + e.getMessage(), e);
    }
  }

  private static Path existing(String model, Path given) throws IOException {
    if (given.isAbsolute()) {
      if (!Files.exists(given)) {
        throw new IOException("there is no model at " + given + " on this machine");
      }
      return given;
    }
    Path distributed = Path.of(SparkEnv.get() == null ? "" : SparkFiles.getRootDirectory()); // saving needs no session
    for (Path path : List.of(distributed.resolve(given), given)) {
      if (Files.exists(path)) {
        return path;
      }
    }
    throw new IOException(
        "there is no model \""
            + model
            + "\" among the files of --files and --archives ("
            + distributed
            + "), nor in the working directory ("
            + given.toAbsolutePath().getParent()
            + "); a model on the class path is written classpath:NAME");
  }

  ModelFiles files() throws IOException {
    return path == null ? ModelFiles.onClassPath(model.substring(CLASS_PATH.length())) : ModelFiles.of(path);
  }

  /** A text that changes when files of the model change. */
  String stamp() throws IOException {
    if (path == null) {
      return model;
    }
    StringBuilder stamp = new StringBuilder(path.toAbsolutePath().toString());
    boolean folder = Files.isDirectory(path);
    add(stamp, path);
    Path walked = folder ? path : path.toAbsolutePath().getParent();
    if (walked != null && (folder || path.toString().endsWith(".onnx"))) {
      try (Stream<Path> files = Files.walk(walked, folder ? 2 : 1)) {
        for (Path file : files.filter(file -> ENDINGS.stream().anyMatch(file.toString()::endsWith)).sorted().toList()) {
          add(stamp, file);
        }
      }
    }
    return stamp.toString();
  }

  private static void add(StringBuilder stamp, Path file) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
    stamp.append('\n').append(file.getFileName()).append(' ').append(attributes.size()).append(' ').append(attributes.lastModifiedTime());
  }
}
