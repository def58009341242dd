package dev.lanewise.spark.embed;

import java.io.IOException;
import java.util.concurrent.CancellationException;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.ExperimentalMethods;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.classic.ExpressionUtils;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** What the doors have in common: they check columns, settings and the model, and prepare a session. */
public final class Embedding {
  private Embedding() {}

  /**
   * Adds a column of vectors.
   *
   * @throws IllegalArgumentException as for {@link #checked}, or if the data belong to a remote session
   */
  public static Dataset<Row> add(Dataset<?> dataset, String input, String output, EmbedSettings settings) {
    EmbedSettings checked = checked(settings);
    SparkSession session = dataset.sparkSession();
    if (!(session instanceof org.apache.spark.sql.classic.SparkSession)) {
      throw new IllegalArgumentException(
          "the data belong to a session of Spark Connect, must be one of the driver; SQL with embed(text) works there, too");
    }
    equip(session);
    Column text = dataset.col("`" + input.replace("`", "``") + "`");
    Column vector = ExpressionUtils.column(new Embed(ExpressionUtils.expression(text), checked));
    return dataset.select(functions.col("*"), vector.as(output));
  }

  /**
   * Checks columns.
   *
   * @param owner for the message
   * @return the columns with that of the vectors
   * @throws IllegalArgumentException if one is missing, of another type or there already
   */
  public static StructType schema(StructType schema, String input, String output, String owner) {
    if (!java.util.List.of(schema.fieldNames()).contains(input)) {
      throw new IllegalArgumentException(
          "inputCol of " + owner + " is \"" + input + "\", must be one of the columns " + String.join(", ", schema.fieldNames()));
    }
    DataType type = schema.apply(input).dataType();
    if (!(type instanceof StringType)) {
      throw new IllegalArgumentException(
          "the column \"" + input + "\" of inputCol of " + owner + " is of type " + type.catalogString() + ", must be string");
    }
    for (String name : schema.fieldNames()) {
      if ((Boolean) SQLConf.get().resolver().apply(name, output)) {
        throw new IllegalArgumentException(
            "outputCol of " + owner + " is \"" + output + "\", but there is a column \"" + name + "\" already");
      }
    }
    return schema.add(new StructField(output, Embed.VECTOR, true, org.apache.spark.sql.types.Metadata.empty()));
  }

  /**
   * Reads the model, if it has not been read, and checks that the settings fit.
   *
   * @return the settings with the fingerprint of the model, which executors compare with theirs
   * @throws IllegalArgumentException if something is wrong
   */
  public static EmbedSettings checked(EmbedSettings settings) {
    try {
      Models.encoder(settings);
      return settings.withFingerprint(Models.get(settings.model()).fingerprint());
    } catch (IOException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while the model \"" + settings.model() + "\" was loaded");
    }
  }

  /** Adds the rule and the strategy to a session that does not have them. */
  public static void equip(SparkSession session) {
    ExperimentalMethods methods = session.experimental();
    synchronized (methods) {
      if (!methods.extraStrategies().exists(strategy -> strategy instanceof EmbedStrategy)) {
        methods.extraStrategies_$eq(Scala.concat(methods.extraStrategies(), Scala.seq(new EmbedStrategy())));
      }
      if (!methods.extraOptimizations().exists(rule -> rule instanceof ExtractEmbeds)) {
        methods.extraOptimizations_$eq(Scala.concat(methods.extraOptimizations(), Scala.seq(new ExtractEmbeds())));
      }
    }
  }

  /** The number of texts without a vector. */
  public static long failedTexts(SparkSession session) {
    return FailedTexts.of(session.sparkContext()).sum();
  }
}
