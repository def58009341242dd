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
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
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
   * What one case took in several JVMs: the result of the fastest, with what each of them took.
   *
   * @param forks at least one
   */
  static JsonObject ofForks(List<JsonObject> forks) {
    JsonObject best = forks.stream().min(Comparator.comparingDouble(Results::seconds)).orElseThrow().deepCopy();
    JsonArray each = new JsonArray();
    forks.forEach(fork -> each.add(seconds(fork)));
    best.add("forkSeconds", each);
    return best;
  }

  private static double seconds(JsonObject result) {
    return result.get("secondsBest").getAsDouble();
  }

  /**
   * How long a case takes, to compare with another run.
   *
   * @param time seconds of the fastest sample; of a duel a multiple of the peer's
   * @param spread how far the measurement is from itself, as a fraction
   */
  record Timing(double time, double spread) {
    Timing {
      if (!(time > 0 && time < Double.POSITIVE_INFINITY && spread >= 0 && spread < Double.POSITIVE_INFINITY)) {
        throw new IllegalStateException("a case takes " + time + " s, with a spread of " + spread);
      }
    }

    static Timing of(JsonObject result) {
      if (result.has("lowerRatio")) {
        return new Timing(1 / number(result, "ratio"), number(result, "upperRatio") / number(result, "lowerRatio") - 1);
      }
      double best = number(result, "secondsBest");
      double spread = number(result, "secondsMedian") / best - 1;
      if (result.has("forkSeconds")) {
        for (JsonElement fork : result.getAsJsonArray("forkSeconds")) {
          spread = Math.max(spread, fork.getAsDouble() / best - 1);
        }
      }
      return new Timing(best, spread);
    }

    private static double number(JsonObject result, String name) {
      return result.get(name).getAsDouble();
    }
  }

  /** The times of the cases that have a result. */
  Map<String, Timing> timings() {
    Map<String, Timing> timings = new LinkedHashMap<>();
    for (JsonElement element : json.getAsJsonArray("cases")) {
      JsonObject entry = element.getAsJsonObject();
      if (entry.has("result")) {
        timings.put(entry.get("id").getAsString(), Timing.of(entry.getAsJsonObject("result")));
      }
    }
    return timings;
  }
}
