package dev.lanewise.bench.report;

import com.google.gson.JsonObject;
import java.util.Map;

/** Compares two runs of the suite case by case: a change counts if it is larger than the noise of both runs. */
final class Comparison {
  /** The least noise: on a shared machine, runs of one program differ by so much even if each run is steady. */
  static final double LEAST_NOISE = 0.1;

  private Comparison() {}

  /** The change of a case. */
  enum Verdict {
    FASTER,
    SLOWER,
    SAME
  }

  /**
   * One case.
   *
   * @param ratio old seconds / new seconds of the fastest samples, for a duel new ratio / old ratio: above 1 the new run is faster
   * @param noise the least change that counts, as a fraction: the larger spread of both runs, and at least {@link #LEAST_NOISE}
   */
  record Change(double ratio, double noise) {
    static Change of(Timing before, Timing now) {
      return new Change(before.time() / now.time(), Math.max(LEAST_NOISE, Math.max(before.spread(), now.spread())));
    }

    Verdict verdict() {
      if (ratio > 1 + noise) {
        return Verdict.FASTER;
      }
      return ratio < 1 / (1 + noise) ? Verdict.SLOWER : Verdict.SAME;
    }
  }

  /** The changes by the ids of the cases that both runs have. */
  static JsonObject json(Results before, Results now) {
    Map<String, Timing> old = before.timings();
    JsonObject changes = new JsonObject();
    now.timings()
        .forEach(
            (id, timing) -> {
              if (old.containsKey(id)) {
                Change change = Change.of(old.get(id), timing);
                JsonObject entry = new JsonObject();
                entry.addProperty("ratio", change.ratio);
                entry.addProperty("noise", change.noise);
                entry.addProperty("verdict", change.verdict().name());
                changes.add(id, entry);
              }
            });
    return changes;
  }
}
