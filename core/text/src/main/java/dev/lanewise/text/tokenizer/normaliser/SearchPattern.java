package dev.lanewise.text.tokenizer.normaliser;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a file searches for in a text: a string or a regular expression. Empty matches are not found. */
public final class SearchPattern {
  /** The classes of the library that Hugging Face uses (Oniguruma) are those of Unicode, and so is its equality of cases. */
  private static final int FLAGS = Pattern.UNICODE_CHARACTER_CLASS;

  private static final String WORD = "\\p{IsAlphabetic}\\p{M}\\p{N}\\p{Pc}";

  private final Pattern pattern;

  private SearchPattern(Pattern pattern) {
    this.pattern = pattern;
  }

  /** Searches for a string. */
  public static SearchPattern ofString(String text) {
    return new SearchPattern(Pattern.compile(text, Pattern.LITERAL));
  }

  /**
   * Searches for a regular expression.
   *
   * @throws java.util.regex.PatternSyntaxException if it is none
   */
  public static SearchPattern ofRegex(String regex) {
    return new SearchPattern(Pattern.compile(translated(regex), FLAGS));
  }

  /** Writes the class of word characters out: the JDK has the joiners U+200C and U+200D in it, but not fractions. */
  private static String translated(String regex) {
    StringBuilder translated = new StringBuilder();
    int depth = 0;
    for (int i = 0; i < regex.length(); i++) {
      char c = regex.charAt(i);
      if (c == '\\' && i + 1 < regex.length()) {
        char escaped = regex.charAt(++i);
        if (escaped == 'w') {
          translated.append(depth > 0 ? WORD : "[" + WORD + "]");
        } else if (escaped == 'W' && depth == 0) {
          translated.append("[^" + WORD + "]");
        } else {
          translated.append(c).append(escaped);
        }
      } else {
        depth += c == '[' ? 1 : c == ']' && depth > 0 ? -1 : 0;
        translated.append(c);
      }
    }
    return translated.toString();
  }

  /**
   * A range of a text.
   *
   * @param matches whether the pattern was found there; otherwise it is a range between matches
   */
  public record Range(int begin, int end, boolean matches) {}

  /** All of a text: matches and what is between them. */
  public List<Range> ranges(String text) {
    List<Range> ranges = new ArrayList<>();
    Matcher matcher = pattern.matcher(text);
    int done = 0;
    while (matcher.find()) {
      if (matcher.end() == matcher.start()) {
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
