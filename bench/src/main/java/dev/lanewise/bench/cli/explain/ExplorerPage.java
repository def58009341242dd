package dev.lanewise.bench.cli.explain;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.lanewise.bench.cli.files.Resource;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.data.Heads;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;

/** The attention explorer: a template, its style, its scripts, and the data as one JSON object. */
public final class ExplorerPage {
  /** The scripts, which become one in this order. */
  private static final List<String> SCRIPTS = List.of("data.js", "tokens.js", "lines.js", "map.js", "heads.js", "measured.js", "page.js");

  /** Weights are written as whole numbers of this many parts of one. */
  static final int WEIGHT_PARTS = 10_000;

  private ExplorerPage() {}

  /**
   * The whole page, which needs nothing beside it.
   *
   * @param model the name of the model
   * @param tokensGiven how many tokens the text has; if the model reads fewer, the page says so
   */
  static String of(String model, Explanation explanation, int tokensGiven) throws IOException {
    return of("Attention explorer – Lanewise", model, explanation, tokensGiven, new JsonObject());
  }

  /**
   * The page with more data.
   *
   * @param title its title in the browser; part of the program, not of a text
   * @param model the name of the model, which may be that of a folder: anything but letters, digits and simple signs is left out
   * @param more what the page shows beside the explanation: {@code start} is a layer, a head and a token, {@code measured} are errors and
   *     times
   */
  public static String of(String title, String model, Explanation explanation, int tokensGiven, JsonObject more) throws IOException {
    String style = Resource.text(ExplorerPage.class, "page.css");
    StringBuilder script = new StringBuilder("\"use strict\";\n");
    for (String name : SCRIPTS) {
      script.append(Resource.text(ExplorerPage.class, name));
    }
    JsonObject data = data(explanation, tokensGiven);
    more.asMap().forEach(data::add);
    // Gson escapes <, > and &, so no token can end the script element that holds the data; it is inserted last, so no token is taken for a
    // mark. The policy has the hashes of the page's own script and style: browsers run no other script and load nothing.
    return Resource.text(ExplorerPage.class, "page.html")
        .replace("{{policy}}", "default-src 'none'; style-src '" + hash(style) + "'; script-src '" + hash(script.toString()) + "'")
        .replace("{{style}}", style)
        .replace("{{script}}", script)
        .replace("{{title}}", title)
        .replace("{{model}}", model.replaceAll("[^\\p{L}\\p{N} ._-]", "_"))
        .replace("{{data}}", new Gson().toJson(data));
  }

  private static String hash(String text) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return "sha256-" + Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static JsonObject data(Explanation explanation, int tokensGiven) {
    JsonObject data = new JsonObject();
    data.add("tokens", new Gson().toJsonTree(explanation.tokens().texts()));
    data.addProperty("tokensGiven", tokensGiven);
    data.addProperty("heads", explanation.heads());
    data.addProperty("weightParts", WEIGHT_PARTS);
    JsonArray layers = new JsonArray();
    for (Heads weights : explanation.layers()) {
      layers.add(packed(weights));
    }
    data.add("layers", layers);
    JsonArray rollouts = new JsonArray();
    for (SequenceBatch rollout : explanation.rollouts()) {
      rollouts.add(packed(rollout.split(1)));
    }
    data.add("rollouts", rollouts);
    data.add("entropies", new Gson().toJsonTree(explanation.entropies()));
    return data;
  }

  /**
   * Heads × rows × columns in Base64: each weight as a number of parts, seven bits a byte, lowest first, the eighth set in all bytes but
   * the last. Most weights of a long text take one byte.
   */
  private static String packed(Heads weights) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int head = 0; head < weights.heads(); head++) {
      for (int row = 0; row < weights.rows(); row++) {
        for (int column = 0; column < weights.width(); column++) {
          int parts = Math.round(weights.get(0, head, row, column) * WEIGHT_PARTS);
          for (; parts > 0x7f; parts >>= 7) {
            bytes.write(parts | 0x80);
          }
          bytes.write(parts);
        }
      }
    }
    return Base64.getEncoder().encodeToString(bytes.toByteArray());
  }
}
