package dev.lanewise.text.model;

import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.text.bert.BertEncoder;
import dev.lanewise.text.bert.BertWeights;
import dev.lanewise.text.json.Config;
import dev.lanewise.text.onnx.OnnxModel;
import dev.lanewise.text.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the files of a model, and compares what they say. */
final class Loading {
  static final String TOKENIZER = "tokenizer.json";

  /** Shape of a layer that is compiled while an ONNX file, whose shape is not known yet, is being read. */
  private static final int USUAL_WIDTH = 384;

  private static final int USUAL_HEAD = 32;

  private final ModelFiles files;
  private final Settings.Told told;

  Loading(ModelFiles files, Settings.Told told) {
    this.files = files;
    this.told = told;
  }

  /** Everything that a model consists of. */
  record Parts(
      BertEncoder encoder, Tokenizer tokenizer, Optional<Pooler> pooler, Optional<Classifier> classifier, Usage usage, Settings settings) {}

  /** Makes something of the tensors of a model. */
  @FunctionalInterface
  interface Use<T> {
    T make(NamedTensors tensors, @Nullable OnnxModel graph) throws IOException;
  }

  /** Opens the tensors under the names of the file, for as long as they are used. */
  static <T> T withTensors(ModelFiles files, Use<T> use) throws IOException {
    Path folder = files.tensors();
    if (folder == null) {
      OnnxModel graph;
      try (InputStream onnx = files.openOnnx()) {
        graph = OnnxModel.read(onnx);
      } catch (IOException e) {
        throw new IOException(files.onnxName() + ": " + e.getMessage(), e);
      }
      try {
        return use.make(graph.tensors(), graph);
      } catch (IOException e) {
        String message = String.valueOf(e.getMessage());
        throw message.contains(files.toString()) ? e : new IOException(files.onnxName() + ": " + message, e);
      }
    }
    try (Safetensors stored = Safetensors.openAll(folder)) {
      return use.make(stored, null);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  Parts load() throws IOException {
    EncoderConfig config = config();
    Activation activation = config == null || config.activation() == null ? Activation.GELU : config.activation();
    int width = config == null ? USUAL_WIDTH : config.sizes().width();
    int headDim = config == null ? USUAL_HEAD : width / config.sizes().heads();
    WarmUp warmUp = WarmUp.start(width, headDim, activation);
    try {
      return withTensors(files, (tensors, graph) -> parts(config, tensors, graph));
    } finally {
      warmUp.stop();
    }
  }

  private @Nullable EncoderConfig config() throws IOException {
    try (InputStream in = files.open(Usage.CONFIG)) {
      return in == null ? null : EncoderConfig.read(Config.read(in, files.nameOf(Usage.CONFIG)));
    }
  }

  private Parts parts(@Nullable EncoderConfig config, NamedTensors stored, @Nullable OnnxModel graph) throws IOException {
    EncoderTensors tensors = EncoderTensors.of(stored);
    if (config != null) {
      ConfigCheck.check(files, config, tensors);
    }
    Settings settings = Settings.of(files.toString(), config, graph, tensors, told);
    try {
      BertEncoder encoder =
          BertWeights.of(tensors, settings.numHeads())
              .withEpsilon(settings.epsilon())
              .withActivation(settings.activation())
              .withFirstPosition(settings.firstPosition())
              .encoder();
      int width = encoder.embedDim();
      Optional<Pooler> pooler = Pooler.of(tensors, width);
      Optional<Classifier> classifier = Classifier.of(stored, pooler, config, width);
      Tokenizer tokenizer = tokenizer();
      if (tokenizer.vocabulary() > encoder.vocabulary()) {
        throw new IOException(
            files + ": the tokenizer has " + tokenizer.vocabulary() + " tokens, but the model only " + encoder.vocabulary());
      }
      return new Parts(encoder, tokenizer, pooler, classifier, Usage.read(files, width, encoder.maxTokens()), settings);
    } catch (IllegalArgumentException e) {
      throw new IOException(files + ": " + e.getMessage(), e);
    }
  }

  private Tokenizer tokenizer() throws IOException {
    try (InputStream json = files.open(TOKENIZER)) {
      if (json != null) {
        return Tokenizer.read(json, files.nameOf(TOKENIZER)).withoutTruncation();
      }
    }
    Path vocabulary = files.path("vocab.txt");
    if (vocabulary == null) {
      throw new IOException(files + " has no " + TOKENIZER);
    }
    return Tokenizer.read(vocabulary).withoutTruncation();
  }
}
