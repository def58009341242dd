package dev.lanewise.langchain4j;

import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Finds the files of a model, and says how the builders of this package are told where they are. */
@FunctionalInterface
interface ModelSource {
  /** A folder, an ONNX file or the jar of an artifact. */
  static ModelSource of(Path path) {
    Objects.requireNonNull(path, "path");
    return () -> ModelFiles.of(path);
  }

  /** An artifact on the class path. */
  static ModelSource onClassPath(String name) {
    Objects.requireNonNull(name, "name");
    return () -> ModelFiles.onClassPath(name);
  }

  /**
   * Checks that a builder has no model yet.
   *
   * @param made what the builder was given in place of files
   * @param name the method that gives it
   */
  static void requireUnset(@Nullable ModelSource source, @Nullable Object made, String name) {
    if (source != null || made != null) {
      throw new IllegalArgumentException("model, modelOnClassPath and " + name + " are set twice, must be one of them once");
    }
  }

  /** The files that a builder was told, which was given nothing in their place. */
  static ModelSource required(@Nullable ModelSource source, String name) {
    if (source == null) {
      throw new IllegalArgumentException("model, modelOnClassPath and " + name + " are not set, must be one of them");
    }
    return source;
  }

  ModelFiles find() throws IOException;

  /** Reads the model. LangChain4j's builders throw no checked exceptions. */
  default EncoderModel load() {
    try {
      return EncoderModel.load(find());
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }
}
