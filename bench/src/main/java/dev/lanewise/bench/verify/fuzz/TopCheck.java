package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.oracle.Mismatch;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Stage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/** The largest weights of each row, judged by the weights of the same call: of equal ones the first; 0 and NaN are none. */
final class TopCheck {
  private TopCheck() {}

  /**
   * Compares them.
   *
   * @throws Mismatch at the first that is wrong
   */
  static void verify(Asked asked) {
    Heads weights = Objects.requireNonNull(asked.scores.get(Stage.WEIGHTS));
    for (int b = 0; b < weights.batch(); b++) {
      for (int head = 0; head < weights.heads(); head++) {
        for (int i = 0; i < weights.rows(); i++) {
          verify(asked, weights, b, head, i);
        }
      }
    }
  }

  private static void verify(Asked asked, Heads weights, int b, int head, int i) {
    List<Integer> keys = new ArrayList<>();
    for (int j = 0; j < weights.width(); j++) {
      float weight = weights.get(b, head, i, j);
      if (weight != 0 && !Float.isNaN(weight)) {
        keys.add(j);
      }
    }
    keys.sort(Comparator.comparingDouble(j -> -weights.get(b, head, i, j)));
    for (int place = 0; place < Asked.TOP; place++) {
      int expected = place < keys.size() ? keys.get(place) : -1;
      int key = asked.top.key(b, head, i, place);
      if (key != expected) {
        throw new Mismatch("top key " + place + " of row " + i + " of head " + head + " of entry " + b + ": " + key + ", not " + expected);
      }
    }
  }
}
