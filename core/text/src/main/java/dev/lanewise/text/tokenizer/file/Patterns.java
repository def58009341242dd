package dev.lanewise.text.tokenizer.file;

import dev.lanewise.text.json.ForeignJson;
import dev.lanewise.text.tokenizer.normaliser.SearchPattern;
import java.io.IOException;

/** Reads what a file searches for: {@code {"String": "…"}} or {@code {"Regex": "…"}}. */
final class Patterns {
  /** Limit for the length of a regular expression; those of published tokenizers have a few hundred characters. */
  private static final int LONGEST = 10_000;

  private Patterns() {}

  static SearchPattern of(Section section, String field) throws IOException {
    Section pattern = section.section(field);
    String kind = pattern.onlyField();
    String text = pattern.text(kind, Integer.MAX_VALUE);
    if (text.isEmpty() || text.length() > LONGEST) {
      throw new IOException(pattern.named(kind) + " has " + text.length() + " characters, must have 1 to " + LONGEST);
    }
    return switch (kind) {
      case "String" -> SearchPattern.ofString(text);
      case "Regex" -> regex(pattern, text);
      default -> throw new IOException(pattern.named(kind) + " is not known");
    };
  }

  private static SearchPattern regex(Section pattern, String text) throws IOException {
    try {
      return SearchPattern.ofRegex(text);
    } catch (IllegalArgumentException e) {
      throw new IOException(pattern.named("Regex") + ": " + ForeignJson.shown(String.valueOf(e.getMessage())), e);
    }
  }
}
