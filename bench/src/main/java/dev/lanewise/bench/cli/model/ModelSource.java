package dev.lanewise.bench.cli.model;

import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;

/** Loads the model when a command needs it. */
@FunctionalInterface
public interface ModelSource {
  /** Loads a model from its files. */
  EncoderModel load(ModelFiles files) throws IOException;
}
