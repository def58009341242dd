package dev.lanewise.bench.cli.explain;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.lanewise.kernels.data.Heads;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import org.junit.jupiter.api.Test;

class ExplorerPageTest {
  private static final String HOSTILE = "</script><b onload='x'>&{{data}}{{script}}\u2028";

  @Test
  void holdsTheDataAndNothingThatTheTextSmugglesIn() throws IOException {
    Explanation explanation = Explanations.seeded(2, 3, HOSTILE, "<!--<script>");
    String page = ExplorerPage.of("a-model", explanation, 4);
    assertThat(page).doesNotContain("<b onload", "<!--", "http://", "https://");
    assertThat(page.replace(between(page, "id=\"data\">", "</script>"), "")).as("marks are filled in").doesNotContain("{{");
    assertThat(page.split("</script>", -1)).as("one end for each of the two scripts").hasSize(3);
    assertThat(page.split("<script", -1)).as("two scripts").hasSize(3);
    JsonObject data = data(page);
    assertThat(data.getAsJsonArray("tokens").asList()).extracting(token -> token.getAsString()).isEqualTo(explanation.tokens().texts());
  }

  @Test
  void thePolicyAllowsItsOwnScriptAndStyleAlone() throws IOException, NoSuchAlgorithmException {
    String page = ExplorerPage.of("a-model", Explanations.seeded(1, 1, "law"), 3);
    String policy = between(page, "http-equiv=\"Content-Security-Policy\" content=\"", "\"");
    assertThat(policy)
        .isEqualTo(
            "default-src 'none'; style-src '"
                + hash(between(page, "<style>", "</style>"))
                + "'; script-src '"
                + hash(between(page, "<script>", "</script>"))
                + "'");
  }

  @Test
  void weightsKeepTheirPlaces() throws IOException {
    Explanation explanation = Explanations.seeded(2, 3, "its", "law", "is", "just");
    JsonObject data = data(ExplorerPage.of("a-model", explanation, 9));
    assertThat(data.get("heads").getAsInt()).isEqualTo(3);
    assertThat(data.get("tokensGiven").getAsInt()).isEqualTo(9);
    assertThat(data.get("weightParts").getAsInt()).isEqualTo(10_000);
    for (int layer = 0; layer < 2; layer++) {
      assertThat(unpacked(data.getAsJsonArray("layers").get(layer).getAsString())).isEqualTo(parts(explanation.layers().get(layer)));
      assertThat(unpacked(data.getAsJsonArray("rollouts").get(layer).getAsString()))
          .isEqualTo(parts(explanation.rollouts().get(layer).split(1)));
      for (int head = 0; head < 3; head++) {
        double entropy = data.getAsJsonArray("entropies").get(layer).getAsJsonArray().get(head).getAsDouble();
        assertThat(entropy).isEqualTo(explanation.entropies()[layer][head]);
      }
    }
  }

  private static String between(String page, String start, String end) {
    int from = page.indexOf(start) + start.length();
    return page.substring(from, page.indexOf(end, from));
  }

  private static JsonObject data(String page) {
    return JsonParser.parseString(between(page, "id=\"data\">", "</script>")).getAsJsonObject();
  }

  private static String hash(String text) throws NoSuchAlgorithmException {
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    return "sha256-" + Base64.getEncoder().encodeToString(digest);
  }

  private static int[] parts(Heads weights) {
    int size = weights.rows() * weights.width();
    int[] parts = new int[weights.heads() * size];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = Math.round(10_000 * weights.get(0, i / size, i % size / weights.width(), i % weights.width()));
    }
    return parts;
  }

  private static int[] unpacked(String base64) {
    byte[] bytes = Base64.getDecoder().decode(base64);
    int[] numbers = new int[bytes.length];
    int count = 0;
    int shift = 0;
    for (byte part : bytes) {
      numbers[count] |= (part & 0x7f) << shift;
      shift += 7;
      if (part >= 0) {
        count++;
        shift = 0;
      }
    }
    return Arrays.copyOf(numbers, count);
  }
}
