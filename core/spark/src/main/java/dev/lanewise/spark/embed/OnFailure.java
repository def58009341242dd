package dev.lanewise.spark.embed;

/** What happens to a text that cannot be embedded. */
public enum OnFailure {
  /** The job fails. */
  FAIL,
  /** Its vector is null, and an accumulator counts it. */
  NULL
}
