package dev.lanewise.text.tokenizer.file;

import com.google.gson.JsonObject;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import dev.lanewise.text.json.ForeignJson;
import dev.lanewise.text.tokenizer.pieces.Vocabulary;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The section {@code model} of a tokenizer.json. Its vocabulary and its merges, which may have hundreds of thousands of entries, are read
 * as a stream; everything else is a tree.
 */
final class ModelSource {
  /** Limit for the largest id, as a multiple of the number of pieces: gaps between ids take memory. */
  private static final int GAPS = 4;

  private static final int SMALL = 1024;

  /** Beginning of a line of merges.txt that is no merge; some files have it still. */
  private static final String VERSION = "#version";

  private final String name;
  private final JsonObject settings = new JsonObject();
  private @Nullable Vocabulary vocabulary;
  private double @Nullable [] scores;
  private @Nullable List<String> merges;

  private ModelSource(String name) {
    this.name = name;
  }

  /** Reads the section. */
  static ModelSource read(JsonReader json, BoundedReader source, String name) throws IOException {
    ModelSource model = new ModelSource(name);
    expect(json, JsonToken.BEGIN_OBJECT, name);
    json.beginObject();
    while (json.hasNext()) {
      String field = json.nextName();
      if (field.equals("vocab") && json.peek() == JsonToken.BEGIN_ARRAY) {
        once(model.vocabulary, name + ".vocab");
        model.readScored(json);
      } else if (field.equals("vocab") && json.peek() != JsonToken.NULL) {
        once(model.vocabulary, name + ".vocab");
        model.vocabulary = readVocabulary(json, name + ".vocab");
      } else if (field.equals("merges")) {
        once(model.merges, name + ".merges");
        model.merges = readMerges(json, name + ".merges");
      } else {
        TokenizerFile.add(model.settings, field, TokenizerFile.tree(json, source), name);
      }
    }
    json.endObject();
    return model;
  }

  /** Everything but {@code vocab} and {@code merges}. */
  Section settings() throws IOException {
    return new Section(settings, name);
  }

  /** The pieces of {@code vocab}, whether it is an object (piece: id) or an array ([piece, score]). */
  Vocabulary vocabulary() throws IOException {
    if (vocabulary == null) {
      throw new IOException(name + " has no vocab");
    }
    return vocabulary;
  }

  /** Tells whether {@code vocab} is an array of [piece, score]. */
  boolean hasScores() {
    return scores != null;
  }

  /** The scores of {@code vocab} by id, if it is an array of [piece, score]. */
  double[] scores() throws IOException {
    if (scores == null) {
      throw new IOException(name + ".vocab is no array of [piece, score]");
    }
    return scores;
  }

  /** Refuses scores, for models that have none. */
  Vocabulary plainVocabulary() throws IOException {
    if (scores != null) {
      throw new IOException(name + ".vocab is a JSON array, must be a JSON object");
    }
    return vocabulary();
  }

  /** The merges, two strings for each: left 0, right 0, left 1, right 1, …; null if there are none. */
  @Nullable List<String> merges() {
    return merges;
  }

  private void readScored(JsonReader json) throws IOException {
    List<String> pieces = new ArrayList<>();
    double[] found = new double[SMALL];
    json.beginArray();
    while (json.hasNext()) {
      expect(json, JsonToken.BEGIN_ARRAY, name + ".vocab[" + pieces.size() + "]");
      json.beginArray();
      expect(json, JsonToken.STRING, name + ".vocab[" + pieces.size() + "][0]");
      String piece = json.nextString();
      expect(json, JsonToken.NUMBER, name + ".vocab[" + pieces.size() + "][1]");
      if (pieces.size() == found.length) {
        found = Arrays.copyOf(found, 2 * found.length);
      }
      found[pieces.size()] = Scores.parse(json.nextString());
      if (!Double.isFinite(found[pieces.size()])) {
        throw new IOException(name + ".vocab[" + pieces.size() + "][1] is too large");
      }
      expect(json, JsonToken.END_ARRAY, "the end of " + name + ".vocab[" + pieces.size() + "]");
      json.endArray();
      pieces.add(piece);
    }
    json.endArray();
    vocabulary = new Vocabulary(pieces.toArray(String[]::new));
    scores = Arrays.copyOf(found, pieces.size());
  }

