package dev.lanewise.text.json;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import dev.lanewise.core.foreign.ForeignText;
import java.io.IOException;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Reads JSON from an untrusted source. Every error is an {@link IOException} with a message of one short line that contains the position.
 * Gson limits nesting to 255 arrays and objects, so deep nesting cannot overflow the stack.
 */
public final class ForeignJson {
  /** A tree takes about fifty times as much memory as its text, so this limits a tree to 200 MB; the largest file here has 0.7 MB. */
  public static final int MOST_BYTES = 4_000_000;

  private static final int LONGEST_SHOWN = 80;

  private ForeignJson() {}

  /**
   * Parses a text that must be a JSON object.
   *
   * @param what name of the text in messages
   */
  public static JsonObject parse(byte[] utf8, String what) throws IOException {
    return object(element(utf8, what), whole(what));
  }

  /**
   * Parses a text that must be a JSON array.
   *
   * @param what name of the text in messages
   */
  public static JsonArray parseArray(byte[] utf8, String what) throws IOException {
    return array(element(utf8, what), whole(what));
  }

  /** Name of a whole text in a message about its type. */
  private static String whole(String what) {
    return what + " is no valid JSON: the text";
  }

  private static JsonElement element(byte[] utf8, String what) throws IOException {
    if (utf8.length > MOST_BYTES) {
      throw new IOException(what + " has more than " + MOST_BYTES + " bytes");
    }
    ByteBuffer bytes = ByteBuffer.wrap(utf8);
    CharSequence text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(bytes);
    } catch (CharacterCodingException e) {
      throw new IOException(what + " is not UTF-8 at byte " + (bytes.position() + 1), e);
    }
    JsonReader reader = new JsonReader(Reader.of(text));
    reader.setStrictness(Strictness.STRICT);
    try {
      JsonElement element = tree(reader);
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        throw new IOException("it has data after its end at " + reader.getPath());
      }
      return element;
    } catch (IOException | JsonParseException e) {
      throw new IOException(what + " is no valid JSON: " + reason(e), e);
    }
  }

  /**
   * Reads one value. A name that an object has twice is refused: two programs would read two models from one file.
   *
   * @param reader strict; it limits the depth
   */
  public static JsonElement tree(JsonReader reader) throws IOException {
    return switch (reader.peek()) {
      case BEGIN_OBJECT -> {
        JsonObject object = new JsonObject();
        reader.beginObject();
        while (reader.hasNext()) {
          String name = reader.nextName();
          if (object.has(name)) {
            throw new IOException("it has a name twice at " + reader.getPath());
          }
          object.add(name, tree(reader));
        }
        reader.endObject();
        yield object;
      }
      case BEGIN_ARRAY -> {
        JsonArray array = new JsonArray();
        reader.beginArray();
        while (reader.hasNext()) {
          array.add(tree(reader));
        }
        reader.endArray();
        yield array;
      }
      case STRING, NUMBER, BOOLEAN, NULL, END_ARRAY, END_OBJECT, NAME, END_DOCUMENT -> JsonParser.parseReader(reader);
    };
  }

  /** The message of a parser, without its advice to use a lenient mode. */
  public static String reason(Exception e) {
    String message = String.valueOf(e.getMessage());
    String first = message.lines().findFirst().orElse("");
    int position = first.indexOf(" at line ");
    return shown(position >= 0 ? "wrong" + first.substring(position) : first);
  }

  /** A text of a file as messages show it: short, and on one line. */
  public static String shown(String text) {
    return ForeignText.shown(text, LONGEST_SHOWN);
  }

  /** A required field. */
  public static JsonElement field(JsonObject object, String name, String what) throws IOException {
    JsonElement value = object.get(name);
    if (value == null) {
      throw new IOException(what + " has no " + name);
    }
    return value;
  }

  /** The element as an object. */
  public static JsonObject object(JsonElement element, String what) throws IOException {
    if (element instanceof JsonObject object) {
      return object;
    }
    throw wrongType(element, what, "a JSON object");
  }

  /** The element as an array. */
  public static JsonArray array(JsonElement element, String what) throws IOException {
    if (element instanceof JsonArray array) {
      return array;
    }
    throw wrongType(element, what, "a JSON array");
  }

  /** The element as a string. */
  public static String text(JsonElement element, String what) throws IOException {
    if (element instanceof JsonPrimitive primitive && primitive.isString()) {
      return primitive.getAsString();
    }
    throw wrongType(element, what, "a JSON string");
  }

  /** The element as a boolean. */
  public static boolean truth(JsonElement element, String what) throws IOException {
    if (element instanceof JsonPrimitive primitive && primitive.isBoolean()) {
      return primitive.getAsBoolean();
    }
    throw wrongType(element, what, "true or false");
  }

  /** The element as a number. A number that is too large for a double becomes infinite. */
  public static double number(JsonElement element, String what) throws IOException {
    if (element instanceof JsonPrimitive primitive && primitive.isNumber()) {
      return Double.parseDouble(primitive.getAsString());
    }
    throw wrongType(element, what, "a JSON number");
  }

  /** The element as an int, which consists of digits and an optional sign. */
  public static int whole(JsonElement element, String what) throws IOException {
    try {
      if (element instanceof JsonPrimitive primitive && primitive.isNumber()) {
        return Integer.parseInt(primitive.getAsString());
      }
    } catch (NumberFormatException e) {
      throw new IOException(what + " is " + shown(element.getAsString()) + ", must be a whole number of 32 bits", e);
    }
    throw wrongType(element, what, "a JSON number");
  }

  private static IOException wrongType(JsonElement element, String what, String expected) {
    return new IOException(what + " is " + type(element) + ", must be " + expected);
  }

  private static String type(@Nullable JsonElement element) {
    if (element instanceof JsonObject) {
      return "a JSON object";
    }
    if (element instanceof JsonArray) {
      return "a JSON array";
    }
    if (element instanceof JsonPrimitive primitive) {
      return primitive.isString() ? "a JSON string" : primitive.isNumber() ? "a JSON number" : "true or false";
    }
    return "null";
  }
}
