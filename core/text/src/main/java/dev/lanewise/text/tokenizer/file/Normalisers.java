package dev.lanewise.text.tokenizer.file;

import dev.lanewise.text.tokenizer.normaliser.BertNormaliser;
import dev.lanewise.text.tokenizer.normaliser.NoNormaliser;
import dev.lanewise.text.tokenizer.normaliser.Normaliser;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Makes normalisers of the section {@code normalizer}. */
final class Normalisers {
  private Normalisers() {}

  static Normaliser of(@Nullable Section section) throws IOException {
    if (section == null) {
      return NoNormaliser.INSTANCE;
    }
    Normaliser made =
        switch (section.type()) {
          case "BertNormalizer" -> bert(section);
          default -> throw section.unknownType();
        };
    return section.finish(made);
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
}
