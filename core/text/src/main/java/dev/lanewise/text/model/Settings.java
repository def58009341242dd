package dev.lanewise.text.model;

import dev.lanewise.kernels.data.Activation;
import dev.lanewise.text.onnx.OnnxModel;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The settings of an encoder that its tensors do not show. */
record Settings(int numHeads, float epsilon, Activation activation, int firstPosition) {

  /** What the caller tells; null where nothing was told. */
  static final class Told {
    @Nullable Integer numHeads;
    @Nullable Float epsilon;
    @Nullable Activation activation;
    @Nullable Integer firstPosition;
  }

  /** What a file says; null where it says nothing. */
  private record Said(
      @Nullable Integer numHeads, @Nullable Float epsilon, @Nullable Activation activation, @Nullable Integer firstPosition) {
    private static final Said NOTHING = new Said(null, null, null, null);

    static Said of(EncoderConfig config) {
      return new Said(config.sizes().heads(), config.epsilon(), config.activation(), config.firstPosition());
    }

    static Said of(OnnxModel graph) {
      return new Said(
          graph.numHeads().isPresent() ? graph.numHeads().getAsInt() : null,
          graph.epsilon().orElse(null),
          graph.activation().orElse(null),
          graph.firstPosition().isPresent() ? graph.firstPosition().getAsInt() : null);
    }

    /** What all models with the names of a family have. */
    static Said ofNames(EncoderTensors tensors) {
      return tensors.isDistilled() ? new Said(null, EncoderFamily.FIXED_EPSILON, null, 0) : NOTHING;
    }
  }

  /**
   * Joins what the config, the graph and the caller say.
   *
   * @param config null if there is none
   * @param graph null if the weights are no ONNX file
   * @throws IOException if the files contradict each other, or nobody says a setting
   * @throws IllegalArgumentException if the caller contradicts the files
   */
  static Settings of(String files, @Nullable EncoderConfig config, @Nullable OnnxModel graph, EncoderTensors tensors, Told told)
      throws IOException {
    Said first = config == null ? Said.ofNames(tensors) : Said.of(config);
    Said second = graph == null ? Said.NOTHING : Said.of(graph);
    return new Settings(
        one(files, "numHeads", first.numHeads, second.numHeads, told.numHeads),
        one(files, "epsilon", first.epsilon, second.epsilon, told.epsilon),
        one(files, "activation", first.activation, second.activation, told.activation),
        one(files, "firstPosition", first.firstPosition, second.firstPosition, told.firstPosition));
  }

  private static <T> T one(String files, String name, @Nullable T config, @Nullable T graph, @Nullable T told) throws IOException {
    if (config != null && graph != null && !config.equals(graph)) {
      throw new IOException(files + ": " + name + " is " + config + " in config.json, but " + graph + " in the ONNX graph");
    }
    T said = config == null ? graph : config;
    if (said != null && told != null && !said.equals(told)) {
      throw new IllegalArgumentException(name + " is " + told + ", but " + said + " in the files of " + files);
    }
    if (said == null && told == null) {
      throw new IOException(files + " does not say " + name + ": tell it by EncoderModel.builder(files)." + name + "(…)");
    }
    return said == null ? Objects.requireNonNull(told) : said;
  }
}
