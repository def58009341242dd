package dev.lanewise.bench.cli.demo;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.lanewise.bench.cli.explain.Explanation;
import dev.lanewise.bench.cli.explain.ExplorerPage;
import dev.lanewise.kernels.Kernels;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Everything that the demo computes and measures.
 *
 * @param sentence the text as it was given
 * @param tokensGiven how many tokens the sentence has; the model may read fewer
 * @param explanation the attention weights of all layers
 * @param query place of the token whose attention is listed
 * @param kernels the path that ran
 * @param threads threads that shared the whole layer
 * @param accuracy error of the first layer's output
 * @param timings times of the first layer's steps
 */
record Summary(
    String sentence,
    int tokensGiven,
    Explanation explanation,
    int query,
    Kernels kernels,
    int threads,
    Accuracy accuracy,
    Timings timings) {

  /** The layer on which the page opens, from 0. In the chosen head of this layer, pronouns look at the nouns that they stand for. */
  static final int LAYER = 3;

  /** The head of that layer, from 0. */
  static final int HEAD = 1;

  private static final String TITLE = "What each word looks at – Lanewise";
  private static final int BEGINNING = 1000;

  /** Whether the path that ran is the SIMD one. */
  boolean isVector() {
    return kernels != Kernels.scalar();
  }

  /** The text of a token, with its place if the sentence has the same text twice. */
  String label(int token) {
    List<String> texts = explanation.tokens().texts();
    String text = texts.get(token);
    return texts.indexOf(text) == texts.lastIndexOf(text) ? text : text + " (token " + token + ")";
  }

  /** The attention explorer with what was measured, opened on {@link #LAYER} and {@link #HEAD}. */
  String page() throws IOException {
    JsonObject start = new JsonObject();
    start.addProperty("layer", LAYER);
    start.addProperty("head", HEAD);
    start.addProperty("token", query);
    JsonObject more = new JsonObject();
    more.add("start", start);
    more.add("measured", measured());
    return ExplorerPage.of(TITLE, FirstLayer.MODEL, explanation, tokensGiven, more);
  }

  /** Whether a file is such a page, by its title. */
  static boolean isPage(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return false;
    }
    try (InputStream in = Files.newInputStream(file)) {
      return new String(in.readNBytes(BEGINNING), StandardCharsets.UTF_8).contains("<title>" + TITLE);
    }
  }

  private JsonObject measured() {
    JsonObject measured = new JsonObject();
    measured.addProperty("path", kernels.path());
    measured.addProperty("lanes", kernels.lanes());
    measured.addProperty("vector", isVector());
    measured.addProperty("threads", threads);
    measured.addProperty("pathError", accuracy.path());
    measured.addProperty("scalarError", accuracy.scalar());
    measured.addProperty("largest", accuracy.largest());
    JsonArray rows = new JsonArray();
    timings.rows().forEach(row -> rows.add(row.json(timings.fractionOfPeak(row))));
    measured.add("timings", rows);
    return measured;
  }
}
