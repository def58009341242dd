package dev.lanewise.bench.report;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.lanewise.bench.cli.files.Input;
import dev.lanewise.bench.cli.files.OutputFile;
import dev.lanewise.text.json.ForeignJson;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The results of a suite as a file has them: the machine, the JDK, and for each case a result or the reason why there is none. */
final class Results {
  private static final int VERSION = 1;
  private static final Gson PRETTY = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

  private final JsonObject json;
  private final Map<String, Timing> timings = new LinkedHashMap<>();

  private Results(JsonObject json) {
    this.json = json;
  }

  /** Results without any case. */
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
    JsonObject json;
    try (InputStream in = Input.text(file)) {
      json = ForeignJson.parse(in.readNBytes(ForeignJson.MOST_BYTES + 1), Input.name(file));
    }
    Results results = new Results(json);
    try {
      results.readCases();
    } catch (IOException e) {
      throw new IOException(Input.name(file) + " is no report: " + e.getMessage(), e);
    }
    return results;
  }

  private void readCases() throws IOException {
    int version = ForeignJson.whole(ForeignJson.field(json, "lanewiseReport", "it"), "lanewiseReport");
    if (version != VERSION) {
      throw new IOException("lanewiseReport is " + version + ", must be " + VERSION);
    }
    JsonArray cases = ForeignJson.array(ForeignJson.field(json, "cases", "it"), "cases");
    for (int i = 0; i < cases.size(); i++) {
      String what = "case " + (i + 1);
      JsonObject entry = ForeignJson.object(cases.get(i), what);
      String id = ForeignJson.text(ForeignJson.field(entry, "id", what), "id of " + what);
      if (entry.has("result")) {
        timings.put(id, Timing.of(ForeignJson.object(entry.get("result"), "result of " + what), what));
      }
    }
  }

  /** Writes the file, whole or not at all. */
  void write(Path file) throws IOException {
    OutputFile.write(file, PRETTY.toJson(json) + "\n");
  }

  JsonObject json() {
    return json;
  }

  /**
   * Sets the result of a case, which {@code throughput} or {@code duel} printed.
   *
   * @throws IOException if there are no times in it
   */
  void put(Case measured, JsonObject result) throws IOException {
    Timing timing = Timing.of(result, measured.id());
    entry(measured).add("result", result);
    timings.put(measured.id(), timing);
  }

  void fail(Case measured, String error) {
    entry(measured).addProperty("error", error);
    timings.remove(measured.id());
  }

  private JsonObject entry(Case measured) {
    JsonObject entry = new JsonObject();
    entry.addProperty("id", measured.id());
    entry.addProperty("title", measured.title());
    entry.addProperty("chart", measured.chart().name());
    entry.addProperty("x", measured.x());
    entry.add("arguments", new Gson().toJsonTree(measured.arguments()));
    JsonArray cases = json.getAsJsonArray("cases");
    for (int i = 0; i < cases.size(); i++) {
      if (cases.get(i).getAsJsonObject().get("id").getAsString().equals(measured.id())) {
        cases.set(i, entry);
        return entry;
      }
    }
    cases.add(entry);
    return entry;
  }

  /**
   * The result of the fastest of several JVMs, with the times of all.
   *
   * @param forks at least one
   */
  static JsonObject fastest(List<JsonObject> forks) {
    JsonObject best = forks.stream().min(Comparator.comparingDouble(Results::seconds)).orElseThrow().deepCopy();
    JsonArray each = new JsonArray();
    forks.forEach(fork -> each.add(seconds(fork)));
    best.add(Timing.FORK_SECONDS, each);
    return best;
  }

  /** The time of a result; the largest number if there is none, which {@link #put} then reports. */
  private static double seconds(JsonObject result) {
    return result.has("secondsBest") ? result.get("secondsBest").getAsDouble() : Double.MAX_VALUE;
  }

  /** The cases whose times had not settled when their warm-up had to end. */
  List<String> unsettled() {
    List<String> ids = new ArrayList<>();
    for (JsonElement entry : json.getAsJsonArray("cases")) {
      JsonObject object = entry.getAsJsonObject();
      JsonObject result = object.has("result") ? object.getAsJsonObject("result") : new JsonObject();
      if (result.has("settled") && !result.get("settled").getAsBoolean()) {
        ids.add(object.get("id").getAsString());
      }
    }
    return ids;
  }

  /** The times of the cases that have a result. */
  Map<String, Timing> timings() {
    return Collections.unmodifiableMap(timings);
  }
}
