package dev.lanewise.bench.verify.fuzz;

/**
 * The numbers of a call. Each depends on the seed, on the operand and on where it stands, and on nothing else: a call that has been made
 * smaller keeps those that are left.
 */
final class Numbers {
  private static final float[] POISONS = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};

  private final long seed;
  private final Kind kind;

  Numbers(long seed, Kind kind) {
    this.seed = seed;
    this.kind = kind;
  }

  /** What numbers a call has. */
  enum Kind {
    NORMAL(""),
    LARGE("logits ±1e4"),
    HUGE("logits ±3e38"),
    DENORMAL("denormal"),
    EQUAL("all equal"),
    ONE_HUGE("one huge"),
    ZEROS("zeros"),
    INTEGERS("small integers"),
    ANY("of any magnitude"),
    HUGE_VALUES("values ±3e38");

    private final String text;

    Kind(String text) {
      this.text = text;
    }

    /** Whether float code gives them back but for a few roundings. */
    boolean moderate() {
      return this == NORMAL || this == INTEGERS;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** What stands where. */
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

  /** 64 well mixed bits of a place. */
  long bits(Operand operand, long place) {
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

  /** About normally distributed. */
  float normal(Operand operand, long place) {
    long bits = bits(operand, place);
    double sum = 0;
    for (int part = 0; part < 4; part++) {
      sum += (double) ((bits >>> (16 * part)) & 0xffff) / 0x10000 - 0.5;
    }
    return (float) (sum * Math.sqrt(3));
  }

  /** An element of query, key or value, of the kind that the call has. */
  float element(Operand operand, int b, int head, int row, int column, int width) {
    long place = (((long) b * 64 + head) * 65_536 + row) * 65_536 + column;
    float x = normal(operand, place);
    boolean value = operand == Operand.VALUE;
    return switch (kind) {
      case LARGE -> value ? x : (float) (x * 100 / Math.pow(width, 0.25));
      case HUGE -> value ? x : operand == Operand.QUERY ? x * 5e18f : (float) (x * 2e19 / Math.sqrt(width));
      case DENORMAL -> x * (value || (bits(operand, -1) & 1) == 0 ? 1e-40f : 1);
      case EQUAL -> normal(operand, 0);
      case ONE_HUGE -> below(97, operand, place) == 0 ? huge(operand, place) : x;
      case ZEROS -> 0;
      case INTEGERS -> Math.round(2 * x);
      case ANY -> (float) (x * Math.pow(10, below(41, operand, ~place) - 24));
      case HUGE_VALUES -> value ? x * 1e38f : x;
      case NORMAL -> x;
    };
  }

  private float huge(Operand operand, long place) {
    float[] sizes = {1e4f, -1e4f, 3e18f, 3e38f, -3e38f};
    return sizes[below(sizes.length, operand, ~place)];
  }

  /** What poisons an element: NaN or an infinity, by the number of {@link Knob#POISON}. */
  float poison(int number, long place) {
    return POISONS[number <= POISONS.length ? number - 1 : below(POISONS.length, Operand.OTHER, place)];
  }
}
