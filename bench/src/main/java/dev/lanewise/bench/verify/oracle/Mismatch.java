package dev.lanewise.bench.verify.oracle;

/** The library gave something else than the reference allows. */
public final class Mismatch extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public Mismatch(String what) {
    super(what);
  }
}
