package dev.lanewise.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.lanewise.testing.Mutations;
import dev.lanewise.text.json.ForeignJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Damaged results are read, with times that make sense, or refused in one line that names the file. */
@Timeout(1200) // against hanging
class ResultsFuzzTest {
  private static final long SEED = 20261121;
  private static final int FILES = 4000;
  private static final long ALLOWANCE = 2_000_000;

  @TempDir private Path folder;
  private Path file = Path.of("");
  private byte[] valid = {};

  @BeforeEach
  void write() throws IOException {
    file = folder.resolve("results.json");
    Results results = Results.begin("quick", 1);
    for (int i = 1; i <= 4; i++) {
      JsonObject result =
          JsonParser.parseString("{\"op\":\"exp\",\"shape\":{\"m\":1},\"secondsBest\":" + i + ",\"secondsMedian\":" + 1.1 * i + "}")
              .getAsJsonObject();
      results.put(new Case("case-" + i, "title", Case.Chart.LENGTH, 32, List.of("--op", "exp")), result);
    }
    results.fail(new Case("failed", "title", Case.Chart.NONE, 0, List.of()), "no reason");
    results.write(file);
    valid = Files.readAllBytes(file);
    attempt(valid, "the file itself");
  }

  private boolean attempt(byte[] bytes, String what) throws IOException {
    Mutations.write(file, bytes);
    return Mutations.refuses(
        () ->
            Results.read(file)
                .timings()
                .forEach((id, timing) -> assertThat(timing.spread()).as("%s in %s", id, what).isBetween(0.0, Double.MAX_VALUE)),
        file.toString(),
        what,
        ALLOWANCE + 100L * bytes.length);
  }

  @Test
  void damagedFilesAreReadOrRefused() throws IOException {
    Mutations mutations = new Mutations(SEED);
    int refused = 0;
    for (int i = 0; i < Mutations.count(FILES); i++) {
      refused += attempt(mutations.of(valid), mutations.name()) ? 1 : 0;
    }
    assertThat(refused).isBetween(mutations.files() / 2, mutations.files() - 1);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).as("no name in a file is taken for a path").containsExactly(file);
    }
  }

  @Test
  void largeAndDeepFilesAreRefusedForLittle() throws IOException {
    int size = 1_000_000;
    List<String> texts =
        List.of(
            "[".repeat(size),
            "{\"a\":".repeat(size / 5),
            "{\"lanewiseReport\":" + "9".repeat(size) + "}",
            "{\"lanewiseReport\":1e" + "9".repeat(size) + "}",
            "{\"lanewiseReport\":1,\"cases\":" + "[".repeat(200) + "]".repeat(200) + "}",
            "{\"lanewiseReport\":\"" + "\\u0000".repeat(size / 6) + "\"}",
            "{\"" + "x".repeat(size) + "\":1}",
            " ".repeat(size),
            "\"" + "x".repeat(size),
            "[" + "0,".repeat(size / 2) + "0]",
            "x".repeat(ForeignJson.MOST_BYTES + 1));
    for (String text : texts) {
      String what = text.substring(0, 30) + "…, " + text.length() + " letters";
      assertThat(attempt(text.getBytes(StandardCharsets.UTF_8), what)).as(what).isTrue();
    }
  }

  @Test
  void whatIsNotUtf8IsRefusedByName() throws IOException {
    byte[] bytes = valid.clone();
    bytes[bytes.length / 2] = (byte) 0xff;
    assertThat(attempt(bytes, "a byte that is not UTF-8")).isTrue();
  }
}
