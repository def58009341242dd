package dev.lanewise.text.tokenizer.file;

import dev.lanewise.text.tokenizer.decoder.Decoder;
import dev.lanewise.text.tokenizer.decoder.SpaceDecoder;
import dev.lanewise.text.tokenizer.decoder.WordPieceDecoder;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Makes decoders of the section {@code decoder}. */
final class Decoders {
  private Decoders() {}

  static Decoder of(@Nullable Section section) throws IOException {
    if (section == null) {
      return new SpaceDecoder();
    }
    Decoder made =
        switch (section.type()) {
          case "WordPiece" -> new WordPieceDecoder(section.text("prefix"), section.truth("cleanup", true));
          default -> throw section.unknownType();
        };
    return section.finish(made);
  }
}
