package dev.lanewise.text.tokenizer.normaliser;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Counts the ways in which parts of a regular expression match nothing. A search tries all of them without a look at a character, so that
 * {@link TextBudget} cannot count them: {@code (?:|)(?:|)(?:|)x} has 8, and 2<sup>n</sup> with n such groups. The count is at least the
 * true one. An alternative that consumes a character counts with the ways before that character. Without such ways it counts 0: at the end
 * of a text it fails at once.
 *
 * <p>A lookbehind is tried at each index at which it may begin, so that it has as many times more ways as its text has lengths.
 */
final class EmptyMatches {
  /** A whole escape outside of a class. Two escapes of surrogates are one character. */
  private static final Pattern ESCAPE =
      Pattern.compile(
          "\\\\(?:[pP](?:\\{[^}]*}|.)|k<[^>]*>|x(?:\\{[^}]*}|..)|u[dD][89abAB]..\\\\u[dD][c-fC-F]..|u....|0[0-3]?[0-7]{1,2}|.)",
          Pattern.DOTALL);

  private final String regex;
  private final Deque<Group> outer = new ArrayDeque<>();
  private Group group = new Group(false, false);
  private int at;

  /** Numbered groups so far. */
  private int numbered;

  /** Elements so far that may be passed without a look at a character, or are only a boundary of a group. */
  private int passed;

  private EmptyMatches(String regex) {
    this.regex = regex;
  }

  /** A group whose alternatives are read. */
  private static final class Group {
    final boolean isLookaround;
    final boolean isLookbehind;

    /** Ways through the alternative so far, and whether all of it may match nothing. */
    double ways = 1;

    boolean mayBeEmpty = true;

    /** The last element, which a quantifier may follow. */
    double lastWays = 1;

    boolean lastMayBeEmpty = true;

    /** Lengths of the text of the alternative so far, and of the last element. What has no greatest length may not be in a lookbehind. */
    Lengths lengths = Lengths.NONE;

    Lengths lastLengths = Lengths.NONE;

    /** Ways through the alternatives that ended. */
    double sum;

    boolean anyMayBeEmpty;
    Lengths anyLengths = new Lengths(Double.POSITIVE_INFINITY, 0);

    Group(boolean isLookaround, boolean isLookbehind) {
      this.isLookaround = isLookaround;
      this.isLookbehind = isLookbehind;
    }

    void element(double elementWays, boolean elementMayBeEmpty, Lengths elementLengths) {
      ways *= lastWays;
      mayBeEmpty &= lastMayBeEmpty;
      lastWays = elementWays;
      lastMayBeEmpty = elementMayBeEmpty;
      lengths = new Lengths(lengths.least + lastLengths.least, lengths.most + lastLengths.most);
      lastLengths = elementLengths;
    }

    void repeat(int least, int times) {
      if (lastMayBeEmpty) {
        lastWays = (lastWays + 1) * times;
      }
      lastMayBeEmpty |= least == 0;
      lastLengths = new Lengths(lastLengths.least * least, lastLengths.most * times);
    }

    void endAlternative() {
      element(1, true, Lengths.NONE);
      sum += mayBeEmpty || ways > 1 ? ways : 0; // those that end at a character count, too
      anyMayBeEmpty |= mayBeEmpty;
      anyLengths = new Lengths(Math.min(anyLengths.least, lengths.least), Math.max(anyLengths.most, lengths.most));
      ways = 1;
      mayBeEmpty = true;
      lengths = Lengths.NONE;
    }
  }

  /** The numbers of characters that a part of an expression may match. */
  private record Lengths(double least, double most) {
    static final Lengths NONE = new Lengths(0, 0);
    static final Lengths ONE = new Lengths(1, 1);
  }

  /**
   * The number of ways.
   *
   * @param regex a valid expression in Java's syntax
   */
  static double count(String regex) {
    return new EmptyMatches(regex).count();
  }

  /**
   * The greatest number of steps between two looks of a search at its text. With one way, these are the elements that take no look.
   *
   * @param regex a valid expression in Java's syntax
   */
  static double steps(String regex) {
    EmptyMatches matches = new EmptyMatches(regex);
    double ways = matches.count();
    return ways > 1 ? ways * regex.length() : matches.passed;
  }

