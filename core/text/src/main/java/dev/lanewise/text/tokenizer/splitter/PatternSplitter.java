package dev.lanewise.text.tokenizer.splitter;

import dev.lanewise.text.tokenizer.normaliser.AlignedText;
import dev.lanewise.text.tokenizer.normaliser.SearchPattern;
import dev.lanewise.text.tokenizer.normaliser.SearchPattern.Range;
import java.util.List;

/** Splits at the matches of a pattern, which are the delimiters. */
public final class PatternSplitter extends RangeSplitter {
  private final SearchPattern pattern;
  private final boolean invert;

  /**
   * Creates the splitter.
   *
   * @param invert whether what is between the matches is the delimiters instead
   */
  public PatternSplitter(SearchPattern pattern, Delimiters delimiters, boolean invert) {
    super(delimiters);
    this.pattern = pattern;
    this.invert = invert;
  }

  @Override
  List<Range> ranges(AlignedText text) {
    List<Range> ranges = pattern.ranges(text.text(), text.budget());
    return invert ? ranges.stream().map(range -> new Range(range.begin(), range.end(), !range.matches())).toList() : ranges;
  }
}
