package dev.lanewise.text.tokenizer.normaliser;

import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Translates regular expressions from Oniguruma's syntax, which tokenizer files use, to Java's. What means the same in both is copied. What
 * Java cannot express, or would read as something else, is refused by name.
 */
final class OnigurumaPattern {
  /** Classes of white space, digits and letters by Unicode; lines end at line feeds only; ^ and $ match at every line. */
  private static final int FLAGS = Pattern.UNICODE_CHARACTER_CLASS | Pattern.UNIX_LINES | Pattern.MULTILINE;

  /** Escapes that mean the same in both. */
  private static final String SAME = "tnrfaesSdDbBAGzZRXpPxu0kN\\";

  /** Characters of words: the JDK's class has the joiners U+200C and U+200D in it, but not fractions. */
  private static final String WORD = "\\p{IsAlphabetic}\\p{M}\\p{N}\\p{Pc}]";

  private static final Map<String, String> POSIX =
      Map.ofEntries(
          Map.entry("alpha", "\\p{IsAlphabetic}"),
          Map.entry("digit", "\\p{Nd}"),
          Map.entry("alnum", "[\\p{IsAlphabetic}\\p{Nd}]"),
          Map.entry("upper", "\\p{IsUppercase}"),
          Map.entry("lower", "\\p{IsLowercase}"),
          Map.entry("space", "\\p{IsWhite_Space}"),
          Map.entry("cntrl", "\\p{Cc}"),
          Map.entry("word", "[" + WORD),
          Map.entry("xdigit", "[0-9a-fA-F]"),
          Map.entry("ascii", "[\\x00-\\x7f]"));

  private static final int LONGEST_NUMBER = 6;

  private static final long MOST_REPETITIONS = 1_000_000;

  /** An escape of a character by its number in braces. */
  private static final Pattern IN_BRACES = Pattern.compile("\\\\x\\{[0-9a-fA-F]+}");

  private final String source;
  private final StringBuilder target = new StringBuilder();
  private int at;

  /** The product of the numbers of repetitions so far. */
  private long repetitions = 1;

  /** Length of the target behind the last quantifier or flags. Java repeats nothing there, and Oniguruma what is in front. */
  private int behindQuantifier = -1;

  /** Nesting of character classes. */
  private int depth;

  private OnigurumaPattern(String source) {
    this.source = source;
  }

  /**
   * Translates a regular expression.
   *
   * @throws IllegalArgumentException if it is wrong, or Java cannot express it; the message names the place
   */
  static Pattern compile(String regex) {
    String translated = new OnigurumaPattern(regex).translate();
    try {
      return Pattern.compile(translated, FLAGS);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException("regular expression " + regex + " is not valid: " + e.getDescription(), e);
    }
  }

  private String translate() {
    while (at < source.length()) {
      char c = source.charAt(at);
      if (c == '\\') {
        escape();
      } else if (c == '[') {
        openClass();
      } else if (c == ']' && depth > 0) {
        depth--;
        copy(1);
      } else if (depth > 0) {
        copy(1);
      } else if (c == '(' && source.startsWith("?", at + 1)) {
        group();
      } else if (c == '{') {
        interval();
      } else {
        copy(1);
        behindQuantifier = c == '?' || c == '*' || c == '+' ? target.length() : behindQuantifier;
      }
    }
    return target.toString();
  }

  private void copy(int count) {
    target.append(source, at, at + count);
    at += count;
  }

  private void escape() {
    char c = at + 1 < source.length() ? source.charAt(at + 1) : 0;
    if ((c == 'p' || c == 'P') && source.startsWith("{", at + 2)) {
      property(c);
    } else if (c == 'h' || c == 'H') {
      target.append(c == 'h' ? "[0-9a-fA-F]" : "[^0-9a-fA-F]");
      at += 2;
    } else if (c == 'w' || c == 'W') {
      target.append(c == 'w' ? "[" : "[^").append(WORD);
      at += 2;
    } else if (c == 'v') {
      target.append("\\x0b");
      at += 2;
    } else if (c == 'x' && source.startsWith("{", at + 2)) {
      Matcher escape = IN_BRACES.matcher(source).region(at, source.length());
      if (!escape.lookingAt()) {
        throw refused("\\x{");
      }
      copy(escape.end() - at);
    } else if ((c >= '1' && c <= '9') || SAME.indexOf(c) >= 0 || isSignOrSpace(c)) {
      copy(2);
    } else if (c >= 0x80) {
      at++;
      copy(1);
    } else {
      throw refused("\\" + (c == 0 ? "" : c));
    }
  }

