package dev.lanewise.text.tokenizer.file;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import dev.lanewise.text.json.ForeignJson;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An object of a tokenizer.json. It remembers which fields were asked for, so that {@link #finish} can refuse the others by name. Not
 * thread-safe.
 */
final class Section {
  /** Longest string that is put into texts or searched in them; those of published files have up to 100 characters. */
  private static final int LONGEST = 1000;

  private final JsonObject object;
  private final String name;
  private final Set<String> asked = new HashSet<>();

  /**
   * An object.
   *
   * @param name file and path in messages, as "tokenizer.json: model"
   */
  Section(JsonElement element, String name) throws IOException {
    this.object = ForeignJson.object(element, name);
    this.name = name;
  }

  /** Name of a field in messages. */
  String named(String field) {
    return name + "." + ForeignJson.shown(field);
  }

  /** Tells whether a field is present and not null. */
  boolean has(String field) {
    asked.add(field);
    return object.has(field) && !object.get(field).isJsonNull();
  }

  /** A required field. */
  JsonElement get(String field) throws IOException {
    asked.add(field);
    return ForeignJson.field(object, field, name);
  }

  /** The field {@code type}. */
  String type() throws IOException {
    return text("type");
  }

  /** A required string of limited length. */
  String text(String field) throws IOException {
    return text(field, LONGEST);
  }

  /** A required string. */
  String text(String field, int most) throws IOException {
    String text = ForeignJson.text(get(field), named(field));
    if (text.length() > most) {
      throw new IOException(named(field) + " has " + text.length() + " characters, must have at most " + most);
    }
    return text;
  }

  /** A required string of one character or more. */
  String longer(String field) throws IOException {
    String text = text(field);
    if (text.isEmpty()) {
      throw wrong(field, "longer");
    }
    return text;
  }

  /** Counts the steps that follow one another, each of which reads the whole text. */
  void checkSteps(int steps, int most) throws IOException {
    if (steps > most) {
      throw new IOException(named("type") + " is part of more than " + most + " steps");
    }
  }

  /** A required string of one code point. */
  int character(String field) throws IOException {
    String text = text(field);
    if (text.isEmpty() || text.length() != Character.charCount(text.codePointAt(0))) {
      throw wrong(field, "one character");
    }
    return text.codePointAt(0);
  }

  /** A string, or null if it is absent or null. */
  @Nullable String textOrNull(String field) throws IOException {
    return has(field) ? text(field) : null;
  }

  /** A boolean, or another value if it is absent or null. */
  boolean truth(String field, boolean otherwise) throws IOException {
    return has(field) ? ForeignJson.truth(get(field), named(field)) : otherwise;
  }

  /** A boolean, or null if it is absent or null. */
  @Nullable Boolean truthOrNull(String field) throws IOException {
    return has(field) ? (Boolean) truth(field, false) : null;
  }

  /** A required whole number within a range. */
  int whole(String field, int least, int most) throws IOException {
    int value = ForeignJson.whole(get(field), named(field));
    if (value < least || value > most) {
      throw new IOException(named(field) + " is " + value + ", must be " + least + " to " + most);
    }
    return value;
  }

  /** A whole number within a range, or another value if it is absent or null. */
  int whole(String field, int least, int most, int otherwise) throws IOException {
    return has(field) ? whole(field, least, most) : otherwise;
  }

  /** A number. */
  double number(String field) throws IOException {
    return ForeignJson.number(get(field), named(field));
  }

  /** A required object. */
  Section section(String field) throws IOException {
    return new Section(get(field), named(field));
  }

  /** An object, or null if it is absent or null. */
  @Nullable Section sectionOrNull(String field) throws IOException {
    return has(field) ? section(field) : null;
  }

  /** The objects of a required array. */
  List<Section> sections(String field) throws IOException {
    JsonArray array = ForeignJson.array(get(field), named(field));
    List<Section> sections = new ArrayList<>();
    for (int i = 0; i < array.size(); i++) {
      sections.add(new Section(array.get(i), named(field) + "[" + i + "]"));
    }
    return sections;
  }

  /** The only field of an object that chooses by the name of its field, as {@code {"Regex": "…"}}. */
  String onlyField() throws IOException {
    if (object.size() != 1) {
      throw new IOException(name + " has " + object.size() + " fields, must have 1");
    }
    return object.keySet().iterator().next();
  }

  /** Marks fields as harmless: whatever they are, they do not change what this module does. */
  Section ignoring(String... fields) {
    asked.addAll(List.of(fields));
    return this;
  }

  /** Names of all fields. */
  Set<String> fields() {
    return object.keySet();
  }

  /** An error about the value of a field. */
  IOException wrong(String field, String must) {
    JsonElement value = object.has(field) ? object.get(field) : JsonNull.INSTANCE;
    return new IOException(named(field) + " is " + ForeignJson.shown(value.toString()) + ", must be " + must);
  }

  /** An error for a type that is not known here. */
  IOException unknownType() {
    return new IOException(named("type") + " is " + ForeignJson.shown(object.get("type").toString()) + ", which is not supported");
  }

  /** Refuses fields that nobody asked for. */
  void finish() throws IOException {
    for (String field : object.keySet()) {
      if (!asked.contains(field)) {
        throw new IOException(named(field) + " is not known");
      }
    }
  }

  /** Refuses fields that nobody asked for, and returns what was made of the others. */
  <T> T finish(T made) throws IOException {
    finish();
    return made;
  }
}
