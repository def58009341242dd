package dev.lanewise.text.tokenizer.file;

import dev.lanewise.text.json.ForeignJson;
import dev.lanewise.text.tokenizer.pieces.Bpe;
import dev.lanewise.text.tokenizer.pieces.PieceModel;
import dev.lanewise.text.tokenizer.pieces.Unigram;
import dev.lanewise.text.tokenizer.pieces.Vocabulary;
import dev.lanewise.text.tokenizer.pieces.WordLevel;
import dev.lanewise.text.tokenizer.pieces.WordPiece;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes models of the section {@code model}. */
final class ModelFactory {
  /** Limit for the longest word: dividing a word takes quadratic time. BERT's own limit is 100. */
  private static final int LONGEST_WORD = 1000;

  private ModelFactory() {}

  static PieceModel of(ModelSource source) throws IOException {
    Section settings = source.settings();
    String type = settings.has("type") ? settings.type() : typeOf(source, settings);
    return switch (type) {
      case "WordPiece" -> wordPiece(source, settings);
      case "BPE" -> bpe(source, settings);
      case "Unigram" -> unigram(source, settings);
      case "WordLevel" -> wordLevel(source, settings);
      default -> throw settings.unknownType();
    };
  }

  /** The type of a model whose file does not name it, as the old files of GPT-2, RoBERTa, BERT and T5 do not. */
  private static String typeOf(ModelSource source, Section settings) throws IOException {
    if (source.merges() != null) {
      return "BPE";
    }
    return source.hasScores() ? "Unigram" : settings.has("continuing_subword_prefix") ? "WordPiece" : settings.type();
  }

  private static PieceModel wordPiece(ModelSource source, Section settings) throws IOException {
    Vocabulary vocabulary = source.plainVocabulary();
    return settings.finish(
        new WordPiece(
            vocabulary,
            unknown(vocabulary, settings),
            settings.text("continuing_subword_prefix"),
            settings.whole("max_input_chars_per_word", 1, LONGEST_WORD)));
  }

  private static PieceModel bpe(ModelSource source, Section settings) throws IOException {
    Vocabulary vocabulary = source.plainVocabulary();
    List<String> merges = source.merges();
    if (merges == null) {
      throw new IOException(settings.named("merges") + " is missing");
    }
    if (settings.has("dropout") && settings.number("dropout") != 0) {
      throw settings.wrong("dropout", "null, because it makes tokens random");
    }
    Bpe.Builder builder =
        Bpe.builder(vocabulary, empty(settings.textOrNull("continuing_subword_prefix")))
            .suffix(empty(settings.textOrNull("end_of_word_suffix")))
            .fusesUnknown(settings.truth("fuse_unk", false))
            .fallsBackToBytes(settings.truth("byte_fallback", false))
            .takesWholeWords(settings.truth("ignore_merges", false));
    if (settings.has("unk_token")) {
      builder.unknown(unknown(vocabulary, settings));
    }
    for (int i = 0; i < merges.size(); i += 2) {
      try {
        builder.merge(merges.get(i), merges.get(i + 1));
      } catch (IllegalArgumentException e) {
        throw new IOException(settings.named("merges") + "[" + i / 2 + "]: " + ForeignJson.shown(String.valueOf(e.getMessage())), e);
      }
    }
    return settings.finish(builder.build());
  }

  private static PieceModel unigram(ModelSource source, Section settings) throws IOException {
    Vocabulary vocabulary = source.vocabulary();
    int unknown = settings.whole("unk_id", 0, Math.max(0, vocabulary.size() - 1));
    return settings.finish(new Unigram(vocabulary, source.scores(), unknown, settings.truth("byte_fallback", false)));
  }

  private static PieceModel wordLevel(ModelSource source, Section settings) throws IOException {
    Vocabulary vocabulary = source.plainVocabulary();
    return settings.finish(new WordLevel(vocabulary, unknown(vocabulary, settings)));
  }

  private static int unknown(Vocabulary vocabulary, Section settings) throws IOException {
    int unknown = vocabulary.id(settings.text("unk_token"));
    if (unknown == Vocabulary.NONE) {
      throw settings.wrong("unk_token", "a piece of the vocabulary");
    }
    return unknown;
  }

  private static String empty(@Nullable String text) {
    return text == null ? "" : text;
  }
}
