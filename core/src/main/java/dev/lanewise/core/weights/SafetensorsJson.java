package dev.lanewise.core.weights;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import dev.lanewise.core.foreign.ForeignText;
import dev.lanewise.core.weights.Safetensors.Dtype;
import java.io.EOFException;
import java.io.IOException;
import java.io.Reader;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the JSON of a safetensors header as a stream, strictly: names occur once, values have the type that the format requires, numbers
 * are whole and fit a long. The reader never enters an array or object where the format has none. {@link SafetensorsHeader} checks the
 * meaning of the numbers.
 */
final class SafetensorsJson {
  static final String METADATA = "__metadata__";

  private static final int LONGEST_REASON = 200;

  /** Begins a line of its own, behind a path that may have lines, too. */
  private static final String ADVICE = "\nSee https://";

  private final JsonReader in;
  private final Map<String, SafetensorsHeader.Tensor> tensors = new LinkedHashMap<>();
  private @Nullable Map<String, String> metadata;

  private SafetensorsJson(Reader text) {
    in = new JsonReader(text);
    in.setStrictness(Strictness.STRICT);
  }

  /** The contents of a header, in its own order. */
  record Content(Map<String, SafetensorsHeader.Tensor> tensors, Map<String, String> metadata) {}

  static Content read(Reader text) throws IOException {
    SafetensorsJson json = new SafetensorsJson(text);
    try {
      json.readHeader();
    } catch (MalformedJsonException | EOFException e) {
      throw new IOException("the header is not valid JSON" + position(e), e);
    }
    return new Content(json.tensors, json.metadata == null ? Map.of() : json.metadata);
  }

  /** Line, column and path, whose names are those of the file, without Gson's advice to use its lenient mode. */
  static String position(IOException e) {
    String reason = String.valueOf(e.getMessage());
    String position = reason.substring(Math.max(0, reason.indexOf(" at line ")));
    int advice = position.lastIndexOf(ADVICE);
    return ForeignText.shown(advice < 0 ? position : position.substring(0, advice), LONGEST_REASON);
  }

  private void readHeader() throws IOException {
    begin(JsonToken.BEGIN_OBJECT, "the header");
    while (in.hasNext()) {
      String name = paired(in.nextName(), "a name in the header");
      if (name.equals(METADATA)) {
        once(metadata != null, METADATA);
        metadata = readMetadata();
      } else {
        once(tensors.containsKey(name), "tensor " + TensorText.quoted(name));
        tensors.put(name, readTensor("tensor " + TensorText.quoted(name)));
      }
    }
    in.endObject();
    if (in.peek() != JsonToken.END_DOCUMENT) {
      throw new IOException("the header has data after its object");
    }
  }

  private Map<String, String> readMetadata() throws IOException {
    Map<String, String> map = new LinkedHashMap<>();
    begin(JsonToken.BEGIN_OBJECT, METADATA);
    while (in.hasNext()) {
      String name = paired(in.nextName(), "a name in " + METADATA);
      String what = METADATA + " " + TensorText.quoted(name);
      once(map.containsKey(name), what);
      map.put(name, string(what));
    }
    in.endObject();
    return map;
  }

  private SafetensorsHeader.Tensor readTensor(String tensor) throws IOException {
    Dtype dtype = null;
    long[] shape = null;
    long[] offsets = null;
    begin(JsonToken.BEGIN_OBJECT, tensor);
    while (in.hasNext()) {
      String field = in.nextName();
      switch (field) {
        case "dtype" -> {
          once(dtype != null, "dtype of " + tensor);
          dtype = readDtype(tensor);
        }
        case "shape" -> {
          once(shape != null, "shape of " + tensor);
          shape = wholes("shape of " + tensor, Integer.MAX_VALUE);
        }
        case "data_offsets" -> {
          once(offsets != null, "data_offsets of " + tensor);
          offsets = wholes("data_offsets of " + tensor, 2);
        }
        default -> throw new IOException(tensor + " has an unknown field " + TensorText.quoted(field));
      }
    }
    in.endObject();
    if (dtype == null || shape == null || offsets == null) {
      throw new IOException(tensor + " has no " + (dtype == null ? "dtype" : shape == null ? "shape" : "data_offsets"));
    }
    if (offsets.length != 2) {
      throw new IOException("data_offsets of " + tensor + " has length " + offsets.length + ", must be 2");
    }
    return new SafetensorsHeader.Tensor(dtype, shape, offsets[0], offsets[1]);
  }

  private Dtype readDtype(String tensor) throws IOException {
    String name = string("dtype of " + tensor);
    for (Dtype dtype : Dtype.values()) {
      if (dtype.name().equals(name)) {
        return dtype;
      }
    }
    throw new IOException(
        "dtype of " + tensor + " is " + TensorText.quoted(name) + ", which is none of " + Arrays.toString(Dtype.values()));
  }

  private long[] wholes(String what, int most) throws IOException {
    long[] numbers = new long[Math.min(most, 4)];
    int count = 0;
    begin(JsonToken.BEGIN_ARRAY, what);
    while (in.hasNext()) {
      if (count == most) {
        throw new IOException(what + " has more than " + most + " elements");
      }
      if (count == numbers.length) {
        numbers = Arrays.copyOf(numbers, 2 * count);
      }
      numbers[count] = whole(what, count);
      count++;
    }
    in.endArray();
    return Arrays.copyOf(numbers, count);
  }

  /** Reads a number that consists of decimal digits only: without sign, point or exponent, whatever its value. */
  private long whole(String what, int index) throws IOException {
    JsonToken actual = in.peek();
    if (actual != JsonToken.NUMBER) {
      throw wrongType(what + ", element " + index + ",", actual, JsonToken.NUMBER);
    }
    String number = in.nextString();
    long value = 0;
    for (int i = 0; i < number.length(); i++) {
      int digit = number.charAt(i) - '0';
      if (digit < 0 || digit > 9 || value > (Long.MAX_VALUE - digit) / 10) {
        String shown = TensorText.quoted(number);
        throw new IOException(what + ", element " + index + ", is " + shown + ", must be a whole number from 0 to " + Long.MAX_VALUE);
      }
      value = 10 * value + digit;
    }
    return value;
  }

  private String string(String what) throws IOException {
    expect(JsonToken.STRING, what);
    return paired(in.nextString(), what);
  }

  private void begin(JsonToken token, String what) throws IOException {
    expect(token, what);
    if (token == JsonToken.BEGIN_ARRAY) {
      in.beginArray();
    } else {
      in.beginObject();
    }
  }

  private void expect(JsonToken expected, String what) throws IOException {
    JsonToken actual = in.peek();
    if (actual != expected) {
      throw wrongType(what, actual, expected);
    }
  }

  private static IOException wrongType(String what, JsonToken actual, JsonToken expected) {
    return new IOException(what + " is " + words(actual) + ", must be " + words(expected));
  }

  static String words(JsonToken token) {
    return switch (token) {
      case BEGIN_OBJECT -> "a JSON object";
      case BEGIN_ARRAY -> "a JSON array";
      default -> "a JSON " + token.name().toLowerCase(Locale.ROOT);
    };
  }

  private static void once(boolean again, String what) throws IOException {
    if (again) {
      throw new IOException(what + " occurs twice");
    }
  }

  /** Refuses an unpaired surrogate: an escaped one is valid JSON, but no Unicode text. */
  private static String paired(String text, String what) throws IOException {
    if (!TensorText.paired(text)) {
      throw new IOException(what + " has half a character (an unpaired surrogate): " + TensorText.quoted(text));
    }
    return text;
  }
}
