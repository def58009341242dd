package dev.lanewise.spark;

import dev.lanewise.spark.embed.EmbedSettings;
import dev.lanewise.spark.embed.EmbedderParams;
import dev.lanewise.spark.embed.Embedding;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWriter;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * A transformer of Spark ML that adds the embeddings of a column of texts as a column of type {@code array<float>}.
 *
 * <pre>{@code
 * TextEmbedder embedder = new TextEmbedder().setModel("classpath:all-minilm-l6-v2").setInputCol("text").setOutputCol("vector");
 * Dataset<Row> vectors = embedder.transform(texts); // the rows of texts, each with a vector
 * embedder.write().overwrite().save("hdfs:///embedder"); // alone or in a pipeline; TextEmbedder.load reads it
 * }</pre>
 *
 * <ul>
 *   <li>A vector has the same bits as that of {@link dev.lanewise.text.TextEncoder} in one process, whatever the partitions are. A task
 *       that is repeated gives the same rows.
 *   <li>A task reads windows of rows, sorts their texts by length and packs them. It uses as many threads as {@code spark.task.cpus} says.
 *       The order of the rows does not change.
 *   <li>An executor loads the model once, when its first task begins. All tasks and all settings share the weights.
 *   <li>The vector of null is null.
 *   <li>The driver reads the model and checks all parameters in {@link #transform}, before a job starts.
 * </ul>
 *
 * <p>A saved embedder has a fingerprint of its model. After loading, {@link #setModel} may name another place, but the model there must be
 * the same one. {@code clear(fingerprint())} allows any model.
 */
public final class TextEmbedder extends EmbedderParams implements MLWritable {
  /** Creates an embedder. The model and both columns must be set. */
  public TextEmbedder() {
    this(Identifiable.randomUID("textEmbedder"));
  }

  /**
   * Creates an embedder with this identifier.
   *
   * @param uid unique among the stages of a pipeline
   */
  public TextEmbedder(String uid) {
    super(uid);
  }

  /** Sets the name of the column of texts. */
  public TextEmbedder setInputCol(String value) {
    return with(inputCol(), value);
  }

  /** Sets the name of the column of vectors. No column may have this name yet. */
  public TextEmbedder setOutputCol(String value) {
    return with(outputCol(), value);
  }

  /**
   * Sets where the model is. The driver and all executors find it there.
   *
   * @param value {@code classpath:NAME} for an artifact on the class path, such as {@code classpath:all-minilm-l6-v2}; or the path of a
   *     folder, an {@code .onnx} file or the jar of an artifact. A path that is not absolute is first looked for among the files and
   *     archives that Spark distributes ({@code --files}, {@code --archives}), then in the working directory
   */
  public TextEmbedder setModel(String value) {
    return with(model(), value);
  }

  /** Sets how the rows of a text's tokens become one: first, mean or last. Not set: as the files of the model say. */
  public TextEmbedder setPooling(String value) {
    return with(pooling(), value);
  }

  /** Sets whether vectors are divided by their length. Not set: as the files of the model say. */
  public TextEmbedder setNormalised(boolean value) {
    return with(normalised(), value);
  }

  /** Sets what stands before each text, such as {@code "query: "}. Not set: as the files of the model say. */
  public TextEmbedder setPrefix(String value) {
    return with(prefix(), value);
  }

  /** Sets the number of elements of a vector, for models whose vectors may be cut. Not set: the width of the model. */
  public TextEmbedder setDimensions(int value) {
    return with(dimensions(), value);
  }

  /** Sets how many tokens are read at a time. Not set: as the files of the model say. */
  public TextEmbedder setMaxTokens(int value) {
    return with(maxTokens(), value);
  }

  /** Sets what happens to texts of more tokens: truncate, fail, windows or windows(OVERLAP). Not set: truncate. */
  public TextEmbedder setLongTexts(String value) {
    return with(longTexts(), value);
  }

  /**
   * Sets what happens to a text that cannot be embedded, such as one that is too long if {@code longTexts} is fail: fail, and the job
   * fails; or null, and its vector is null and {@link #failedTexts} counts it. Not set: fail.
   */
  public TextEmbedder setOnFailure(String value) {
    return with(onFailure(), value);
  }

  private <T> TextEmbedder with(Param<T> param, T value) {
    set(param, value);
    return this;
  }

  /** The name of the column of texts; null if it is not set. */
  public @Nullable String getInputCol() {
    return valueOrNull(inputCol());
  }

  /** The name of the column of vectors; null if it is not set. */
  public @Nullable String getOutputCol() {
    return valueOrNull(outputCol());
  }

  /** Where the model is; null if it is not set. */
  public @Nullable String getModel() {
    return valueOrNull(model());
  }

  /** How rows are pooled; null if it is not set. */
  public @Nullable String getPooling() {
    return valueOrNull(pooling());
  }

  /** Whether vectors have length 1; null if it is not set. */
  public @Nullable Boolean getNormalised() {
    return (Boolean) valueOrNull(normalised());
  }

  /** What stands before each text; null if it is not set. */
  public @Nullable String getPrefix() {
    return valueOrNull(prefix());
  }

  /** Number of elements of a vector; null if it is not set. */
  public @Nullable Integer getDimensions() {
    return (Integer) valueOrNull(dimensions());
  }

  /** Maximum number of tokens; null if it is not set. */
  public @Nullable Integer getMaxTokens() {
    return (Integer) valueOrNull(maxTokens());
  }

  /** What happens to long texts; null if it is not set. */
  public @Nullable String getLongTexts() {
    return valueOrNull(longTexts());
  }

  /** What happens to texts that cannot be embedded; null if it is not set. */
  public @Nullable String getOnFailure() {
    return valueOrNull(onFailure());
  }

  /**
   * Adds the column of vectors. Nothing is computed until the rows are asked for.
   *
   * @throws IllegalArgumentException if a column or a parameter is wrong, or the model cannot be read on the driver, or is not the one that
   *     the embedder was saved with
   */
  @Override
  public Dataset<Row> transform(Dataset<?> dataset) {
    transformSchema(dataset.schema());
    return Embedding.add(dataset, required(inputCol()), required(outputCol()), settings());
  }

  /**
   * Checks the columns.
   *
   * @return the columns of the schema, and that of the vectors
   * @throws IllegalArgumentException if the column of texts is missing or has another type, or the column of vectors is there already
   */
  @Override
  public StructType transformSchema(StructType schema) {
    return Embedding.schema(schema, required(inputCol()), required(outputCol()), uid());
  }

  @Override
  public TextEmbedder copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  /**
   * Returns a writer. Saving reads the model, whose fingerprint is saved, too; the model itself is not.
   *
   * @throws IllegalArgumentException if the model is not set or cannot be read
   */
  @Override
  public MLWriter write() {
    EmbedSettings checked = Embedding.checked(settings());
    TextEmbedder saved = copy(new ParamMap());
    return new DefaultParamsWriter(saved.with(saved.fingerprint(), checked.requiredFingerprint()));
  }

  /** Returns a reader of saved embedders. */
  public static MLReader<TextEmbedder> read() {
    return new DefaultParamsReader<>();
  }

  /** Reads a saved embedder. The model is not read before it is used. */
  public static TextEmbedder load(String path) {
    return read().load(path);
  }

  /**
   * The number of texts that could not be embedded and whose vectors are null, of all tasks of an application that have succeeded. It is
   * the value of the accumulator {@value dev.lanewise.spark.embed.FailedTexts#NAME}, which the pages of stages show. The attempts of a task
   * that failed are not counted. Rows that are computed again, for another job or because an executor with their shuffle files was lost,
   * are counted again, as with every accumulator of Spark in a transformation. A constant text of SQL is not counted.
   */
  public static long failedTexts(SparkSession session) {
    return Embedding.failedTexts(session);
  }
}
