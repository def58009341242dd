package dev.lanewise.bench.fuzz;

/**
 * The numbers of a call. Each depends on the seed, on the operand and on where it stands, and on nothing else: a call that has been made
 * smaller keeps those that are left.
 */
final class Numbers {
  static final String[] NAMES = {
    "", "logits ±1e4", "logits ±3e38", "denormal", "all equal", "one huge", "zeros", "small integers", "of any magnitude", "values ±3e38"
  };

  static final int NORMAL = 0;
  static final int INTEGERS = 7;
  private static final int LARGE = 1;
  private static final int HUGE = 2;
  private static final int DENORMAL = 3;
  private static final int EQUAL = 4;
  private static final int ONE_HUGE = 5;
  private static final int ZEROS = 6;
  private static final int ANY = 8;
  private static final int HUGE_VALUES = 9;

  private static final float[] POISONS = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};

  private final long seed;
  private final int kind;

  Numbers(long seed, int kind) {
    this.seed = seed;
    this.kind = kind;
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
      default -> x;
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
