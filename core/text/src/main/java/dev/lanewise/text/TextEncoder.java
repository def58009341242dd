package dev.lanewise.text;

import dev.lanewise.core.parallel.Workers;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import dev.lanewise.text.model.TextPooling;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Computes embeddings: a text becomes a vector, and texts of similar meaning have similar vectors. The model comes from a folder, an ONNX
 * file or an artifact, see {@link ModelFiles}. Its files say how it is meant to be used: pooling, normalisation, prefix, length.
 *
 * <pre>{@code
 * TextEncoder encoder = TextEncoder.load(ModelFiles.onClassPath("all-minilm-l6-v2")); // thread-safe: one for the whole program
 * float[] law = encoder.embed("The law will never be perfect."); // 384 numbers, a vector of length 1
 * float[][] others = encoder.embed(List.of("Justice must be done.", "It rained all day."));
 * System.out.println(TextEncoder.similarity(law, others[0])); // 0.38
 * System.out.println(TextEncoder.similarity(law, others[1])); // 0.12
 * }</pre>
 *
 * <ul>
 *   <li>A vector has the same bits alone, in any batch and with any number of threads.
 *   <li>Texts are sorted by length and packed, so nothing is computed for padding. Memory does not grow with the number of texts, except
 *       for the vectors that are returned.
 *   <li>An interrupt of the thread ends a call within milliseconds with a {@link java.util.concurrent.CancellationException}.
 *   <li>Every text has a vector, also an empty one. White space at both ends of prefix and text together is not read, as in
 *       sentence-transformers.
 * </ul>
 *
 * <p>Immutable and thread-safe: one instance is enough for a whole program. The {@code with…} methods return copies that share the weights.
 */
public final class TextEncoder {
  /** Most texts, and about the most characters, that are tokens at the same time. */
  static final int MOST_TEXTS = 4096;

  static final int MOST_CHARACTERS = 1 << 22;

  /** Multiply-adds that cost as much time as dividing a character into tokens. */
  private static final long CHARACTER_WORK = 1024;

  private final EncoderModel model;
  private final TextEncoderSettings settings;
  private final PackedEncoder encoder;
  private final TextTokens tokens;

  private TextEncoder(EncoderModel model, TextEncoderSettings settings) {
    this.model = model;
    this.settings = settings;
    this.encoder = new PackedEncoder(model.encoder(), settings.threads(), new PoolingHead(settings.pooling(), settings.kernels()));
    this.tokens = new TextTokens(model, settings.maxTokens(), settings.prefix(), settings.longTexts());
  }

  /**
   * Loads a model from a folder, an ONNX file or an artifact, see {@link ModelFiles#of}.
   *
   * @throws IOException if a file is missing or wrong
   * @throws IllegalArgumentException as for {@link #of(EncoderModel)}
   */
  public static TextEncoder load(Path path) throws IOException {
    return load(ModelFiles.of(path));
  }

  /**
   * Loads a model.
   *
   * @throws IOException if a file is missing or wrong
   * @throws IllegalArgumentException as for {@link #of(EncoderModel)}
   */
  public static TextEncoder load(ModelFiles files) throws IOException {
    return of(EncoderModel.load(files));
  }

