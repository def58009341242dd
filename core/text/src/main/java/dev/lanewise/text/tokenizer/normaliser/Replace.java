package dev.lanewise.text.tokenizer.normaliser;

import java.util.List;

/** Replaces each match of a pattern by a text. The range of the new text is that of the last character of the match. */
public record Replace(SearchPattern pattern, String content) implements Normaliser {
  @Override
  public AlignedText apply(AlignedText text) {
    List<SearchPattern.Range> ranges = pattern.ranges(text.text());
    if (ranges.stream().noneMatch(SearchPattern.Range::matches)) {
      return text;
    }
    AlignedText.Builder builder = text.builder();
    for (SearchPattern.Range range : ranges) {
      if (range.matches()) {
        int last = Character.charCount(text.text().codePointBefore(range.end()));
        builder.put(content, range.end() - last, range.end());
      } else {
        builder.copy(range.begin(), range.end());
      }
    }
    return builder.build();
  }
}
