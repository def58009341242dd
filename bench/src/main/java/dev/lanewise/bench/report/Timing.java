package dev.lanewise.bench.report;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.lanewise.text.json.ForeignJson;
import java.io.IOException;

/**
 * How long a case takes, to compare with another run.
 *
 * @param time seconds of the fastest sample; of a duel a multiple of the peer's
 * @param spread how far its samples or JVMs are apart, as a fraction
 */
record Timing(double time, double spread) {
  /** The field with the time of each JVM. */
  static final String FORK_SECONDS = "forkSeconds";

  /**
   * The times in a result of {@code throughput} or {@code duel}.
   *
   * @throws IOException if there are none, or impossible ones
   */
  static Timing of(JsonObject result, String what) throws IOException {
    Timing timing = result.has("lowerRatio") ? ofDuel(result, what) : ofForks(result, what);
    if (!(timing.time > 0 && timing.time < Double.POSITIVE_INFINITY && timing.spread >= 0 && timing.spread < Double.POSITIVE_INFINITY)) {
      throw new IOException(what + " takes " + timing.time + " s, with a spread of " + timing.spread);
    }
    return timing;
  }

  private static Timing ofDuel(JsonObject result, String what) throws IOException {
    return new Timing(1 / number(result, "ratio", what), number(result, "upperRatio", what) / number(result, "lowerRatio", what) - 1);
  }

  private static Timing ofForks(JsonObject result, String what) throws IOException {
    double best = number(result, "secondsBest", what);
    double spread = number(result, "secondsMedian", what) / best - 1;
    if (result.has(FORK_SECONDS)) {
      for (JsonElement fork : ForeignJson.array(result.get(FORK_SECONDS), FORK_SECONDS + " of " + what)) {
        spread = Math.max(spread, ForeignJson.number(fork, FORK_SECONDS + " of " + what) / best - 1);
      }
    }
    return new Timing(best, spread);
  }

  private static double number(JsonObject result, String name, String what) throws IOException {
    return ForeignJson.number(ForeignJson.field(result, name, what), name + " of " + what);
  }
}
