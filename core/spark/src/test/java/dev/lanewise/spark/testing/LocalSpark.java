package dev.lanewise.spark.testing;

import dev.lanewise.spark.LanewiseExtensions;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/** The Spark session of this JVM's tests: two threads of this process. It is never stopped, because starting one takes seconds. */
public final class LocalSpark {
  private LocalSpark() {}

  /** The session. */
  public static SparkSession session() {
    return SparkSession.builder()
        .master("local[2]")
        .appName("lanewise tests")
        .config("spark.ui.enabled", false)
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", 4)
        .config("spark.sql.extensions", LanewiseExtensions.class.getName())
        .getOrCreate();
  }

  /** The context of the session. */
  public static JavaSparkContext context() {
    return JavaSparkContext.fromSparkContext(session().sparkContext());
  }
}
