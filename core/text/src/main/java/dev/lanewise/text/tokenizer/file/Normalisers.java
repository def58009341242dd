package dev.lanewise.text.tokenizer.file;

import dev.lanewise.text.json.ForeignJson;
import dev.lanewise.text.tokenizer.normaliser.BertNormaliser;
import dev.lanewise.text.tokenizer.normaliser.Lowercase;
import dev.lanewise.text.tokenizer.normaliser.Nmt;
import dev.lanewise.text.tokenizer.normaliser.NoNormaliser;
import dev.lanewise.text.tokenizer.normaliser.Normaliser;
import dev.lanewise.text.tokenizer.normaliser.NormaliserSequence;
import dev.lanewise.text.tokenizer.normaliser.Precompiled;
import dev.lanewise.text.tokenizer.normaliser.Prepend;
import dev.lanewise.text.tokenizer.normaliser.Replace;
import dev.lanewise.text.tokenizer.normaliser.Strip;
import dev.lanewise.text.tokenizer.normaliser.StripAccents;
import dev.lanewise.text.tokenizer.normaliser.UnicodeForm;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes normalisers of the section {@code normalizer}. */
final class Normalisers {
  private static final int MOST_STEPS = 100;

  private Normalisers() {}

  static Normaliser of(@Nullable Section section) throws IOException {
    if (section == null) {
      return NoNormaliser.INSTANCE;
    }
    List<Normaliser> steps = new ArrayList<>();
    add(section, steps);
    return steps.size() == 1 ? steps.getFirst() : new NormaliserSequence(steps);
  }

  private static void add(Section section, List<Normaliser> steps) throws IOException {
    if (section.type().equals("Sequence")) {
      for (Section part : section.sections("normalizers")) {
        add(part, steps);
      }
      section.finish();
      return;
    }
    Normaliser made =
        switch (section.type()) {
          case "BertNormalizer" -> bert(section);
          case "Lowercase" -> Lowercase.INSTANCE;
          case "NFC" -> UnicodeForm.NFC;
          case "NFD" -> UnicodeForm.NFD;
          case "NFKC" -> UnicodeForm.NFKC;
          case "NFKD" -> UnicodeForm.NFKD;
          case "Nmt" -> Nmt.INSTANCE;
          case "Precompiled" -> precompiled(section);
          case "Prepend" -> new Prepend(section.text("prepend"));
          case "Replace" -> new Replace(Patterns.of(section, "pattern"), section.text("content"));
          case "Strip" -> new Strip(section.truth("strip_left", true), section.truth("strip_right", true));
          case "StripAccents" -> StripAccents.INSTANCE;
          default -> throw section.unknownType();
        };
    steps.add(section.finish(made));
    section.checkSteps(steps.size(), MOST_STEPS);
  }

  private static Normaliser bert(Section section) throws IOException {
    boolean lowercase = section.truth("lowercase", true);
    Boolean stripAccents = section.truthOrNull("strip_accents");
    return new BertNormaliser(
        section.truth("clean_text", true),
        section.truth("handle_chinese_chars", true),
        stripAccents == null ? lowercase : stripAccents,
        lowercase);
  }

  private static Normaliser precompiled(Section section) throws IOException {
    try {
      return Precompiled.ofBase64(section.text("precompiled_charsmap", Integer.MAX_VALUE));
    } catch (IllegalArgumentException e) {
      throw new IOException(section.named("precompiled_charsmap") + ": " + ForeignJson.shown(String.valueOf(e.getMessage())), e);
    }
  }
}