  private static boolean isSignOrSpace(char c) {
    return c >= ' ' && c < 0x7f && !Character.isLetterOrDigit(c);
  }

  /** A Unicode property: a general category or a script. {@code \p{^L}} is everything else. */
  private void property(char letter) {
    int close = source.indexOf('}', at);
    if (close < 0) {
      throw refused("\\" + letter + "{");
    }
    String name = source.substring(at + 3, close);
    boolean negative = name.startsWith("^");
    String bare = negative ? name.substring(1) : name;
    String known = PropertyNames.javaName(bare);
    if (known.isEmpty()) {
      throw refused("\\" + letter + "{" + name + "}");
    }
    target.append('\\').append(negative ? letter == 'p' ? 'P' : 'p' : letter).append('{').append(known).append('}');
    at = close + 1;
  }

  private void openClass() {
    if (depth > 0 && source.startsWith("[:", at) && source.indexOf(":]", at) > 0) {
      int close = source.indexOf(":]", at);
      String name = source.substring(at + 2, close);
      boolean negative = name.startsWith("^");
      String known = POSIX.get((negative ? name.substring(1) : name).toLowerCase(Locale.ROOT));
      if (known == null) {
        throw refused("[:" + name + ":]");
      }
      target.append(negative ? "[^" + known + "]" : known);
      at = close + 2;
      return;
    }
    depth++;
    copy(source.startsWith("^", at + 1) ? 2 : 1);
    if (source.startsWith("]", at)) {
      target.append('\\');
      copy(1);
    }
  }

  /** A group that begins with {@code (?}: flags have other letters, and some groups do not exist in Java. */
  private void group() {
    int end = at + 2;
    while (end < source.length() && (Character.isLetter(source.charAt(end)) || source.charAt(end) == '-')) {
      end++;
    }
    String flags = source.substring(at + 2, end);
    char then = end < source.length() ? source.charAt(end) : 0;
    if (flags.isEmpty()) {
      boolean known = then == ':' || then == '=' || then == '!' || then == '>' || then == '<' || then == '#';
      if (!known) {
        throw refused("(?" + (then == 0 ? "" : then));
      }
      if (then == '#') {
        int close = source.indexOf(')', at);
        at = close < 0 ? source.length() : close + 1;
      } else {
        copy(3);
      }
      return;
    }
    if ((then != ':' && then != ')') || !flags.matches("[im]*(-[im]*)?")) {
      throw refused("(?" + flags + (then == 0 ? "" : then));
    }
    // m is "the dot matches line feeds" there. Letters of all scripts have cases there.
    target.append("(?").append(flags.replace("m", "s").replace("i", "iu")).append(then);
    behindQuantifier = then == ')' ? target.length() : behindQuantifier;
    at = end + 1;
  }

  private void interval() {
    int close = source.indexOf('}', at);
    String inner = close < 0 ? "" : source.substring(at + 1, close);
    if (!inner.matches("\\d*,?\\d*") || inner.isEmpty() || inner.equals(",")) {
      target.append("\\{");
      at++;
      return;
    }
    if (source.startsWith("+", close + 1)) {
      throw refused("{" + inner + "}+");
    }
    if (target.length() == behindQuantifier) {
      throw refused("{" + inner + "} behind a quantifier or flags");
    }
    repeats(inner);
    target.append('{').append(inner.startsWith(",") ? "0" : "").append(inner).append('}');
    behindQuantifier = target.length();
    at = close + 1;
  }

  /** Limits the product of all numbers of repetitions: an empty group is repeated without a look at the text. */
  private void repeats(String interval) {
    for (String number : interval.split(",", -1)) {
      if (number.length() > LONGEST_NUMBER) {
        throw refused("{" + interval + "}");
      }
      repetitions *= number.isEmpty() ? 1 : Math.max(1, Integer.parseInt(number));
      if (repetitions > MOST_REPETITIONS) {
        throw refused("repetitions of more than " + MOST_REPETITIONS + " times altogether");
      }
    }
  }

  private IllegalArgumentException refused(String what) {
    return new IllegalArgumentException("regular expression " + source + " has " + what + " at " + at + ", which is not supported");
  }
}
