package dev.lanewise.bench.verify.fuzz;

/**
 * The numbers of a call. A number depends on the seed, on the operand and on its place only, so a call that is made smaller keeps the
 * numbers that are left.
 */
record Numbers(long seed, Kind kind) {
  private static final float[] SPECIAL = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
  private static final float[] HUGE = {1e4f, -1e4f, 3e18f, 3e38f, -3e38f};

  /** The kind of numbers in query, key and value. */
  enum Kind {
    NORMAL,
    LARGE_LOGITS,
    HUGE_LOGITS,
    DENORMAL,
    ALL_EQUAL,
    FEW_HUGE,
    ZEROS,
    SMALL_INTEGERS,
    ANY_MAGNITUDE,
    HUGE_VALUES;

    /** Whether float code reproduces results but for a few roundings. */
    boolean isModerate() {
      return this == NORMAL || this == SMALL_INTEGERS;
    }
  }

  /** Values that spoil an element. */
  enum Poison {
    NONE,
    NAN,
    POSITIVE_INFINITY,
    NEGATIVE_INFINITY,
    NAN_OR_INFINITY
  }

  /** Independent streams of numbers. */
  enum Operand {
    QUERY(1),
    KEY(2),
    VALUE(3),
    BIAS(4),
    SINKS(5),
    VECTOR(6),
    OTHER(7);

    private final int stream;

    Operand(int stream) {
      this.stream = stream;
    }
  }

  /** The normally distributed numbers of a seed. */
  static Numbers normal(long seed) {
    return new Numbers(seed, Kind.NORMAL);
  }

  /** 64 well mixed bits of a place. */
  private long bits(Operand operand, long place) {
    return mix(mix(seed + 0x9E3779B97F4A7C15L * operand.stream) + place);
  }

  /** 64 well mixed bits (SplitMix64, Steele et al., 2014). */
  static long mix(long x) {
    long y = (x ^ x >>> 30) * 0xBF58476D1CE4E5B9L;
    y = (y ^ y >>> 27) * 0x94D049BB133111EBL;
    return y ^ y >>> 31;
  }

  /** A number from 0 to below {@code bound}. */
  int below(int bound, Operand operand, long place) {
    return (int) Long.remainderUnsigned(bits(operand, place), bound);
  }

  /** A choice from 0 to below {@code bound} that belongs to no operand. */
  int below(int bound, long place) {
    return below(bound, Operand.OTHER, place);
  }

  /** A number that is about normally distributed. */
  float normal(Operand operand, long place) {
    long bits = bits(operand, place);
    double sum = 0;
    for (int part = 0; part < 4; part++) {
      sum += (double) ((bits >>> (16 * part)) & 0xffff) / 0x10000 - 0.5;
    }
    return (float) (sum * Math.sqrt(3));
  }

  /** An element of query, key or value. */
  float element(Operand operand, int b, int head, int row, int column, int width) {
    long place = (((long) b * 64 + head) * 65_536 + row) * 65_536 + column;
    float x = normal(operand, place);
    boolean value = operand == Operand.VALUE;
    return switch (kind) {
      case LARGE_LOGITS -> value ? x : (float) (x * 100 / Math.pow(width, 0.25));
      case HUGE_LOGITS -> value ? x : operand == Operand.QUERY ? x * 5e18f : (float) (x * 2e19 / Math.sqrt(width));
      case DENORMAL -> x * (value || (bits(operand, -1) & 1) == 0 ? 1e-40f : 1);
      case ALL_EQUAL -> normal(operand, 0);
      case FEW_HUGE -> below(97, operand, place) == 0 ? HUGE[below(HUGE.length, operand, ~place)] : x;
      case ZEROS -> 0;
      case SMALL_INTEGERS -> Math.round(2 * x);
      case ANY_MAGNITUDE -> (float) (x * Math.pow(10, below(41, operand, ~place) - 24));
      case HUGE_VALUES -> value ? x * 1e38f : x;
      case NORMAL -> x;
    };
  }

  /** The value that spoils an element. */
  float poison(Poison poison, long place) {
    return switch (poison) {
      case NONE -> throw new IllegalArgumentException("nothing is spoilt");
      case NAN -> Float.NaN;
      case POSITIVE_INFINITY -> Float.POSITIVE_INFINITY;
      case NEGATIVE_INFINITY -> Float.NEGATIVE_INFINITY;
      case NAN_OR_INFINITY -> SPECIAL[below(SPECIAL.length, place)];
    };
  }
}
