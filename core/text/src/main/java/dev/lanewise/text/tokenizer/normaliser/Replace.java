package dev.lanewise.text.tokenizer.normaliser;

import java.util.List;

/** Replaces each match of a pattern by a text. */
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
        builder.put(content, range.begin(), range.end());
      } else {
        builder.copy(range.begin(), range.end());
      }
    }
    return builder.build();
  }
}
