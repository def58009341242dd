package dev.lanewise.bench.verify.fuzz;

import java.util.Optional;
import java.util.function.Function;

/** Makes a failing call smaller while it still fails: options dropped, sizes halved, then less by one. */
final class Shrinker {
  private static final int MOST_TRIES = 3000;
  private static final long MOST_NANOS = 20_000_000_000L;

  private final Function<Plan, Optional<String>> failure;
  private final long start = System.nanoTime();
  private int tries;

  /**
   * Shrinks by this verdict.
   *
   * @param failure what is wrong with a call; empty if nothing is
   */
  Shrinker(Function<Plan, Optional<String>> failure) {
    this.failure = failure;
  }

  /** The smallest call found that fails; the given one, if none is smaller. */
  Plan shrink(Plan failing) {
    Plan least = failing;
    Plan before;
    do {
      before = least;
      for (Knob knob : Knob.values()) {
        least = shrink(least, knob);
      }
    } while (!least.sameAs(before) && mayTry());
    return least;
  }

  private Plan shrink(Plan failing, Knob knob) {
    int number = failing.get(knob);
    int[] candidates = {knob.simplest(), knob.simplest() + 1, number / 4, number / 2, number - number / 4, number - 1};
    for (int candidate : candidates) {
      if (candidate >= knob.simplest() && candidate < number && (candidate == knob.simplest() || isSize(knob))) {
        Plan simpler = failing.with(knob, candidate);
        if (!simpler.sameAs(failing) && mayTry() && failure.apply(simpler).isPresent()) {
          return shrink(simpler, knob);
        }
      }
    }
    return failing;
  }

  private boolean mayTry() {
    return tries++ < MOST_TRIES && System.nanoTime() - start < MOST_NANOS;
  }

  /** Whether a number in between means something in between. */
  private static boolean isSize(Knob knob) {
    return knob.count() == 0;
  }
}
