package dev.lanewise.text.tokenizer.file;

import dev.lanewise.text.tokenizer.splitter.BertSplitter;
import dev.lanewise.text.tokenizer.splitter.CharacterSplitter;
import dev.lanewise.text.tokenizer.splitter.Delimiters;
import dev.lanewise.text.tokenizer.splitter.NoSplitter;
import dev.lanewise.text.tokenizer.splitter.PatternSplitter;
import dev.lanewise.text.tokenizer.splitter.Splitter;
import dev.lanewise.text.tokenizer.splitter.SplitterSequence;
import dev.lanewise.text.tokenizer.splitter.WordSplitter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes splitters of the section {@code pre_tokenizer}. */
final class Splitters {
  private Splitters() {}

  static Splitter of(@Nullable Section section) throws IOException {
    if (section == null) {
      return NoSplitter.INSTANCE;
    }
    Splitter made =
        switch (section.type()) {
          case "BertPreTokenizer" -> new BertSplitter();
          case "CharDelimiterSplit" -> CharacterSplitter.at(character(section, "delimiter"));
          case "Digits" -> CharacterSplitter.atNumbers(section.truth("individual_digits", false));
          case "Punctuation" -> CharacterSplitter.atPunctuation(section.has("behavior") ? delimiters(section) : Delimiters.ISOLATED);
          case "Sequence" -> sequence(section);
          case "Split" -> new PatternSplitter(Patterns.of(section, "pattern"), delimiters(section), section.truth("invert", false));
          case "Whitespace" -> WordSplitter.INSTANCE;
          case "WhitespaceSplit" -> CharacterSplitter.atSpaces();
          default -> throw section.unknownType();
        };
    return section.finish(made);
  }

  private static Splitter sequence(Section section) throws IOException {
    List<Splitter> splitters = new ArrayList<>();
    for (Section splitter : section.sections("pretokenizers")) {
      splitters.add(of(splitter));
    }
    return new SplitterSequence(splitters);
  }

  private static int character(Section section, String field) throws IOException {
    String text = section.text(field);
    if (text.codePointCount(0, text.length()) != 1) {
      throw section.wrong(field, "one character");
    }
    return text.codePointAt(0);
  }

  private static Delimiters delimiters(Section section) throws IOException {
    return switch (section.text("behavior")) {
      case "Removed" -> Delimiters.REMOVED;
      case "Isolated" -> Delimiters.ISOLATED;
      case "MergedWithPrevious" -> Delimiters.MERGED_WITH_PREVIOUS;
      case "MergedWithNext" -> Delimiters.MERGED_WITH_NEXT;
      case "Contiguous" -> Delimiters.CONTIGUOUS;
      default -> throw section.wrong("behavior", "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous");
    };
  }
}
