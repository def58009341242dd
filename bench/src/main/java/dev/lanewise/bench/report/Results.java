package dev.lanewise.bench.report;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.lanewise.bench.files.OutputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** What was measured, as the file keeps it: where, with what, and a result or the reason of its absence for each case. */
final class Results {
  private static final int VERSION = 1;
  private static final long MOST_BYTES = 50_000_000;
  private static final Gson PRETTY = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

  private final JsonObject json;

  private Results(JsonObject json) {
    this.json = json;
  }

  /** Nothing yet. */
  static Results begin(String suite, int threads) {
    JsonObject json = new JsonObject();
    json.addProperty("lanewiseReport", VERSION);
    json.addProperty("suite", suite);
    json.addProperty("threads", threads);
    json.add("machine", Environment.machine());
    json.add("jdk", Environment.jdk());
    json.add("cases", new JsonArray());
    return new Results(json);
  }

  /**
   * Reads a file that {@link #write} wrote.
   *
   * @throws IOException if it cannot be read, or holds something else
   */
  static Results read(Path file) throws IOException {
    if (Files.size(file) > MOST_BYTES) {
      throw new IOException(file + " has " + Files.size(file) + " bytes, must have at most " + MOST_BYTES);
    }
    try {
      JsonObject json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
      if (json.get("lanewiseReport") == null || json.get("lanewiseReport").getAsInt() != VERSION) {
        throw new IOException(file + " is no report of version " + VERSION);
      }
      Results results = new Results(json);
      results.timings();
      return results;
    } catch (JsonParseException
        | IllegalStateException
        | ClassCastException
        | NullPointerException
        | NumberFormatException
        | UnsupportedOperationException
        | StackOverflowError e) {
      throw new IOException(file + " is no report: " + e.getMessage(), e);
    }
  }

  /** Writes the file, whole or not at all. */
  void write(Path file) throws IOException {
    OutputFile.write(file, PRETTY.toJson(json) + "\n");
  }

  JsonObject json() {
    return json;
  }

  void add(Case of, JsonObject result) {
    entry(of).add("result", result);
  }

  void fail(Case of, String error) {
    entry(of).addProperty("error", error);
  }

  private JsonObject entry(Case of) {
    JsonObject entry = new JsonObject();
    entry.addProperty("id", of.id());
    entry.addProperty("title", of.title());
    entry.addProperty("chart", of.chart().name());
    entry.addProperty("x", of.x());
    entry.add("arguments", new Gson().toJsonTree(of.arguments()));
    json.getAsJsonArray("cases").add(entry);
    return entry;
  }

  /**
   * The times of a case.
   *
   * @param best seconds of the fastest sample
   * @param median seconds of the middle one
   */
  record Timing(double best, double median) {
    /** How far the middle sample is from the fastest, as a fraction. */
    double spread() {
      return median / best - 1;
    }
  }

  /** The times of the cases that have a result. */
  Map<String, Timing> timings() {
    Map<String, Timing> timings = new LinkedHashMap<>();
    for (JsonElement element : json.getAsJsonArray("cases")) {
      JsonObject entry = element.getAsJsonObject();
      if (entry.has("result")) {
        JsonObject result = entry.getAsJsonObject("result");
        double best = result.get("secondsBest").getAsDouble();
        double median = result.get("secondsMedian").getAsDouble();
        if (!(best > 0 && median >= best && median < Double.POSITIVE_INFINITY)) {
          throw new IllegalStateException("case " + entry.get("id") + " takes " + best + " s, in the middle " + median);
        }
        timings.put(entry.get("id").getAsString(), new Timing(best, median));
      }
    }
    return timings;
  }
}
