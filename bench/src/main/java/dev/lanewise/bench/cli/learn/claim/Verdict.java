package dev.lanewise.bench.cli.learn.claim;

import java.util.Collection;

/** What figures say about a claim. */
public enum Verdict {
  /** The figures agree with it. */
  HOLDS,
  /** The figures contradict it. */
  DOES_NOT_HOLD,
  /** The spread over seeds is too large to tell. */
  UNDECIDED;

  /** The verdict on a claim with several parts: it holds if all of them hold, and does not hold if one of them does not. */
  static Verdict ofAll(Collection<Verdict> parts) {
    if (parts.contains(DOES_NOT_HOLD)) {
      return DOES_NOT_HOLD;
    }
    return parts.isEmpty() || parts.contains(UNDECIDED) ? UNDECIDED : HOLDS;
  }

  /** The verdict in words. */
  public String text() {
    return switch (this) {
      case HOLDS -> "holds";
      case DOES_NOT_HOLD -> "does not hold";
      case UNDECIDED -> "undecided";
    };
  }
}