  private double count() {
    while (at < regex.length()) {
      char c = regex.charAt(at);
      switch (c) {
        case '\\' -> escape();
        case '[' -> characters();
        case '(' -> open();
        case ')' -> close();
        case '|' -> {
          group.endAlternative();
          at++;
        }
        case '?', '*' -> quantifier(0, 1);
        case '+' -> quantifier(1, 1);
        case '{' -> interval();
        case '^', '$' -> {
          element(true, Lengths.NONE);
          at++;
        }
        default -> {
          element(false, Lengths.ONE);
          at += Character.charCount(regex.codePointAt(at));
        }
      }
    }
    group.endAlternative();
    return group.sum;
  }

  private void element(boolean mayBeEmpty, Lengths lengths) {
    group.element(1, mayBeEmpty, lengths);
    passed += mayBeEmpty ? 1 : 0;
  }

  private void escape() {
    char c = regex.charAt(at + 1);
    boolean isReference = c >= '1' && c <= '9';
    boolean mayBeEmpty = "bBAGzZ".indexOf(c) >= 0 || isReference || c == 'k';
    element(mayBeEmpty, mayBeEmpty ? Lengths.NONE : c == 'R' ? new Lengths(1, 2) : Lengths.ONE);
    if (isReference) {
      reference();
      return;
    }
    Matcher escape = ESCAPE.matcher(regex).region(at, regex.length());
    at = escape.lookingAt() ? escape.end() : regex.length();
  }

  /** A number has the digits that together number a group so far, and at least one. */
  private void reference() {
    int number = 0;
    at++;
    do {
      number = 10 * number + regex.charAt(at) - '0';
      at++;
    } while (at < regex.length() && isDigit(regex.charAt(at)) && 10 * number + regex.charAt(at) - '0' <= numbered);
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private void characters() {
    int depth = 0;
    do {
      char c = regex.charAt(at);
      depth += c == '[' ? 1 : c == ']' ? -1 : 0;
      at += c == '\\' ? 2 : 1;
    } while (depth > 0);
    element(false, Lengths.ONE);
  }

  private void open() {
    boolean isLookaround = false;
    boolean isLookbehind = false;
    at++;
    if (regex.startsWith("?", at)) {
      isLookaround = regex.startsWith("=", at + 1) || regex.startsWith("!", at + 1);
      if (regex.startsWith("<", at + 1)) {
        isLookbehind = regex.startsWith("=", at + 2) || regex.startsWith("!", at + 2);
        isLookaround = isLookbehind;
        numbered += isLookbehind ? 0 : 1;
        at = isLookbehind ? at + 3 : regex.indexOf('>', at) + 1;
      } else {
        at++;
        while (Character.isLetter(regex.charAt(at)) || regex.charAt(at) == '-') {
          at++;
        }
        if (regex.charAt(at) == ')') { // flags for the rest of the group
          at++;
          return;
        }
        at++;
      }
    } else {
      numbered++;
    }
    passed++;
    outer.push(group);
    group = new Group(isLookaround, isLookbehind);
  }

  private void close() {
    group.endAlternative();
    Group inner = group;
    group = outer.pop();
    Lengths lengths = inner.anyLengths;
    double begins = inner.isLookbehind ? lengths.most - lengths.least + 1 : 1;
    boolean mayBeEmpty = inner.anyMayBeEmpty || inner.isLookaround;
    group.element(Math.max(1, inner.sum) * begins, mayBeEmpty, inner.isLookaround ? Lengths.NONE : lengths);
    at++;
  }

  private void quantifier(int least, int times) {
    group.repeat(least, times);
    passed += least == 0 ? 1 : 0;
    at++;
    if (regex.startsWith("?", at) || regex.startsWith("+", at)) {
      at++; // lazy or possessive
    }
  }

  private void interval() {
    int end = regex.indexOf('}', at);
    String[] numbers = regex.substring(at + 1, end).split(",", -1);
    int least = Integer.parseInt(numbers[0]);
    int most = numbers.length == 1 || numbers[1].isEmpty() ? least : Integer.parseInt(numbers[1]);
    at = end;
    quantifier(least, Math.max(1, Math.max(least, most)));
  }
}
