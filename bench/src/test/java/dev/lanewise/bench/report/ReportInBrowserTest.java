package dev.lanewise.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import dev.lanewise.bench.report.Case.Chart;
import dev.lanewise.bench.testing.Chromium;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The table of other programs says where Lanewise is slower, by a sign and by a colour. Skipped where there is no Chromium. */
@Timeout(1200) // against hanging
class ReportInBrowserTest {
  private static final String ROWS = "[...document.querySelectorAll('#peers tbody tr')]";

  @TempDir private Path folder;

  private static void duel(Results results, String title, String peer, double ratio, double spread, boolean settled) throws IOException {
    JsonObject result = new JsonObject();
    result.addProperty("op", "attention");
    result.addProperty("peer", peer);
    result.addProperty("secondsBest", 1e-3);
    result.addProperty("peerSeconds", ratio * 1e-3);
    result.addProperty("ratio", ratio);
    result.addProperty("lowerRatio", ratio / (1 + spread));
    result.addProperty("upperRatio", ratio * (1 + spread));
    result.addProperty("settled", settled);
    results.put(new Case("duel-" + title + peer, title, Chart.PEER, 0, List.of("duel")), result);
  }

  @Test
  void aSignAndAColourSayWhoIsFaster() throws IOException {
    Optional<Path> program = Chromium.installed();
    assumeTrue(program.isPresent(), "no Chromium on the path");
    Results results = Results.begin("quick", 1);
    duel(results, "short", "A", 0.39, 0.01, true);
    duel(results, "short", "B", 1.2, 0.01, true);
    duel(results, "long", "A", 1.1, 0.01, true);
    duel(results, "long", "B", 1.3, 0.01, false);
    duel(results, "even", "A", 0.99, 0.02, true);
    Path page = Files.writeString(folder.resolve("report.html"), ReportPage.of(results, null));
    try (Chromium browser = Chromium.start(program.get(), Files.createDirectory(folder.resolve("profile")))) {
      browser.open(page, 1200, 900);
      assertThat(browser.complaints()).isEmpty();
      assertThat(browser.evaluate(ROWS + ".map(row => [...row.cells].map(cell => cell.textContent).join('|')).join('\\n')").getAsString())
          .as("sorted by the ratio to the fastest of the others")
          .isEqualTo(
              """
              long|1.00 ms|▲ 1.10 ×|▲ 1.10 ×|▲ 1.30 ×*
              even|1.00 ms|0.99 ×|0.99 ×|
              short|1.00 ms|▼ 0.39 ×|▼ 0.39 ×|▲ 1.20 ×\
              """);
      assertThat(browser.evaluate(ROWS + ".map(row => [...row.cells].map(cell => cell.className).join('|')).join('\\n')").getAsString())
          .isEqualTo("||good|good|good\n||||\n||bad|bad|good");
      assertThat(browser.text("#slower"))
          .startsWith("In 1 of 3 cases Lanewise is slower")
          .contains("1 thread unless")
          .contains("*: not settled");
      assertThat(browser.evaluate("getComputedStyle(document.querySelector('td.bad')).backgroundColor").getAsString())
          .isNotEqualTo(browser.evaluate("getComputedStyle(document.querySelector('td.good')).backgroundColor").getAsString());
      assertThat(browser.evaluate("document.querySelectorAll('#ratios path[transform$=\"rotate(180)\"]').length").getAsInt())
          .as("marks that point down")
          .isEqualTo(1);
    }
  }
}
