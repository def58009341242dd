package dev.lanewise.text.tokenizer.file;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import dev.lanewise.text.json.ForeignJson;
import dev.lanewise.text.tokenizer.added.AddedToken;
import dev.lanewise.text.tokenizer.added.AddedTokens;
import dev.lanewise.text.tokenizer.normaliser.Normaliser;
import dev.lanewise.text.tokenizer.pieces.PieceModel;
import dev.lanewise.text.tokenizer.pieces.Vocabulary;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads a tokenizer.json. */
public final class TokenizerFile {
  /** Limit for the length of a file, in characters; those of Llama 3 and Qwen have 7 to 17 million. */
  private static final long MOST = 64_000_000;

  /** Limit for the parts of a file that become a tree, which takes about fifty times as much memory as its text. */
  private static final long MOST_TREE = 4_000_000;

  private static final int MOST_ADDED = 100_000;
  private static final int LARGEST_ID = 1 << 24;

  private final String name;
  private final JsonObject sections = new JsonObject();
  private @Nullable ModelSource model;

  private TokenizerFile(String name) {
    this.name = name;
  }

  /**
   * Reads a tokenizer.json.
   *
   * @param name name of the file in messages
   * @throws IOException if the file is damaged, or asks for something that is not supported; the message names it in one line
   */
  public static TokenizerParts read(InputStream json, String name) throws IOException {
    TokenizerFile file = new TokenizerFile(name);
    BoundedReader source = new BoundedReader(new InputStreamReader(json, StandardCharsets.UTF_8.newDecoder()), MOST, name);
    JsonReader reader = new JsonReader(source);
    reader.setStrictness(Strictness.STRICT);
    try {
      file.read(reader, source);
    } catch (IOException | JsonParseException | IllegalStateException | NumberFormatException e) {
      throw file.refused(e);
    }
    try {
      return file.parts();
    } catch (IllegalArgumentException e) { // a normaliser refuses the text of an added token
      throw new IOException(name + ": added_tokens: " + ForeignJson.shown(String.valueOf(e.getMessage())), e);
    }
  }

  /** An error of the parser, or of the stream beneath it, in one line. */
  private IOException refused(Exception e) {
    Throwable cause = e.getCause();
    if (e instanceof JsonParseException && cause instanceof IOException inner) {
      return refused(inner);
    }
    if (e instanceof CharacterCodingException) {
      return new IOException(name + " is not UTF-8", e);
    }
    return e instanceof IOException ours && String.valueOf(e.getMessage()).startsWith(name)
        ? ours
        : new IOException(name + " is no valid JSON: " + ForeignJson.reason(e), e);
  }

  private void read(JsonReader json, BoundedReader source) throws IOException {
    if (json.peek() != JsonToken.BEGIN_OBJECT) {
      throw new IOException(name + " is no JSON object");
    }
    source.budget(MOST_TREE);
    json.beginObject();
    while (json.hasNext()) {
      String field = json.nextName();
      if (field.equals("model")) {
        if (model != null) {
          throw new IOException(name + ": model occurs twice");
        }
        source.budget(Long.MAX_VALUE);
        model = ModelSource.read(json, source, name + ": model");
        source.budget(MOST_TREE);
      } else {
        add(sections, field, tree(json, source), name);
      }
    }
    json.endObject();
    if (json.peek() != JsonToken.END_DOCUMENT) {
      throw new IOException(name + " has data after its end");
    }
  }

  /** Reads one value as a tree, of limited size. */
  static JsonElement tree(JsonReader json, BoundedReader source) throws IOException {
    source.budget(MOST_TREE);
    JsonElement tree = ForeignJson.tree(json);
    source.budget(Long.MAX_VALUE);
    return tree;
  }

  /** Adds a field that must not be there already. */
  static void add(JsonObject target, String field, JsonElement value, String name) throws IOException {
    if (target.has(field)) {
      throw new IOException(name + "." + ForeignJson.shown(field) + " occurs twice");
    }
    target.add(field, value);
  }

  private TokenizerParts parts() throws IOException {
    Section root = new Section(sections, name);
    root.ignoring("version", "padding");
    if (model == null) {
      throw new IOException(name + " has no model");
    }
    PieceModel pieces = ModelFactory.of(model);
    Normaliser normaliser = Normalisers.of(optional("normalizer"));
    AddedTokens added = new AddedTokens(addedTokens(root, pieces.vocabulary()), normaliser);
    root.ignoring("normalizer", "pre_tokenizer", "post_processor", "decoder", "truncation");
    root.finish();
    return new TokenizerParts(
        added,
        normaliser,
        Splitters.of(optional("pre_tokenizer")),
        pieces,
        Templates.of(optional("post_processor")),
        Decoders.of(optional("decoder")),
        Templates.truncation(optional("truncation")));
  }

  /** A section; null if it is absent or null. */
  private @Nullable Section optional(String field) throws IOException {
    JsonElement element = sections.has(field) ? sections.get(field) : JsonNull.INSTANCE;
    return element.isJsonNull() ? null : new Section(element, name + ": " + field);
  }

  private List<AddedToken> addedTokens(Section root, Vocabulary vocabulary) throws IOException {
    List<AddedToken> tokens = new ArrayList<>();
    if (!root.has("added_tokens")) {
      return tokens;
    }
    Set<Integer> ids = new HashSet<>();
    Set<String> contents = new HashSet<>();
    for (Section token : root.sections("added_tokens")) {
      AddedToken added =
          new AddedToken(
              token.whole("id", 0, LARGEST_ID),
              token.text("content"),
              token.truth("single_word", false),
              token.truth("lstrip", false),
              token.truth("rstrip", false),
              token.truth("normalized", false),
              token.truth("special", false));
      token.finish();
      int known = vocabulary.id(added.content());
      String piece = vocabulary.piece(added.id());
      if (added.content().isEmpty()) {
        throw token.wrong("content", "longer");
      } else if (known != Vocabulary.NONE && known != added.id()) {
        throw token.wrong("id", known + ", the id of " + ForeignJson.shown(added.content()) + " in the vocabulary");
      } else if (known == Vocabulary.NONE && piece != null) {
        throw token.wrong("id", "another one: in the vocabulary it is the id of " + ForeignJson.shown(piece));
      } else if (!ids.add(added.id()) || !contents.add(added.content()) || tokens.size() == MOST_ADDED) {
        throw token.wrong("id", "unique, as must be " + ForeignJson.shown(added.content()) + ", and of at most " + MOST_ADDED);
      }
      tokens.add(added);
    }
    return tokens;
  }
}