  private static Vocabulary readVocabulary(JsonReader json, String name) throws IOException {
    expect(json, JsonToken.BEGIN_OBJECT, name);
    List<String> pieces = new ArrayList<>();
    int[] ids = new int[SMALL];
    json.beginObject();
    while (json.hasNext()) {
      String piece = json.nextName();
      if (json.peek() != JsonToken.NUMBER) {
        throw new IOException(name + ": id of " + ForeignJson.shown(piece) + " is " + shown(json.peek()) + ", must be a JSON number");
      }
      if (pieces.size() == ids.length) {
        ids = Arrays.copyOf(ids, 2 * ids.length);
      }
      ids[pieces.size()] = id(json.nextString(), piece, name);
      pieces.add(piece);
    }
    json.endObject();
    return vocabulary(pieces, ids, name);
  }

  private static int id(String digits, String piece, String name) throws IOException {
    try {
      int id = Integer.parseInt(digits);
      if (id >= 0) {
        return id;
      }
    } catch (NumberFormatException e) {
      throw new IOException(
          name + ": id of " + ForeignJson.shown(piece) + " is " + ForeignJson.shown(digits) + ", must be a whole number of 32 bits", e);
    }
    throw new IOException(name + ": id of " + ForeignJson.shown(piece) + " is " + digits + ", must be at least 0");
  }

  /** Puts pieces at their ids. */
  static Vocabulary vocabulary(List<String> pieces, int[] ids, String name) throws IOException {
    int size = 0;
    for (int i = 0; i < pieces.size(); i++) {
      if (ids[i] >= (long) GAPS * pieces.size() + SMALL) {
        throw new IOException(
            name + ": id of " + ForeignJson.shown(pieces.get(i)) + " is " + ids[i] + ", too large for " + pieces.size() + " pieces");
      }
      size = Math.max(size, ids[i] + 1);
    }
    @Nullable String[] byId = new String[size];
    for (int i = 0; i < pieces.size(); i++) {
      String other = byId[ids[i]];
      if (other != null) {
        throw new IOException(
            name + ": id of " + ForeignJson.shown(pieces.get(i)) + " is " + ids[i] + ", which is taken by " + ForeignJson.shown(other));
      }
      byId[ids[i]] = pieces.get(i);
    }
    Vocabulary vocabulary = new Vocabulary(byId);
    for (int i = 0; i < ids.length && i < pieces.size(); i++) {
      if (vocabulary.id(pieces.get(i)) != ids[i]) {
        throw new IOException(name + ": " + ForeignJson.shown(pieces.get(i)) + " occurs twice");
      }
    }
    return vocabulary;
  }

  /** Reads merges as "left right", or as ["left", "right"]. Equal strings are kept once. */
  private static List<String> readMerges(JsonReader json, String name) throws IOException {
    List<String> merges = new ArrayList<>();
    Map<String, String> known = new HashMap<>();
    expect(json, JsonToken.BEGIN_ARRAY, name);
    json.beginArray();
    while (json.hasNext()) {
      String left;
      String right;
      if (json.peek() == JsonToken.BEGIN_ARRAY) {
        json.beginArray();
        expect(json, JsonToken.STRING, name + "[" + merges.size() / 2 + "][0]");
        left = json.nextString();
        expect(json, JsonToken.STRING, name + "[" + merges.size() / 2 + "][1]");
        right = json.nextString();
        expect(json, JsonToken.END_ARRAY, "the end of " + name + "[" + merges.size() / 2 + "]");
        json.endArray();
      } else {
        expect(json, JsonToken.STRING, name + "[" + merges.size() / 2 + "]");
        String both = json.nextString();
        if (both.startsWith(VERSION)) {
          continue;
        }
        int space = both.indexOf(' ');
        if (space < 0 || both.indexOf(' ', space + 1) >= 0) {
          throw new IOException(name + "[" + merges.size() / 2 + "] is " + ForeignJson.shown(both) + ", must have one space");
        }
        left = both.substring(0, space);
        right = both.substring(space + 1);
      }
      merges.add(known.computeIfAbsent(left, x -> x));
      merges.add(known.computeIfAbsent(right, x -> x));
    }
    json.endArray();
    return merges;
  }

  private static void once(@Nullable Object before, String name) throws IOException {
    if (before != null) {
      throw new IOException(name + " occurs twice");
    }
  }

  private static void expect(JsonReader json, JsonToken token, String name) throws IOException {
    JsonToken found = json.peek();
    if (found != token) {
      throw new IOException(name + " is " + shown(found) + ", must be " + shown(token));
    }
  }

  /** A kind of token as messages show it. */
  private static String shown(JsonToken token) {
    return switch (token) {
      case BEGIN_ARRAY -> "a JSON array";
      case BEGIN_OBJECT -> "a JSON object";
      case STRING -> "a JSON string";
      case NUMBER -> "a JSON number";
      case BOOLEAN -> "true or false";
      case NULL -> "null";
      case END_ARRAY, END_OBJECT, END_DOCUMENT -> "the end";
      case NAME -> "a name";
    };
  }
}
