package dev.lanewise.spark.testing;

import dev.lanewise.text.TextEncoder;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Texts of tests, and an encoder in this process to compare with. */
public final class TestTexts {
  /** Name of the model. */
  public static final String NAME = "all-minilm-l6-v2";

  /** Place of the model. */
  public static final String MODEL = "classpath:" + NAME;

  private static final String[] WORDS = "the law never sleeps while quiet rivers carry heavy stones to open seas".split(" ");

  private TestTexts() {}

  private static final class Holder {
    private static final TextEncoder ENCODER = load();

    private static TextEncoder load() {
      try {
        return TextEncoder.load(ModelFiles.onClassPath(NAME));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** The yardstick: one encoder in one process. */
  public static TextEncoder encoder() {
    return Holder.ENCODER;
  }

  /** Random texts of 1 to 24 words. */
  public static List<String> random(int count, long seed) {
    Random random = new Random(seed);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      StringBuilder text = new StringBuilder();
      for (int word = random.nextInt(24); word >= 0; word--) {
        text.append(WORDS[random.nextInt(WORDS.length)]).append(word == 0 ? "" : " ");
      }
      texts.add(text.toString());
    }
    return texts;
  }

  /** Rows with the columns id and text. A text may be null. */
  public static Dataset<Row> rows(List<String> texts, int partitions) {
    return rows(texts, partitions, LocalSpark.session());
  }

  static Dataset<Row> rows(List<String> texts, int partitions, SparkSession session) {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      rows.add(RowFactory.create((long) i, texts.get(i)));
    }
    StructType schema = new StructType().add("id", DataTypes.LongType).add("text", DataTypes.StringType);
    return session.createDataFrame(JavaSparkContext.fromSparkContext(session.sparkContext()).parallelize(rows, partitions), schema);
  }

  /** The vector of a column; null if it is null. */
  public static float[] vector(Row row, String column) {
    int index = row.fieldIndex(column);
    if (row.isNullAt(index)) {
      return null;
    }
    List<Float> list = row.getList(index);
    float[] vector = new float[list.size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = list.get(i);
    }
    return vector;
  }
}
