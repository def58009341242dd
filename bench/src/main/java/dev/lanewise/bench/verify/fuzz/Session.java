package dev.lanewise.bench.verify.fuzz;

import java.io.PrintStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** Calls on this JVM's path, one after the other, until the time is over or too many have failed. */
final class Session {
  /** The beginning of a line that counts calls. */
  static final String COUNT = "#calls ";

  /** The beginning of the line with the digest of all results. */
  static final String DIGEST = "#digest ";

  private static final long REPORT_NANOS = 250_000_000L;

  private final CallCheck check;
  private final long seed;
  private final int mostFailures;
  private final List<String> without;
  private final PrintStream out;
  private long reported = System.nanoTime();

  /**
   * Calls of a run.
   *
   * @param mostFailures how many wrong calls end it
   * @param without leaves out calls whose descriptions contain one of these texts
   * @param out receives the number of calls, again and again, and failures
   */
  Session(CallCheck check, long seed, int mostFailures, List<String> without, PrintStream out) {
    this.check = check;
    this.seed = seed;
    this.mostFailures = mostFailures;
    this.without = List.copyOf(without);
    this.out = out;
  }

  /** Makes calls from number {@code first} on for so many seconds, but at most {@code most}; returns whether all were right. */
  boolean run(long first, long most, double seconds) {
    long end = System.nanoTime() + (long) (seconds * 1e9);
    long calls = 0;
    int failures = 0;
    while (calls < most && System.nanoTime() < end && failures < mostFailures) {
      failures += one(first + calls) ? 0 : 1;
      calls++;
      report(calls, false);
    }
    report(calls, true);
    return failures == 0;
  }

  /** Makes so many calls without judging them and writes one digest of the bits of all their results. */
  void digest(long first, long calls) {
    MessageDigest digest = sha256();
    for (long n = 0; n < calls; n++) {
      check.digest(PlanGenerator.plan(seed, first + n), digest);
      report(n + 1, false);
    }
    report(calls, true);
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

  /** Makes one call; returns whether it was right, and if not, writes the smallest call that is wrong. */
  boolean one(long index) {
    Plan plan = PlanGenerator.plan(seed, index);
    String text = plan.toString();
    Optional<String> failure = without.stream().anyMatch(text::contains) ? Optional.empty() : check.failure(plan);
    if (failure.isEmpty()) {
      return true;
    }
    Plan least = new Shrinker(check::failure).shrink(plan);
    out.println("call " + index + " of seed " + seed + ": " + failure.get());
    out.println("  " + text);
    out.println("smallest call that fails: " + check.failure(least).orElse("not any more, so it depends on time or threads"));
    out.println("  " + least);
    out.println("repeat it with: fuzz --seed " + seed + " --call " + index);
    return false;
  }

  private void report(long calls, boolean atOnce) {
    if (atOnce || System.nanoTime() - reported > REPORT_NANOS) {
      reported = System.nanoTime();
      out.println(COUNT + calls + " " + check.beyondBudget());
      out.flush();
    }
  }
}
