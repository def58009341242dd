package dev.lanewise.spark.embed;

import java.util.Map;
import java.util.WeakHashMap;
import org.apache.spark.SparkContext;
import org.apache.spark.util.LongAccumulator;

/** The accumulator that counts texts without a vector; one for each application. */
public final class FailedTexts {
  /** Its name on the pages of stages. */
  public static final String NAME = "lanewise.failedTexts";

  private static final Map<SparkContext, LongAccumulator> ALL = new WeakHashMap<>();

  private FailedTexts() {}

  /** The accumulator of an application. */
  static LongAccumulator of(SparkContext context) {
    synchronized (ALL) {
      return ALL.computeIfAbsent(context, owner -> owner.longAccumulator(NAME));
    }
  }
}
