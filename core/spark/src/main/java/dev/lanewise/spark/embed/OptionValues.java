package dev.lanewise.spark.embed;

import dev.lanewise.text.LongTexts;
import dev.lanewise.text.model.TextPooling;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads values that users write as text: in parameters, in the configuration and in SQL. */
public final class OptionValues {
  static final String POOLINGS = "first, mean or last";

  private static final Pattern WINDOWS = Pattern.compile("windows(?:\\((\\d{1,9})\\))?");

  private OptionValues() {}

  /**
   * The pooling that a word names.
   *
   * @throws IllegalArgumentException if it is not one of first, mean and last
   */
  public static TextPooling pooling(String value) {
    return switch (value.toLowerCase(Locale.ROOT)) {
      case "first" -> TextPooling.FIRST_TOKEN;
      case "mean" -> TextPooling.MEAN;
      case "last" -> TextPooling.LAST_TOKEN;
      default -> throw wrong("pooling", value, POOLINGS);
    };
  }

  /**
   * The policy that a word names.
   *
   * @throws IllegalArgumentException if it is not truncate, fail, windows or windows(OVERLAP)
   */
  public static LongTexts longTexts(String value) {
    String lower = value.toLowerCase(Locale.ROOT);
    Matcher windows = WINDOWS.matcher(lower);
    if (windows.matches()) {
      String overlap = windows.group(1);
      return LongTexts.windows(overlap == null ? 0 : Integer.parseInt(overlap));
    }
    return switch (lower) {
      case "truncate" -> LongTexts.truncate();
      case "fail" -> LongTexts.fail();
      default -> throw wrong("longTexts", value, "truncate, fail, windows or windows(OVERLAP), such as windows(32)");
    };
  }

  /**
   * What a word says about failures.
   *
   * @throws IllegalArgumentException if it is neither fail nor null
   */
  public static OnFailure onFailure(String value) {
    return switch (value.toLowerCase(Locale.ROOT)) {
      case "fail" -> OnFailure.FAIL;
      case "null" -> OnFailure.NULL;
      default -> throw wrong("onFailure", value, "fail or null");
    };
  }

  /**
   * A whole number that is at least 1.
   *
   * @throws IllegalArgumentException if it is something else
   */
  public static int count(String name, String value) {
    try {
      int count = Integer.parseInt(value);
      if (count >= 1) {
        return count;
      }
    } catch (NumberFormatException e) {
      // the message below says it
    }
    throw wrong(name, value, "a whole number that is at least 1");
  }

  /**
   * A truth value.
   *
   * @throws IllegalArgumentException if it is neither true nor false
   */
  public static boolean truth(String name, String value) {
    return switch (value.toLowerCase(Locale.ROOT)) {
      case "true" -> true;
      case "false" -> false;
      default -> throw wrong(name, value, "true or false");
    };
  }

  static IllegalArgumentException wrong(String name, String value, String allowed) {
    return new IllegalArgumentException(name + " is \"" + value + "\", must be " + allowed);
  }
}
