package dev.lanewise.spark.job.cluster;

import java.io.Serializable;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Texts of 4 to 24 words that depend on their number only: every JVM makes the same ones, and nothing is read or sent. */
final class ShortTexts implements Serializable {
  private static final long serialVersionUID = 1;
  private static final int LEAST_WORDS = 4;
  private static final int MOST_WORDS = 24;
  private static final List<String> WORDS =
      List.of(
          ("the a of and to in is that it was for on are with as at be this from by river engine court teacher market winter signal bridge"
                  + " harvest music letter island paper doctor railway question answer morning law child city water machine forest garden"
                  + " writes builds carries follows measures opens closes finds loses repairs quickly slowly never often again small large"
                  + " old new quiet bright heavy unusual interconnected electromagnetic photosynthesis")
              .split(" ", -1));

  private static final StructType SCHEMA = new StructType().add("id", DataTypes.LongType).add("text", DataTypes.StringType);

  private ShortTexts() {}

  /** The text with this number. */
  static String text(long id) {
    SplittableRandom random = new SplittableRandom(id);
    return IntStream.range(0, random.nextInt(LEAST_WORDS, MOST_WORDS + 1))
        .mapToObj(i -> WORDS.get(random.nextInt(WORDS.size())))
        .collect(Collectors.joining(" ", "", "."));
  }

  /** The first texts, in order. */
  static List<String> all(int count) {
    return LongStream.range(0, count).mapToObj(ShortTexts::text).toList();
  }

  /** The first texts with their numbers: id, text. */
  static Dataset<Row> rows(SparkSession session, int count, int partitions) {
    MapFunction<Long, Row> row = id -> RowFactory.create(id, text(id));
    return session.range(0, count, 1, partitions).map(row, Encoders.row(SCHEMA));
  }
}
