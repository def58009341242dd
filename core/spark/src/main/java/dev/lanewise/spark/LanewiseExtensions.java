package dev.lanewise.spark;

import dev.lanewise.spark.embed.EmbedFunction;
import dev.lanewise.spark.embed.Embedding;
import org.apache.spark.sql.SparkSessionExtensions;
import scala.Function1;
import scala.runtime.BoxedUnit;

/**
 * Adds the SQL function {@code embed} to the sessions of an application: {@code embed(text)} is the embedding of a text as {@code
 * array<float>}.
 *
 * <pre>{@code
 * SparkSession session =
 *     SparkSession.builder()
 *         .config("spark.sql.extensions", LanewiseExtensions.class.getName())
 *         .config("spark.lanewise.embed.model", "classpath:all-minilm-l6-v2")
 *         .getOrCreate();
 * Dataset<Row> vectors = session.sql("SELECT id, embed(text) AS vector FROM texts");
 * }</pre>
 *
 * <p>{@code spark.lanewise.embed.model} and the other settings of {@link TextEmbedder} ({@code pooling}, {@code normalised}, {@code
 * prefix}, {@code dimensions}, {@code maxTokens}, {@code longTexts}, {@code onFailure}) come from the configuration, which {@code SET}
 * changes. A second argument replaces them for one call: {@code embed(text, 'model')} or {@code embed(text, map('prefix', 'query: '))}.
 *
 * <p>The function works in SELECT, WHERE, GROUP BY, ORDER BY, in joins, in arguments and on results of aggregates, and inside of itself.
 * The same text and settings in an operator are computed once, a constant text once on the driver. A place where it cannot work, such as a
 * lambda of {@code transform}, is an error that says so. {@code if}, {@code CASE} and {@code coalesce} embed only the texts that they
 * reach. Vectors, windows and failures are as with {@link TextEmbedder}.
 */
public final class LanewiseExtensions implements Function1<SparkSessionExtensions, BoxedUnit> {
  /** Creates the extensions; Spark does it for each session. */
  public LanewiseExtensions() {}

  @Override
  public BoxedUnit apply(SparkSessionExtensions extensions) {
    extensions.injectFunction(EmbedFunction.description());
    extensions.injectCheckRule(
        session ->
            plan -> {
              Embedding.equip(session);
              return BoxedUnit.UNIT;
            });
    return BoxedUnit.UNIT;
  }
}
