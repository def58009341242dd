package dev.lanewise.bench.demo;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.lanewise.core.Heads;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** The picture: a template with everything in it but the data, which goes in as one JSON object. */
final class Page {
  private static final String TEMPLATE = "page.html";
  private static final String DATA_MARK = "{{data}}";

  /** Weights are written as whole numbers of this many parts of one, which keeps pages for long sentences small. */
  private static final int WEIGHT_PARTS = 10_000;

  private Page() {}

  /** The whole page, which needs nothing beside it. */
  static String of(Summary summary) throws IOException {
    try (InputStream template = Page.class.getResourceAsStream(TEMPLATE)) {
      if (template == null) {
        throw new IOException("the page's template " + TEMPLATE + " is missing from the jar");
      }
      // Gson writes <, > and & as \\u003c and so on, so no token can end the script element that holds the data.
      return new String(template.readAllBytes(), StandardCharsets.UTF_8).replace(DATA_MARK, new Gson().toJson(data(summary)));
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
    summary.timings().forEach(timing -> timings.add(timing(timing)));
    data.add("timings", timings);
    data.addProperty("weightParts", WEIGHT_PARTS);
    data.add("weights", weights(summary.map().weights()));
    return data;
  }

  private static JsonObject timing(Timing timing) {
    JsonObject object = new JsonObject();
    object.addProperty("tokens", timing.tokens());
    object.addProperty("step", timing.step());
    object.addProperty("scalarMs", timing.scalarSeconds() * 1e3);
    object.addProperty("pathMs", timing.pathSeconds() * 1e3);
    if (!Double.isNaN(timing.fractionOfPeak())) {
      object.addProperty("fractionOfPeak", timing.fractionOfPeak());
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
