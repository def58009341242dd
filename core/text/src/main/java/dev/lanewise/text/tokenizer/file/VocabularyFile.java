package dev.lanewise.text.tokenizer.file;

import dev.lanewise.text.json.ForeignFile;
import dev.lanewise.text.json.ForeignJson;
import dev.lanewise.text.tokenizer.added.AddedToken;
import dev.lanewise.text.tokenizer.added.AddedTokens;
import dev.lanewise.text.tokenizer.decoder.StepDecoder;
import dev.lanewise.text.tokenizer.decoder.WordPieceStep;
import dev.lanewise.text.tokenizer.normaliser.BertNormaliser;
import dev.lanewise.text.tokenizer.pieces.Vocabulary;
import dev.lanewise.text.tokenizer.pieces.WordPiece;
import dev.lanewise.text.tokenizer.splitter.BertSplitter;
import dev.lanewise.text.tokenizer.template.PostProcessor;
import dev.lanewise.text.tokenizer.template.Template;
import dev.lanewise.text.tokenizer.template.Template.Part;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads the vocab.txt of a BERT model. */
public final class VocabularyFile {
  private static final int LONGEST_WORD = 100;
  private static final long MOST = 64_000_000;
  private static final String CONFIG = "tokenizer_config.json";
  private static final List<String> SPECIALS = List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]");

  private VocabularyFile() {}

  /** Reads a tokenizer.json, or a vocab.txt with a tokenizer_config.json beside it. */
  public static TokenizerParts readEither(Path file) throws IOException {
    String name = String.valueOf(file.getFileName());
    try (InputStream in = ForeignFile.open(file)) {
      return name.endsWith(".txt") ? read(in, normaliser(file), name) : TokenizerFile.read(in, name);
    }
  }

  private static BertNormaliser normaliser(Path vocabulary) throws IOException {
    Path file = vocabulary.resolveSibling(CONFIG);
    if (!Files.exists(file)) {
      throw new IOException(vocabulary.getFileName() + " does not say whether letters become lower case, and there is no " + CONFIG);
    }
    try (InputStream in = ForeignFile.open(file)) {
      Section config = new Section(ForeignJson.parse(in.readNBytes(ForeignJson.MOST_BYTES + 1), CONFIG), CONFIG);
      for (String other : List.of("word_tokenizer_type", "subword_tokenizer_type")) {
        String must = other.startsWith("word") ? "basic" : "wordpiece";
        if (config.has(other) && !config.text(other).equals(must)) {
          throw config.wrong(other, must);
        }
      }
      if (!config.truth("do_basic_tokenize", true)) {
        throw config.wrong("do_basic_tokenize", "true");
      }
      boolean lowercase = ForeignJson.truth(config.get("do_lower_case"), config.named("do_lower_case"));
      Boolean stripAccents = config.truthOrNull("strip_accents");
      return new BertNormaliser(
          true, config.truth("tokenize_chinese_chars", true), stripAccents == null ? lowercase : stripAccents, lowercase);
    }
  }

  /** Reads a vocab.txt. */
  public static TokenizerParts read(InputStream in, boolean lowercase, String name) throws IOException {
    return read(in, new BertNormaliser(true, true, lowercase, lowercase), name);
  }

  private static TokenizerParts read(InputStream in, BertNormaliser normaliser, String name) throws IOException {
    Vocabulary vocabulary = vocabulary(in, name);
    List<AddedToken> added = new ArrayList<>();
    for (String special : SPECIALS) {
      int id = vocabulary.id(special);
      if (id != Vocabulary.NONE) {
        added.add(new AddedToken(id, special, false, false, false, false, true));
      }
    }
    Part first = special(vocabulary, "[CLS]", 0, name);
    Part last = special(vocabulary, "[SEP]", 0, name);
    Template template =
        new Template(
            List.of(first, new Part.Text(0, 0), last),
            List.of(first, new Part.Text(0, 0), last, new Part.Text(1, 1), special(vocabulary, "[SEP]", 1, name)));
    return new TokenizerParts(
        new AddedTokens(added, normaliser),
        normaliser,
        new BertSplitter(),
        new WordPiece(vocabulary, id(vocabulary, "[UNK]", name), "##", LONGEST_WORD),
        new PostProcessor(template, null),
        new StepDecoder(List.of(new WordPieceStep("##", true))),
        null);
  }

  private static Part special(Vocabulary vocabulary, String token, int type, String name) throws IOException {
    return new Part.Special(List.of(id(vocabulary, token, name)), type);
  }

  private static int id(Vocabulary vocabulary, String token, String name) throws IOException {
    int id = vocabulary.id(token);
    if (id == Vocabulary.NONE) {
      throw new IOException(name + " has no " + token);
    }
    return id;
  }

  private static Vocabulary vocabulary(InputStream in, String name) throws IOException {
    List<String> pieces = new ArrayList<>();
    try (BufferedReader lines =
        new BufferedReader(new BoundedReader(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()), MOST, name))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        pieces.add(line);
      }
    } catch (CharacterCodingException e) {
      throw new IOException(name + " is not UTF-8 in line " + (pieces.size() + 1), e);
    }
    return new Vocabulary(pieces.toArray(String[]::new));
  }
}
