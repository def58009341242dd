package dev.lanewise.text.tokenizer.splitter;

import dev.lanewise.text.tokenizer.normaliser.AlignedText;
import dev.lanewise.text.tokenizer.normaliser.SearchPattern.Range;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Splits at delimiters that a subclass finds. */
abstract class RangeSplitter implements Splitter {
  private final Delimiters delimiters;

  RangeSplitter(Delimiters delimiters) {
    this.delimiters = delimiters;
  }

  /** All of a text: delimiters (which match) and what is between them, none of them empty. */
  abstract List<Range> ranges(AlignedText text);

  @Override
  public final void split(AlignedText text, Consumer<AlignedText> words) {
    for (Range range : merged(ranges(text))) {
      if (!range.matches() || delimiters != Delimiters.REMOVED) {
        words.accept(text.slice(range.begin(), range.end()));
      }
    }
  }

  private List<Range> merged(List<Range> ranges) {
    return switch (delimiters) {
      case REMOVED, ISOLATED -> ranges;
      case CONTIGUOUS -> contiguous(ranges);
      case MERGED_WITH_PREVIOUS -> withPrevious(ranges);
      case MERGED_WITH_NEXT -> withNext(ranges);
    };
  }

  private static List<Range> contiguous(List<Range> ranges) {
    List<Range> merged = new ArrayList<>();
    for (Range range : ranges) {
      if (!merged.isEmpty() && merged.getLast().matches() == range.matches()) {
        merged.add(new Range(merged.removeLast().begin(), range.end(), range.matches()));
      } else {
        merged.add(range);
      }
    }
    return merged;
  }

  /** Only the first of several delimiters belongs to the word in front of it. */
  private static List<Range> withPrevious(List<Range> ranges) {
    List<Range> merged = new ArrayList<>();
    boolean afterDelimiter = false;
    for (Range range : ranges) {
      if (range.matches() && !afterDelimiter && !merged.isEmpty()) {
        merged.add(new Range(merged.removeLast().begin(), range.end(), false));
      } else {
        merged.add(new Range(range.begin(), range.end(), false));
      }
      afterDelimiter = range.matches();
    }
    return merged;
  }

  /** Only the last of several delimiters belongs to the word behind it. */
  private static List<Range> withNext(List<Range> ranges) {
    List<Range> merged = new ArrayList<>();
    boolean afterDelimiter = false;
    for (Range range : ranges) {
      if (!range.matches() && afterDelimiter) {
        merged.add(new Range(merged.removeLast().begin(), range.end(), false));
      } else {
        merged.add(new Range(range.begin(), range.end(), false));
      }
      afterDelimiter = range.matches();
    }
    return merged;
  }
}
