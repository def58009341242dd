package dev.lanewise.text.tokenizer.file;

import dev.lanewise.text.tokenizer.decoder.ByteFallbackStep;
import dev.lanewise.text.tokenizer.decoder.ByteLevelStep;
import dev.lanewise.text.tokenizer.decoder.Decoder;
import dev.lanewise.text.tokenizer.decoder.DecoderStep;
import dev.lanewise.text.tokenizer.decoder.FuseStep;
import dev.lanewise.text.tokenizer.decoder.MetaspaceStep;
import dev.lanewise.text.tokenizer.decoder.ReplaceStep;
import dev.lanewise.text.tokenizer.decoder.SpaceDecoder;
import dev.lanewise.text.tokenizer.decoder.StepDecoder;
import dev.lanewise.text.tokenizer.decoder.StripStep;
import dev.lanewise.text.tokenizer.decoder.SuffixStep;
import dev.lanewise.text.tokenizer.decoder.WordPieceStep;
import dev.lanewise.text.tokenizer.splitter.Metaspace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes decoders of the section {@code decoder}. */
final class Decoders {
  private static final int MOST_STEPS = 100;

  private Decoders() {}

  static Decoder of(@Nullable Section section) throws IOException {
    if (section == null) {
      return new SpaceDecoder();
    }
    List<DecoderStep> steps = new ArrayList<>();
    add(section, steps);
    return new StepDecoder(steps);
  }

  private static void add(Section section, List<DecoderStep> steps) throws IOException {
    if (section.type().equals("Sequence")) {
      for (Section part : section.sections("decoders")) {
        add(part, steps);
      }
      section.finish();
      return;
    }
    DecoderStep made =
        switch (section.type()) {
          case "ByteFallback" -> new ByteFallbackStep();
          case "ByteLevel" -> byteLevel(section);
          case "BPEDecoder" -> new SuffixStep(section.longer("suffix"));
          case "Fuse" -> new FuseStep();
          case "Metaspace" -> metaspace(section);
          case "Replace" -> new ReplaceStep(Patterns.of(section, "pattern"), section.text("content"));
          case "Strip" -> strip(section);
          case "WordPiece" -> new WordPieceStep(section.text("prefix"), section.truth("cleanup", true));
          default -> throw section.unknownType();
        };
    steps.add(section.finish(made));
    section.checkSteps(steps.size(), MOST_STEPS);
  }

  /** The fields belong to the splitter of the same name, and mean nothing here. */
  private static DecoderStep byteLevel(Section section) {
    section.ignoring("add_prefix_space", "trim_offsets", "use_regex");
    return new ByteLevelStep();
  }

  private static DecoderStep metaspace(Section section) throws IOException {
    section.ignoring("split", "str_rep");
    return new MetaspaceStep(section.character("replacement"), Splitters.prepend(section) != Metaspace.Prepend.NEVER);
  }

  private static DecoderStep strip(Section section) throws IOException {
    return new StripStep(
        section.character("content"), section.whole("start", 0, Integer.MAX_VALUE), section.whole("stop", 0, Integer.MAX_VALUE));
  }
}
