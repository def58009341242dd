package dev.lanewise.bench.verify.oracle;

/** A result of the library that the oracle does not allow. */
public final class Mismatch extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public Mismatch(String what) {
    super(what);
  }
}
