package dev.lanewise.bench.fuzz;

/** The library gave something else than the reference allows. */
final class Mismatch extends RuntimeException {
  private static final long serialVersionUID = 1L;

  Mismatch(String what) {
    super(what);
  }
}
