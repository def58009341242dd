package dev.lanewise.bench.verify.fuzz;

import java.util.Iterator;
import java.util.Optional;
import java.util.function.Function;

/** Makes a failing call smaller while it still fails: it drops options, halves sizes, and then takes one off. */
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
      for (Option<?> option : Options.all()) {
        least = shrink(least, option);
      }
    } while (!least.sameAs(before) && mayTry());
    return least;
  }

  private Plan shrink(Plan failing, Option<?> option) {
    if (failing.has(option)) {
      for (Iterator<?> values = option.simpler(failing.get(option)).iterator(); values.hasNext(); ) {
        Plan simpler = failing.with(option, values.next());
        if (!simpler.sameAs(failing) && mayTry() && failure.apply(simpler).isPresent()) {
          return shrink(simpler, option);
        }
      }
    }
    return failing;
  }

  private boolean mayTry() {
    return tries++ < MOST_TRIES && System.nanoTime() - start < MOST_NANOS;
  }
}
