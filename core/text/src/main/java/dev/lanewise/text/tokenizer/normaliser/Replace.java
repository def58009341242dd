package dev.lanewise.text.tokenizer.normaliser;

import java.util.List;

/** Replaces each match of a pattern by a text, which has the range of the last character of the match, as in Hugging Face's code. */
public record Replace(SearchPattern pattern, String content) implements Normaliser {
  @Override
  public AlignedText apply(AlignedText text) {
    List<SearchPattern.Range> ranges = pattern.ranges(text.text(), text.budget());
    if (ranges.stream().noneMatch(SearchPattern.Range::matches)) {
      return text;
    }
    AlignedText.Builder builder = text.builder();
    for (SearchPattern.Range range : ranges) {
      if (range.matches()) {
        put(builder, text, range.end());
      } else {
        builder.copy(range.begin(), range.end());
      }
    }
    return builder.build();
  }

  private void put(AlignedText.Builder builder, AlignedText text, int end) {
    if (end == 0) {
      builder.putAt(content, text.begin(), text.begin());
    } else {
      builder.put(content, text.text().offsetByCodePoints(end, -1), end);
    }
  }
}
