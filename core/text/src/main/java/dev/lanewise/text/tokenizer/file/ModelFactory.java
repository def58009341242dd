package dev.lanewise.text.tokenizer.file;

import dev.lanewise.text.tokenizer.pieces.PieceModel;
import dev.lanewise.text.tokenizer.pieces.Vocabulary;
import dev.lanewise.text.tokenizer.pieces.WordPiece;
import java.io.IOException;

/** Makes models of the section {@code model}. */
final class ModelFactory {
  /** Limit for the longest word: dividing a word takes quadratic time. BERT's own limit is 100. */
  private static final int LONGEST_WORD = 1000;

  private ModelFactory() {}

  static PieceModel of(ModelSource source) throws IOException {
    Section settings = source.settings();
    String type = settings.has("type") ? settings.type() : settings.has("continuing_subword_prefix") ? "WordPiece" : settings.type();
    return switch (type) {
      case "WordPiece" -> wordPiece(source, settings);
      default -> throw settings.unknownType();
    };
  }

  private static PieceModel wordPiece(ModelSource source, Section settings) throws IOException {
    Vocabulary vocabulary = source.plainVocabulary();
    String unknown = settings.text("unk_token");
    if (vocabulary.id(unknown) == Vocabulary.NONE) {
      throw settings.wrong("unk_token", "a piece of the vocabulary");
    }
    return settings.finish(
        new WordPiece(
            vocabulary,
            vocabulary.id(unknown),
            settings.text("continuing_subword_prefix"),
            settings.whole("max_input_chars_per_word", 1, LONGEST_WORD)));
  }
}