  /**
   * Creates an encoder that uses a model as its files say, on one thread.
   *
   * @throws IllegalArgumentException if the files do not say how rows are pooled; {@link #of(EncoderModel, TextPooling)} tells it
   */
  public static TextEncoder of(EncoderModel model) {
    TextPooling pooling =
        model
            .pooling()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "the files of the model do not say how the rows of a text are pooled; tell it: TextEncoder.of(model,"
                            + " TextPooling)"));
    return of(model, pooling);
  }

  /** Creates an encoder with this pooling, on one thread. Everything else is as the model's files say. */
  public static TextEncoder of(EncoderModel model, TextPooling pooling) {
    return new TextEncoder(model, TextEncoderSettings.of(model, Objects.requireNonNull(pooling, "pooling")));
  }

  /** Returns a copy with this pooling. */
  public TextEncoder withPooling(TextPooling pooling) {
    return new TextEncoder(model, settings.withPooling(Objects.requireNonNull(pooling, "pooling")));
  }

  /** Returns a copy whose vectors are divided by their length, or are not. */
  public TextEncoder withNormalised(boolean normalised) {
    return new TextEncoder(model, settings.withNormalised(normalised));
  }

  /**
   * Returns a copy with this text before each text, such as {@code "query: "}; empty for none.
   *
   * @throws IllegalArgumentException if the prefix leaves no token of {@link #maxTokens}
   */
  public TextEncoder withPrefix(String prefix) {
    return new TextEncoder(model, settings.withPrefix(Objects.requireNonNull(prefix, "prefix")));
  }

  /**
   * Returns a copy whose vectors are the first numbers of the model's, normalised after the cut if they are normalised. Only models that
   * were trained for it keep their quality ("Matryoshka Representation Learning", Kusupati et al., 2022).
   *
   * @throws IllegalArgumentException if dimensions is below 1, or the model has fewer
   */
  public TextEncoder withDimensions(int dimensions) {
    Checks.atLeast("dimensions", dimensions, 1);
    Checks.atMost("dimensions", dimensions, "the width of the model", model.encoder().embedDim());
    return new TextEncoder(model, settings.withDimensions(dimensions));
  }

  /**
   * Returns a copy that reads up to this number of tokens at a time, including those of the template.
   *
   * @throws IllegalArgumentException if the template and the prefix leave no token, or the model has fewer positions
   */
  public TextEncoder withMaxTokens(int maxTokens) {
    Checks.atMost("maxTokens", maxTokens, "the number of the model's positions", model.encoder().maxTokens());
    return new TextEncoder(model, settings.withMaxTokens(maxTokens));
  }

  /**
   * Returns a copy that treats texts of more than {@link #maxTokens} tokens in this way; by default they are truncated.
   *
   * @throws IllegalArgumentException if windows would overlap completely: the overlap must be less than {@link #maxTokens} without the
   *     tokens of template and prefix
   */
  public TextEncoder withLongTexts(LongTexts longTexts) {
    return new TextEncoder(model, settings.withLongTexts(Objects.requireNonNull(longTexts, "longTexts")));
  }

  /** Returns a copy with this number of threads for each call, including the caller's. */
  public TextEncoder withThreads(int threads) {
    Checks.atLeast("threads", threads, 1);
    return new TextEncoder(model, settings.withThreads(threads));
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public TextEncoder withKernels(Kernels kernels) {
    return new TextEncoder(model.withKernels(kernels), settings.withKernels(kernels));
  }

  /** The model. */
  public EncoderModel model() {
    return model;
  }

  /** Number of elements of a vector. */
  public int dimensions() {
    return settings.dimensions();
  }

  /** Maximum number of tokens that are read at a time, including those of the template. */
  public int maxTokens() {
    return settings.maxTokens();
  }

  /** How the rows of a text's tokens become one. */
  public TextPooling pooling() {
    return settings.pooling();
  }

  /** Whether vectors are divided by their length. */
  public boolean isNormalised() {
    return settings.normalised();
  }

  /** The text before each text; empty if there is none. */
  public String prefix() {
    return settings.prefix();
  }

  /** Number of tokens that are read of a text, including the prefix and the tokens of the template; those of all windows together. */
  public int tokens(String text) {
    return tokens.of(Objects.requireNonNull(text, "text"), 0).stream().mapToInt(TokenSequence::length).sum();
  }

  /**
   * Computes the vector of a text.
   *
   * @throws IllegalArgumentException if the text is too long, and {@link LongTexts#fail} was chosen
   */
  public float[] embed(String text) {
    return embed(List.of(Objects.requireNonNull(text, "text")), 0)[0];
  }

  /**
   * Computes the vectors of texts, in their order.
   *
   * @throws IllegalArgumentException if a text is too long, and {@link LongTexts#fail} was chosen; the message names its index
   * @throws NullPointerException if a text is null; the message names its index
   */
  public float[][] embed(List<String> texts) {
    List<String> copy = copy("texts", texts);
    float[][] vectors = new float[copy.size()][];
    for (int from = 0; from < vectors.length; ) {
      int to = from;
      for (long characters = 0; to < vectors.length && to - from < MOST_TEXTS && characters < MOST_CHARACTERS; to++) {
        characters += copy.get(to).length();
      }
      float[][] some = embed(copy.subList(from, to), from);
      System.arraycopy(some, 0, vectors, from, some.length);
      from = to;
    }
    return vectors;
  }

  /** A copy of texts, none of which may be null. */
  static List<String> copy(String name, List<String> texts) {
    List<String> copy = Arrays.asList(Objects.requireNonNull(texts, name).toArray(new String[0]));
    for (int i = 0; i < copy.size(); i++) {
      Objects.requireNonNull(copy.get(i), name + "[" + i + "]");
    }
    return copy;
  }

  /**
   * Computes the vectors of a stream of texts, in their order. Texts are read in batches of at most 4096, when a vector is asked for, so a
   * stream of any length needs little memory. An exception of the given stream is thrown after the vectors of the texts before it. The
   * returned stream closes the given one when it is closed.
   *
   * @throws IllegalArgumentException from the stream, as for {@link #embed(List)}
   */
  public Stream<float[]> embed(Stream<String> texts) {
    Objects.requireNonNull(texts, "texts");
    EmbeddedTexts vectors = new EmbeddedTexts(texts.sequential().spliterator(), (batch, first) -> Arrays.asList(embed(batch, first)));
    return StreamSupport.stream(vectors, false).onClose(texts::close);
  }

  /** Computes the vectors of texts whose tokens fit in memory together. */
  private float[][] embed(List<String> texts, long first) {
    List<List<TokenSequence>> sequences = divide(texts, first);
    float[][] made = encoder.results(sequences.stream().flatMap(List::stream).toList());
    float[][] vectors = new float[texts.size()][];
    int next = 0;
    for (int i = 0; i < vectors.length; i++) {
      List<TokenSequence> parts = sequences.get(i);
      for (int part = next; part < next + parts.size(); part++) {
        made[part] = settings.finished(made[part]);
      }
      vectors[i] = parts.size() == 1 ? made[next] : settings.mean(parts, made, next);
      next += parts.size();
    }
    return vectors;
  }

  /** Multiply-adds that take as long as dividing texts into tokens. */
  static long tokenWork(List<String> texts) {
    return texts.stream().mapToLong(String::length).sum() * CHARACTER_WORK;
  }

  private List<List<TokenSequence>> divide(List<String> texts, long first) {
    List<List<TokenSequence>> divided = new ArrayList<>(Collections.nCopies(texts.size(), List.of()));
    Workers.run(settings.threads(), tokenWork(texts), texts.size(), i -> divided.set(i, tokens.of(texts.get(i), first + i)));
    return divided;
  }

  /**
   * The cosine of two vectors of length 1, which is their dot product.
   *
   * @throws IllegalArgumentException if their lengths differ
   */
  public static double similarity(float[] one, float[] other) {
    Checks.same("one.length", one.length, "other.length", other.length);
    double sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += (double) one[i] * other[i];
    }
    return sum;
  }
}
