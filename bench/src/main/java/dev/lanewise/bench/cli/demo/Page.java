package dev.lanewise.bench.cli.demo;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.lanewise.bench.cli.files.Resource;
import dev.lanewise.kernels.data.Heads;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The picture: a template, the script that draws, and the data as one JSON object. */
final class Page {
  private static final String TEMPLATE = "page.html";
  private static final String TITLE = "<title>What each word looks at – Lanewise</title>";
  private static final int BEGINNING = 1000;
  private static final String SCRIPT = "page.js";
  private static final String SCRIPT_MARK = "{{script}}";
  private static final String DATA_MARK = "{{data}}";

  /** Weights are written as whole numbers of this many parts of one, which keeps pages for long sentences small. */
  private static final int WEIGHT_PARTS = 10_000;

  private Page() {}

  /** The whole page, which needs nothing beside it. */
  static String of(Summary summary) throws IOException {
    // Gson escapes <, > and &, so no token can end the script element that holds the data; it goes in last, so no token is taken for a
    // mark.
    return Resource.text(Page.class, TEMPLATE)
        .replace(SCRIPT_MARK, Resource.text(Page.class, SCRIPT))
        .replace(DATA_MARK, new Gson().toJson(data(summary)));
  }

  /** Whether a file is such a page, by its title. */
  static boolean isOne(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return false;
    }
    try (InputStream in = Files.newInputStream(file)) {
      return new String(in.readNBytes(BEGINNING), StandardCharsets.UTF_8).contains(TITLE);
    }
  }

  private static JsonObject data(Summary summary) {
    JsonObject data = new JsonObject();
    data.addProperty("sentence", summary.sentence());
    data.add("tokens", new Gson().toJsonTree(summary.map().tokens().texts()));
    data.addProperty("query", summary.query());
    data.addProperty("path", summary.kernels().path());
    data.addProperty("lanes", summary.kernels().lanes());
    data.addProperty("vector", summary.isVector());
    data.addProperty("threads", summary.threads());
    data.addProperty("pathError", summary.accuracy().path());
    data.addProperty("scalarError", summary.accuracy().scalar());
    data.addProperty("largest", summary.accuracy().largest());
    JsonArray timings = new JsonArray();
    summary.timings().rows().forEach(row -> timings.add(timing(row, summary.timings().fractionOfPeak(row))));
    data.add("timings", timings);
    data.addProperty("weightParts", WEIGHT_PARTS);
    data.add("weights", weights(summary.map().weights()));
    return data;
  }

  private static JsonObject timing(Timings.Row row, double fractionOfPeak) {
    JsonObject object = new JsonObject();
    object.addProperty("tokens", row.tokens());
    object.addProperty("step", row.step().name());
    object.addProperty("scalarMs", row.scalar().seconds() * 1e3);
    object.addProperty("pathMs", row.path().seconds() * 1e3);
    object.addProperty("settled", row.settled());
    if (!Double.isNaN(fractionOfPeak)) {
      object.addProperty("fractionOfPeak", fractionOfPeak);
    }
    return object;
  }

  /** heads × tokens × tokens. */
  private static JsonArray weights(Heads weights) {
    JsonArray heads = new JsonArray();
    for (int head = 0; head < weights.heads(); head++) {
      JsonArray rows = new JsonArray();
      for (int query = 0; query < weights.rows(); query++) {
        JsonArray row = new JsonArray(weights.width());
        for (int key = 0; key < weights.width(); key++) {
          row.add(Math.round(weights.get(0, head, query, key) * WEIGHT_PARTS));
        }
        rows.add(row);
      }
      heads.add(rows);
    }
    return heads;
  }
}
