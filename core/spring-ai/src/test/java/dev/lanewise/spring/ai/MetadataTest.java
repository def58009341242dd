package dev.lanewise.spring.ai;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What editors complete: each property with its type and a sentence that says what it is. */
class MetadataTest {
  @Test
  void eachPropertyIsDescribed() throws IOException {
    Map<String, JsonObject> properties = properties();
    List<String> names =
        Arrays.stream(LanewiseProperties.class.getRecordComponents())
            .map(component -> "spring.ai.lanewise." + component.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT))
            .toList();
    assertThat(properties.keySet()).containsExactlyInAnyOrderElementsOf(names);
    properties.forEach((name, property) -> assertThat(property.get("description").getAsString()).as(name).contains(" ").endsWith("."));
    assertThat(properties.get("spring.ai.lanewise.model").get("defaultValue").getAsString()).isEqualTo("classpath:all-minilm-l6-v2");
    assertThat(properties.get("spring.ai.lanewise.pooling").get("type").getAsString()).isEqualTo("dev.lanewise.text.model.TextPooling");
  }

  private static Map<String, JsonObject> properties() throws IOException {
    try (InputStream json = MetadataTest.class.getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
      InputStreamReader reader = new InputStreamReader(Objects.requireNonNull(json), StandardCharsets.UTF_8);
      return JsonParser.parseReader(reader).getAsJsonObject().getAsJsonArray("properties").asList().stream()
          .map(JsonElement::getAsJsonObject)
          .filter(property -> property.get("name").getAsString().startsWith("spring.ai.lanewise"))
          .collect(Collectors.toMap(property -> property.get("name").getAsString(), Function.identity()));
    }
  }
}
