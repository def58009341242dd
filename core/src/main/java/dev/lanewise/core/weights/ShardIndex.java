package dev.lanewise.core.weights;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import dev.lanewise.core.foreign.RegularFile;
import java.io.EOFException;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The index of a checkpoint in several files: {@code {"metadata": {…}, "weight_map": {"tensor": "file", …}}}. Opening checks that the
 * shards hold exactly the tensors that the index names.
 *
 * @param path the file, for messages
 * @param shards the file of each tensor, in the order of the index
 */
record ShardIndex(Path path, Map<String, String> shards) {
  private static final String ONE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  /** Longest name of a shard: that of a file on most systems. */
  private static final int LONGEST_NAME = 255;

  /** Opens all files of a folder, an index, or a file alone; see {@link Safetensors#openAll}. */
  static List<MappedTensors> open(Path path) throws IOException {
    Objects.requireNonNull(path, "path");
    if (!Files.isDirectory(path)) {
      return path.toString().endsWith(".json") ? read(path).openShards() : List.of(MappedTensors.open(path));
    }
    if (Files.exists(path.resolve(ONE))) {
      return List.of(MappedTensors.open(path.resolve(ONE)));
    }
    if (Files.exists(path.resolve(INDEX))) {
      return read(path.resolve(INDEX)).openShards();
    }
    throw new IOException(path + " has neither " + ONE + " nor " + INDEX);
  }

  private List<MappedTensors> openShards() throws IOException {
    Map<String, MappedTensors> opened = new LinkedHashMap<>();
    try {
      for (Map.Entry<String, String> entry : shards.entrySet()) {
        if (!opened.containsKey(entry.getValue())) {
          Path shard = path.resolveSibling(entry.getValue());
          if (!Files.exists(shard)) {
            throw wrong("shard " + shard + ", which it names for tensor " + TensorText.quoted(entry.getKey()) + ", is not there");
          }
          opened.put(entry.getValue(), MappedTensors.open(shard));
        }
      }
      check(opened);
      return List.copyOf(opened.values());
    } catch (IOException | RuntimeException | Error e) {
      opened.values().forEach(MappedTensors::close);
      throw e;
    }
  }

  /** Checks that each tensor is in its shard and in no other, and that no shard has other tensors. */
  private void check(Map<String, MappedTensors> opened) throws IOException {
    Map<String, String> found = new LinkedHashMap<>();
    for (Map.Entry<String, MappedTensors> shard : opened.entrySet()) {
      for (String name : shard.getValue().tensors().keySet()) {
        String other = found.putIfAbsent(name, shard.getKey());
        if (other != null) {
          throw wrong("tensor " + TensorText.quoted(name) + " is in two shards, " + other + " and " + shard.getKey());
        }
        if (!shards.containsKey(name)) {
          throw wrong("tensor " + TensorText.quoted(name) + " of shard " + shard.getKey() + " is not named in the index");
        }
      }
    }
    for (Map.Entry<String, String> entry : shards.entrySet()) {
      String actual = found.get(entry.getKey());
      if (!entry.getValue().equals(actual)) {
        String instead = actual == null ? "" : "; it is in " + actual;
        throw wrong("tensor " + TensorText.quoted(entry.getKey()) + " is not in its shard " + entry.getValue() + instead);
      }
    }
  }

  private IOException wrong(String what) {
    return new IOException(path + ": " + what);
  }

  private static ShardIndex read(Path path) throws IOException {
    RegularFile.check(path);
    if (Files.size(path) > SafetensorsHeader.LONGEST) {
      throw new IOException(path + " has " + Files.size(path) + " bytes, must have at most " + SafetensorsHeader.LONGEST);
    }
    try (Reader text = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
      JsonReader in = new JsonReader(text);
      in.setStrictness(Strictness.STRICT);
      return new ShardIndex(path, readShards(in));
    } catch (MalformedJsonException | EOFException e) {
      throw new IOException(path + " is not valid JSON" + SafetensorsJson.position(e), e);
    } catch (CharacterCodingException e) {
      throw new IOException(path + " is not UTF-8", e);
    } catch (IOException e) {
      throw new IOException(path + ": " + e.getMessage(), e);
    }
  }

  private static Map<String, String> readShards(JsonReader in) throws IOException {
    Map<String, String> shards = new LinkedHashMap<>();
    List<String> fields = new ArrayList<>();
    expect(in, JsonToken.BEGIN_OBJECT, "the index");
    in.beginObject();
    while (in.hasNext()) {
      String field = in.nextName();
      if (!field.equals("weight_map")) {
        in.skipValue();
        continue;
      }
      if (fields.contains(field)) {
        throw new IOException("weight_map occurs twice");
      }
      fields.add(field);
      expect(in, JsonToken.BEGIN_OBJECT, "weight_map");
      in.beginObject();
      while (in.hasNext()) {
        String name = in.nextName();
        String what = "weight_map of tensor " + TensorText.quoted(name);
        expect(in, JsonToken.STRING, what);
        if (shards.putIfAbsent(name, fileName(in.nextString(), what)) != null) {
          throw new IOException("tensor " + TensorText.quoted(name) + " occurs twice in weight_map");
        }
      }
      in.endObject();
    }
    in.endObject();
    if (in.peek() != JsonToken.END_DOCUMENT) {
      throw new IOException("the index has data after its object");
    }
    if (shards.isEmpty()) {
      throw new IOException(fields.isEmpty() ? "the index has no weight_map" : "weight_map names no tensor");
    }
    return shards;
  }

  /** Refuses everything but the plain name of a file in the folder of the index. */
  private static String fileName(String name, String what) throws IOException {
    boolean plain =
        name.chars().allMatch(c -> c > ' ' && c < 127 && "/\\:*?\"<>|".indexOf(c) < 0)
            && !name.isEmpty()
            && name.length() <= LONGEST_NAME
            && name.charAt(0) != '.';
    if (!plain) {
      throw new IOException(
          what
              + " is "
              + TensorText.quoted(name)
              + ", must be the plain name of a file beside the index, of at most "
              + LONGEST_NAME
              + " characters");
    }
    return name;
  }

  private static void expect(JsonReader in, JsonToken expected, String what) throws IOException {
    JsonToken actual = in.peek();
    if (actual != expected) {
      throw new IOException(what + " is " + SafetensorsJson.words(actual) + ", must be " + SafetensorsJson.words(expected));
    }
  }
}
