package dev.lanewise.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The golden logits of core/text are those that PyTorch gives. */
class GoldenModelsTest {
  private static final Path FOLDER = Path.of("../core/text/src/test/resources/dev/lanewise/text/causal");

  static Set<String> names() {
    return GoldenModels.names();
  }

  @ParameterizedTest
  @MethodSource("names")
  void committedLogitsAreThoseOfPyTorch(String name) throws IOException {
    JsonObject committed = JsonParser.parseString(Files.readString(FOLDER.resolve(name + ".json"))).getAsJsonObject();
    JsonObject made = JsonParser.parseString(GoldenModels.golden(name)).getAsJsonObject();
    for (String key : Set.of("config", "seed", "ids")) {
      assertThat(made.get(key)).as(key).isEqualTo(committed.get(key));
    }
    JsonArray logits = made.getAsJsonArray("logits");
    assertThat(committed.getAsJsonArray("logits")).hasSize(logits.size());
    for (int i = 0; i < logits.size(); i++) {
      double golden = committed.getAsJsonArray("logits").get(i).getAsDouble();
      assertThat(logits.get(i).getAsDouble()).as("logit %d", i).isCloseTo(golden, within(1e-12));
    }
  }
}
