package dev.lanewise.langchain4j;

import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Finds the files of a model. */
@FunctionalInterface
interface ModelSource {
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
