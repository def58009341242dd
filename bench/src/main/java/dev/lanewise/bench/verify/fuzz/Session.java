package dev.lanewise.bench.verify.fuzz;

import java.io.PrintStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** Calls on this JVM's kernels, one after the other, until the time is over or one fails. */
final class Session {
  /** What a line that counts calls begins with. */
  static final String COUNT = "#calls ";

  /** What the line with the digest of all results begins with. */
  static final String DIGEST = "#digest ";

  private static final long REPORT_NANOS = 250_000_000L;

  private final Trial trial;
  private final long seed;
  private final int mostFailures;
  private final List<String> without;
  private final PrintStream out;

  /**
   * Calls of a run.
   *
   * @param mostFailures how many wrong calls end it
   * @param without what calls are left out, by what their descriptions hold
   * @param out where how many there were is written, again and again, and what failed
   */
  Session(Trial trial, long seed, int mostFailures, List<String> without, PrintStream out) {
    this.trial = trial;
    this.seed = seed;
    this.mostFailures = mostFailures;
    this.without = List.copyOf(without);
    this.out = out;
  }

  /** Runs calls from number {@code first} on for so many seconds, but at most {@code most}; returns whether all were right. */
  boolean run(long first, long most, double seconds) {
    long end = System.nanoTime() + (long) (seconds * 1e9);
    long reported = System.nanoTime();
    long index = first;
    int failures = 0;
    for (; index - first < most && System.nanoTime() < end && failures < mostFailures; index++) {
      failures += one(index) ? 0 : 1;
      if (System.nanoTime() - reported > REPORT_NANOS) {
        reported = System.nanoTime();
        report(index + 1 - first);
      }
    }
    report(index - first);
    return failures == 0;
  }

  /** Makes so many calls without judging them and writes one digest of the bits of all their results. */
  void digest(long first, long calls) {
    MessageDigest digest = sha256();
    long reported = System.nanoTime();
    for (long index = first; index < first + calls; index++) {
      trial.digest(Draw.plan(seed, index), digest);
      if (System.nanoTime() - reported > REPORT_NANOS) {
        reported = System.nanoTime();
        report(index + 1 - first);
      }
    }
    report(calls);
    out.println(DIGEST + HexFormat.of().formatHex(digest.digest()));
    out.flush();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  /** Runs one call; returns whether it was right, and if not, has said what is the least that is wrong. */
  boolean one(long index) {
    Plan plan = Draw.plan(seed, index);
    String text = plan.toString();
    Optional<String> failure = without.stream().anyMatch(text::contains) ? Optional.empty() : trial.failure(plan);
    if (failure.isEmpty()) {
      return true;
    }
    Plan least = new Shrinker(trial::failure).shrink(plan);
    out.println("call " + index + " of seed " + seed + ": " + failure.get());
    out.println("  " + text);
    out.println("least call that fails: " + trial.failure(least).orElse("not any more, so it depends on time or threads"));
    out.println("  " + least);
    out.println("repeat it with: fuzz --seed " + seed + " --call " + index);
    return false;
  }

  private void report(long calls) {
    out.println(COUNT + calls + " " + trial.beyondBudget());
    out.flush();
  }
}
