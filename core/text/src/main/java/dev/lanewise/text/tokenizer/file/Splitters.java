package dev.lanewise.text.tokenizer.file;

import dev.lanewise.text.tokenizer.splitter.BertSplitter;
import dev.lanewise.text.tokenizer.splitter.ByteLevel;
import dev.lanewise.text.tokenizer.splitter.CharacterSplitter;
import dev.lanewise.text.tokenizer.splitter.Delimiters;
import dev.lanewise.text.tokenizer.splitter.Metaspace;
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
  /** Each of them may add a character to a word. */
  private static final int MOST_STEPS = 16;

  private Splitters() {}

  static Splitter of(@Nullable Section section) throws IOException {
    if (section == null) {
      return NoSplitter.INSTANCE;
    }
    List<Splitter> steps = new ArrayList<>();
    add(section, steps);
    return steps.size() == 1 ? steps.getFirst() : new SplitterSequence(steps);
  }

  private static void add(Section section, List<Splitter> steps) throws IOException {
    if (section.type().equals("Sequence")) {
      for (Section part : section.sections("pretokenizers")) {
        add(part, steps);
      }
      section.finish();
      return;
    }
    Splitter made =
        switch (section.type()) {
          case "BertPreTokenizer" -> new BertSplitter();
          case "ByteLevel" -> byteLevel(section);
          case "CharDelimiterSplit" -> CharacterSplitter.at(section.character("delimiter"));
          case "Digits" -> CharacterSplitter.atNumbers(section.truth("individual_digits", false));
          case "Metaspace" -> metaspace(section);
          case "Punctuation" -> CharacterSplitter.atPunctuation(section.has("behavior") ? delimiters(section) : Delimiters.ISOLATED);
          case "Split" -> new PatternSplitter(Patterns.of(section, "pattern"), delimiters(section), section.truth("invert", false));
          case "Whitespace" -> WordSplitter.INSTANCE;
          case "WhitespaceSplit" -> CharacterSplitter.atSpaces();
          default -> throw section.unknownType();
        };
    boolean again = made instanceof ByteLevel && steps.stream().anyMatch(step -> step instanceof ByteLevel);
    if (again) { // each one writes the bytes of the other's letters
      throw new IOException(section.named("type") + " is ByteLevel a second time");
    }
    steps.add(section.finish(made));
    section.checkSteps(steps.size(), MOST_STEPS);
  }

  private static Splitter byteLevel(Section section) throws IOException {
    section.ignoring("trim_offsets");
    return new ByteLevel(section.truth("add_prefix_space", true), section.truth("use_regex", true));
  }

  private static Splitter metaspace(Section section) throws IOException {
    section.ignoring("str_rep");
    return new Metaspace(section.character("replacement"), prepend(section), section.truth("split", true));
  }

  /** Where a visible space is put; older files say only whether. */
  static Metaspace.Prepend prepend(Section section) throws IOException {
    String scheme = section.has("prepend_scheme") ? section.text("prepend_scheme") : "always";
    Metaspace.Prepend prepend =
        switch (scheme) {
          case "first" -> Metaspace.Prepend.FIRST;
          case "always" -> Metaspace.Prepend.ALWAYS;
          case "never" -> Metaspace.Prepend.NEVER;
          default -> throw section.wrong("prepend_scheme", "first, always or never");
        };
    if (section.truth("add_prefix_space", true) || prepend == Metaspace.Prepend.NEVER) {
      return prepend;
    }
    if (section.has("prepend_scheme")) {
      throw section.wrong("add_prefix_space", "true, because prepend_scheme is " + scheme);
    }
    return Metaspace.Prepend.NEVER;
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
