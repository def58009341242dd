package dev.lanewise.text.tokenizer.file;

/**
 * Reads the scores of pieces exactly as Hugging Face's code does: the digits as one whole number of 64 bits, then one multiplication or
 * division by a power of ten, each of them rounded. The last bit can differ from the nearest double, and it decides between divisions of a
 * word whose scores have the same sum.
 */
final class Scores {
  private static final int LARGEST_POWER = 308;

  private Scores() {}

  /** Parses a JSON number. */
  static double parse(String number) {
    int at = number.startsWith("-") ? 1 : 0;
    long digits = 0;
    int exponent = 0;
    boolean fraction = false;
    boolean full = false;
    for (; at < number.length() && number.charAt(at) != 'e' && number.charAt(at) != 'E'; at++) {
      char c = number.charAt(at);
      if (c == '.') {
        fraction = true;
      } else if (full || overflows(digits, c - '0')) {
        full = true;
        exponent += fraction ? 0 : 1;
      } else {
        digits = digits * 10 + c - '0';
        exponent -= fraction ? 1 : 0;
      }
    }
    if (at < number.length()) {
      exponent = (int) Math.clamp((double) exponent + Double.parseDouble(number.substring(at + 1)), Short.MIN_VALUE, Short.MAX_VALUE);
    }
    double value = scaled(unsigned(digits), exponent);
    return number.startsWith("-") ? -value : value;
  }

  private static boolean overflows(long digits, int digit) {
    long most = Long.divideUnsigned(-1, 10);
    return Long.compareUnsigned(digits, most) > 0 || (digits == most && digit > 5);
  }

  /** The nearest double of a number of 64 bits without a sign. */
  private static double unsigned(long digits) {
    return digits >= 0 ? digits : ((digits >>> 1) | (digits & 1)) * 2.0;
  }

  private static double scaled(double digits, int exponent) {
    double value = digits;
    int left = exponent;
    for (; left < -LARGEST_POWER && value != 0; left += LARGEST_POWER) {
      value /= 1e308;
    }
    return left >= 0 ? value * power(left) : value / power(-left);
  }

  private static double power(int exponent) {
    return Double.parseDouble("1e" + exponent);
  }
}
