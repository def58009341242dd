package dev.lanewise.text.tokenizer.normaliser;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Counts the ways in which parts of a regular expression match nothing. A search tries all of them without a look at a character, so that
 * {@link TextBudget} cannot count them: {@code (?:|)(?:|)(?:|)x} has 8, and 2<sup>n</sup> with n such groups. The count is at least the
 * true one. What consumes a character has none: behind its end, a text is refused without a choice.
 */
final class EmptyMatches {
  private final String regex;
  private final Deque<Group> outer = new ArrayDeque<>();
  private Group group = new Group(false);
  private int at;

  private EmptyMatches(String regex) {
    this.regex = regex;
  }

  /** A group whose alternatives are read. */
  private static final class Group {
    final boolean isLookaround;

    /** Ways through the alternative so far, and whether all of it may match nothing. */
    double ways = 1;

    boolean mayBeEmpty = true;

    /** The last element, which a quantifier may follow. */
    double lastWays = 1;

    boolean lastMayBeEmpty = true;

    /** Ways through the alternatives that ended. */
    double sum;

    boolean anyMayBeEmpty;

    Group(boolean isLookaround) {
      this.isLookaround = isLookaround;
    }

    void element(double elementWays, boolean elementMayBeEmpty) {
      ways *= lastWays;
      mayBeEmpty &= lastMayBeEmpty;
      lastWays = elementWays;
      lastMayBeEmpty = elementMayBeEmpty;
    }

    void repeat(int least, int times) {
      if (lastMayBeEmpty) {
        lastWays = (lastWays + 1) * times;
      }
      lastMayBeEmpty |= least == 0;
    }

    void endAlternative() {
      element(1, true);
      sum += mayBeEmpty || ways > 1 ? ways : 0; // those that end at a character count, too
      anyMayBeEmpty |= mayBeEmpty;
      ways = 1;
      mayBeEmpty = true;
    }
  }

  /**
   * The number of ways.
   *
   * @param regex a valid expression in Java's syntax
   */
  static double count(String regex) {
    return new EmptyMatches(regex).count();
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
        case '^', '$' -> element(true);
        default -> element(false);
      }
    }
    group.endAlternative();
    return group.sum;
  }

  private void element(boolean mayBeEmpty) {
    group.element(1, mayBeEmpty);
    at++;
  }

  private void escape() {
    char c = regex.charAt(at + 1);
    at++;
    element("bBAGzZ".indexOf(c) >= 0 || (c >= '1' && c <= '9') || c == 'k');
    if ((c == 'p' || c == 'P') && regex.startsWith("{", at)) {
      at = regex.indexOf('}', at) + 1;
    } else if (c == 'k') {
      at = regex.indexOf('>', at) + 1;
    }
  }

  private void characters() {
    int depth = 0;
    do {
      char c = regex.charAt(at);
      depth += c == '[' ? 1 : c == ']' ? -1 : 0;
      at += c == '\\' ? 2 : 1;
    } while (depth > 0);
    group.element(1, false);
  }

  private void open() {
    boolean isLookaround = false;
    at++;
    if (regex.startsWith("?", at)) {
      isLookaround = regex.startsWith("=", at + 1) || regex.startsWith("!", at + 1);
      if (regex.startsWith("<", at + 1)) {
        isLookaround = regex.startsWith("=", at + 2) || regex.startsWith("!", at + 2);
        at = isLookaround ? at + 3 : regex.indexOf('>', at) + 1;
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
    }
    outer.push(group);
    group = new Group(isLookaround);
  }

  private void close() {
    group.endAlternative();
    Group inner = group;
    group = outer.pop();
    group.element(Math.max(1, inner.sum), inner.anyMayBeEmpty || inner.isLookaround);
    at++;
  }

  private void quantifier(int least, int times) {
    group.repeat(least, times);
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
