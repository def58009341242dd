package dev.lanewise.bench;

/** Stub. */
public final class Main {
  private Main() {}
}
