package dev.lanewise.text.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The metadata for GraalVM's native-image names each resource that this module reads from its jar. */
class NativeImageTest {
  private static final Path RESOURCES = Path.of("src/main/resources");

  @Test
  void theMetadataNamesEveryResource() throws Exception {
    String metadata = Files.readString(RESOURCES.resolve("META-INF/native-image/dev.lanewise/lanewise-text/reachability-metadata.json"));
    List<String> named = new ArrayList<>();
    for (JsonElement resource : JsonParser.parseString(metadata).getAsJsonObject().getAsJsonArray("resources")) {
      named.add(resource.getAsJsonObject().get("glob").getAsString());
    }
    try (Stream<Path> files = Files.walk(RESOURCES.resolve("dev"))) {
      assertThat(named)
          .containsExactlyInAnyOrderElementsOf(
              files.filter(Files::isRegularFile).map(file -> RESOURCES.relativize(file).toString().replace('\\', '/')).toList());
    }
  }
}
