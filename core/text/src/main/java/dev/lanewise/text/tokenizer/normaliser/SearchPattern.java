package dev.lanewise.text.tokenizer.normaliser;

import dev.lanewise.text.json.ForeignJson;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a file searches for in a text: a string or a regular expression. */
public final class SearchPattern {
  /** Limit for the steps between two looks at the text. Published expressions have at most one way to match nothing. */
  private static final double MOST_EMPTY_STEPS = 5_000;

  /** Steps that cost as much as one look. */
  private static final long STEPS_OF_LOOK = 16;

  private final Pattern pattern;

  /** The greatest number of steps without a look, all of which a search may need at each index of a text; 0 for strings. */
  private final long stepsAtAPosition;

  private SearchPattern(Pattern pattern, long stepsAtAPosition) {
    this.pattern = pattern;
    this.stepsAtAPosition = stepsAtAPosition;
  }

  /** Searches for a string. */
  public static SearchPattern ofString(String text) {
    return new SearchPattern(Pattern.compile(text, Pattern.LITERAL), 0);
  }

  /**
   * Searches for a regular expression in the syntax of Oniguruma, the library that Hugging Face uses.
   *
   * @throws IllegalArgumentException if it is none, Java cannot express it, or a search may take too many steps without a look at the text;
   *     the message names the place or the expression
   */
  public static SearchPattern ofRegex(String regex) {
    Pattern pattern = OnigurumaPattern.compile(regex);
    double steps = EmptyMatches.steps(pattern.pattern());
    if (steps > MOST_EMPTY_STEPS) {
      throw new IllegalArgumentException("too many ways to match nothing, in the regular expression " + regex);
    }
    return new SearchPattern(pattern, (long) Math.ceil(steps));
  }

  /**
   * A range of a text.
   *
   * @param matches whether the pattern was found there; otherwise it is a range between matches
   */
  public record Range(int begin, int end, boolean matches) {}

  /** Tells whether this is one UTF-16 character, which cannot match across the parts of a text. */
  public boolean isOneCharacter() {
    return (pattern.flags() & Pattern.LITERAL) != 0 && pattern.pattern().length() == 1;
  }

  /**
   * Puts a text in place of each match.
   *
   * @param most maximum length of the result
   * @param budget that of the whole text
   * @throws IllegalArgumentException if the result is longer, or the budget is used up
   */
  public String replaceAll(String text, String content, long most, TextBudget budget) {
    StringBuilder replaced = new StringBuilder(text.length());
    for (Range range : ranges(text, budget)) {
      replaced.append(range.matches() ? content : text.substring(range.begin(), range.end()));
      if (replaced.length() > most) {
        throw new IllegalArgumentException("the tokenizer makes more than " + most + " characters of the text of its tokens");
      }
    }
    return replaced.toString();
  }

  /** The JDK searches groups of alternatives that repeat by recursion, once for each character. */
  private static boolean isFound(Matcher matcher) {
    try {
      return matcher.find();
    } catch (StackOverflowError e) {
      throw new IllegalArgumentException(
          "text is too long for the regular expression " + ForeignJson.shown(matcher.pattern().pattern()) + ", which needs the stack", e);
    }
  }

  /**
   * All of a text: matches and what is between them. An empty match directly behind another match is none.
   *
   * @param budget that of the whole text, if this is a part of it
   * @throws IllegalArgumentException if the budget is used up
   */
  public List<Range> ranges(String text, TextBudget budget) {
    budget.spend((text.length() + 1L) * stepsAtAPosition / STEPS_OF_LOOK, pattern);
    List<Range> ranges = new ArrayList<>();
    Matcher matcher = pattern.matcher(budget.counted(text, pattern));
    int done = 0;
    while (isFound(matcher)) {
      boolean empty = matcher.end() == matcher.start();
      if (empty && matcher.start() == done && !ranges.isEmpty()) {
        continue;
      }
      if (done < matcher.start()) {
        ranges.add(new Range(done, matcher.start(), false));
      }
      ranges.add(new Range(matcher.start(), matcher.end(), true));
      done = matcher.end();
    }
    if (done < text.length()) {
      ranges.add(new Range(done, text.length(), false));
    }
    return ranges;
  }
}
