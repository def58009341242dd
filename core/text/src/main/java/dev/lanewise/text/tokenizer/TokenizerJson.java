package dev.lanewise.text.tokenizer;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.lanewise.text.json.ForeignJson;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Checks that a tokenizer.json describes exactly what {@link MiniLmTokenizer} does. */
final class TokenizerJson {
  /** Name of the file in messages. */
  static final String NAME = "tokenizer.json";

  /** Expected values, as JSON text; null for a field that is null or absent. */
  private record Expected(String field, String json) {}

  private static final Map<String, List<Expected>> SECTIONS =
      Map.of(
          "model",
          List.of(
              new Expected("type", "\"WordPiece\""),
              new Expected("unk_token", "\"[UNK]\""),
              new Expected("continuing_subword_prefix", "\"##\"")),
          "normalizer",
          List.of(
              new Expected("type", "\"BertNormalizer\""),
              new Expected("clean_text", "true"),
              new Expected("handle_chinese_chars", "true"),
              // Null means the same value as lowercase.
              new Expected("strip_accents", "null"),
              new Expected("lowercase", "true")),
          "pre_tokenizer",
          List.of(new Expected("type", "\"BertPreTokenizer\"")),
          "post_processor",
          List.of(
              new Expected("type", "\"TemplateProcessing\""),
              new Expected(
                  "single",
                  """
                  [{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},\
                  {"SpecialToken":{"id":"[SEP]","type_id":0}}]\
                  """)));

  private TokenizerJson() {}

  /**
   * A required field.
   *
   * @throws IOException if it is absent
   */
  static JsonElement field(JsonObject object, String name) throws IOException {
    return ForeignJson.field(object, name, NAME + ", where it must be,");
  }

  /** A required field that is an object. */
  static JsonObject object(JsonObject object, String name) throws IOException {
    return ForeignJson.object(field(object, name), named(name));
  }

  /** Name of a part of the file in messages. */
  static String named(String part) {
    return NAME + ": " + ForeignJson.shown(part);
  }

  /**
   * Compares the settings with the expected ones.
   *
   * @throws IOException naming the first one that differs
   */
  static void check(JsonObject root) throws IOException {
    for (Map.Entry<String, List<Expected>> section : SECTIONS.entrySet()) {
      JsonObject settings = object(root, section.getKey());
      for (Expected expected : section.getValue()) {
        JsonElement value = settings.get(expected.field());
        String json = Objects.toString(value);
        if (!json.equals(expected.json())) {
          throw new IOException(
              named(section.getKey()) + "." + expected.field() + " is " + ForeignJson.shown(json) + ", must be " + expected.json());
        }
      }
    }
  }
}
