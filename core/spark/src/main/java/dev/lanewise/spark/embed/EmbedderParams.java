package dev.lanewise.spark.embed;

import java.util.function.Consumer;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.jspecify.annotations.Nullable;

/** The parameters of {@code TextEmbedder}. Spark finds them as the public methods that return one, and saves the values that are set. */
public abstract class EmbedderParams extends Transformer {
  private final String uid;
  private final Param<String> inputCol;
  private final Param<String> outputCol;
  private final Param<String> model;
  private final Param<String> pooling;
  private final BooleanParam normalised;
  private final Param<String> prefix;
  private final IntParam dimensions;
  private final IntParam maxTokens;
  private final Param<String> longTexts;
  private final Param<String> onFailure;
  private final Param<String> fingerprint;

  /**
   * Creates the parameters.
   *
   * @param uid identifier of the stage
   */
  protected EmbedderParams(String uid) {
    this.uid = uid;
    inputCol = text(uid, "inputCol", "name of the column of texts", value -> {});
    outputCol = text(uid, "outputCol", "name of the column of vectors, which is added", value -> {});
    model = text(uid, "model", "where the model is: a path, a file or archive that Spark distributes, or classpath:NAME", value -> {});
    pooling = text(uid, "pooling", "how the rows of a text's tokens become one: first, mean or last", OptionValues::pooling);
    normalised = new BooleanParam(uid, "normalised", "whether vectors are divided by their length");
    prefix = text(uid, "prefix", "what stands before each text, such as \"query: \"", value -> {});
    dimensions = number(uid, "dimensions", "number of elements of a vector, if it is cut");
    maxTokens = number(uid, "maxTokens", "maximum number of tokens that are read at a time");
    longTexts = text(uid, "longTexts", "texts of more tokens: truncate, fail, windows or windows(OVERLAP)", OptionValues::longTexts);
    onFailure = text(uid, "onFailure", "a text that cannot be embedded: fail the job, or make its vector null", OptionValues::onFailure);
    fingerprint = text(uid, "fingerprint", "which model this embedder was saved with", Fingerprint::parse);
  }

  private static Param<String> text(String uid, String name, String doc, Consumer<String> check) {
    return new Param<>(
        uid,
        name,
        doc,
        value -> {
          if (value == null) {
            throw new IllegalArgumentException(name + " is null, must be a text; clear(param) makes it unset");
          }
          check.accept(value);
          return true;
        });
  }

  private static IntParam number(String uid, String name, String doc) {
    return new IntParam(uid, name, doc, value -> OptionValues.count(name, String.valueOf(value)) > 0);
  }

  @Override
  public String uid() {
    return uid;
  }

  /** Parameter: the column of texts. */
  public Param<String> inputCol() {
    return inputCol;
  }

  /** Parameter: the column of vectors. */
  public Param<String> outputCol() {
    return outputCol;
  }

  /** Parameter: where the model is. */
  public Param<String> model() {
    return model;
  }

  /** Parameter: how rows are pooled. */
  public Param<String> pooling() {
    return pooling;
  }

  /** Parameter: whether vectors have length 1. */
  public BooleanParam normalised() {
    return normalised;
  }

  /** Parameter: what stands before each text. */
  public Param<String> prefix() {
    return prefix;
  }

  /** Parameter: number of elements of a vector. */
  public IntParam dimensions() {
    return dimensions;
  }

  /** Parameter: maximum number of tokens. */
  public IntParam maxTokens() {
    return maxTokens;
  }

  /** Parameter: what happens to texts of more tokens. */
  public Param<String> longTexts() {
    return longTexts;
  }

  /** Parameter: what happens to texts that cannot be embedded. */
  public Param<String> onFailure() {
    return onFailure;
  }

  /** Parameter: which model the embedder was saved with. Saving sets it. */
  public Param<String> fingerprint() {
    return fingerprint;
  }

  /** The value of a parameter; null if it is not set. */
  protected final <T> @Nullable T valueOrNull(Param<T> param) {
    return isSet(param) ? getOrDefault(param) : null;
  }

  /**
   * The value of a parameter.
   *
   * @throws IllegalArgumentException if it is not set
   */
  protected final <T> T required(Param<T> param) {
    if (!isSet(param)) {
      throw new IllegalArgumentException(param.name() + " of " + uid + " is not set: " + param.doc());
    }
    return getOrDefault(param);
  }

  /**
   * All values.
   *
   * @throws IllegalArgumentException if the model is not set
   */
  protected final EmbedSettings settings() {
    String pooled = valueOrNull(pooling);
    String failure = valueOrNull(onFailure);
    return new EmbedSettings(
        required(model),
        valueOrNull(fingerprint),
        pooled == null ? null : OptionValues.pooling(pooled),
        (Boolean) valueOrNull(normalised),
        valueOrNull(prefix),
        (Integer) valueOrNull(dimensions),
        (Integer) valueOrNull(maxTokens),
        valueOrNull(longTexts),
        failure == null ? OnFailure.FAIL : OptionValues.onFailure(failure));
  }
}
