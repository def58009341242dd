package dev.lanewise.bench.report;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import dev.lanewise.bench.cli.files.Resource;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One page with everything: a template, its style, the charts' library and scripts, and the data as one JSON object. */
final class ReportPage {
  private static final String D3 = "META-INF/resources/webjars/d3/7.9.0/dist/d3.min.js";
  private static final List<String> SCRIPTS = List.of("table.js", "charts.js", "page.js");

  private ReportPage() {}

  /**
   * The whole page, which needs nothing beside it.
   *
   * @param before an earlier run to compare with; null for none
   */
  static String of(Results results, @Nullable Results before) throws IOException {
    JsonObject data = new JsonObject();
    data.add("report", results.json());
    data.add("changes", before == null ? new JsonObject() : Comparison.json(before, results));
    StringBuilder script = new StringBuilder("\"use strict\";\n");
    for (String name : SCRIPTS) {
      script.append(Resource.text(ReportPage.class, name));
    }
    // Gson escapes <, > and &, so nothing in the data can end the script element that holds it; it is inserted last.
    return Resource.text(ReportPage.class, "page.html")
        .replace("{{style}}", Resource.text(ReportPage.class, "page.css"))
        .replace("{{library}}", Resource.text(ReportPage.class.getClassLoader().getResourceAsStream(D3), D3))
        .replace("{{script}}", script)
        .replace("{{data}}", new Gson().toJson(data));
  }
}
