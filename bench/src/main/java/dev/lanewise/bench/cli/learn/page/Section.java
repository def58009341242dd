package dev.lanewise.bench.cli.learn.page;

import dev.lanewise.bench.cli.learn.claim.Claim;
import dev.lanewise.bench.cli.learn.claim.Comparison;
import dev.lanewise.bench.cli.learn.claim.Experiment;
import dev.lanewise.bench.cli.learn.claim.Findings;
import dev.lanewise.bench.cli.learn.claim.Measure;
import dev.lanewise.bench.cli.learn.claim.Spread;
import dev.lanewise.bench.cli.learn.claim.Variant;
import dev.lanewise.bench.cli.learn.model.AttentionMap;
import dev.lanewise.bench.cli.learn.model.Outcome;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;

/** The section of an experiment: its task, its claims with the figures that decide, a table of all models, charts and attention maps. */
record Section(Experiment experiment, Findings findings) {
  /** Maps of more models than these are folded. */
  private static final int OPEN = 3;

  String html() {
    StringBuilder out = new StringBuilder();
    out.append(String.format(Locale.ROOT, "<section id=\"%s\"><h2>%s</h2>\n", experiment.id(), Html.text(experiment.title())));
    out.append(String.format(Locale.ROOT, "<p>%s</p>\n<pre>%s</pre>\n", Html.text(experiment.task()), Html.text(experiment.example())));
    out.append(String.format(Locale.ROOT, "<p class=\"soft\">%s</p>\n", Html.text(experiment.setting())));
    claims(out);
    models(out);
    out.append("<div class=\"charts\">\n");
    Charts charts = new Charts(experiment, findings);
    figure(
        out,
        "Right answers on new sequences: a dot for each seed, the stroke is the mean, dashed is guessing.",
        charts.dots(Measure.ACCURACY));
    if (hasFigure(Measure.BEYOND)) {
      figure(out, "Right answers on longer sequences than those of the training.", charts.dots(Measure.BEYOND));
    }
    figure(out, "Loss while it learns: the mean of all seeds, with a band from the best to the worst. " + charts.legend(), charts.losses());
    if (charts.hasDistances()) {
      figure(out, "Right answers by the distance between the question and what it asks for. " + charts.legend(), charts.distances());
    }
    out.append("</div>\n");
    maps(out);
    return out.append("</section>\n").toString();
  }

  private static void figure(StringBuilder out, String caption, String picture) {
    out.append("<figure><figcaption>").append(caption).append("</figcaption>\n").append(picture).append("</figure>\n");
  }

  /** The means that a claim is about, each once. */
  static String figures(Experiment experiment, Claim claim, Findings findings) {
    Set<String> figures = new LinkedHashSet<>();
    for (Comparison part : claim.parts()) {
      figures.add(figure(experiment, part.first(), part.firstMeasure(), findings));
      figures.add(figure(experiment, part.second(), part.secondMeasure(), findings));
    }
    return String.join("<br>", figures);
  }

  private static String figure(Experiment experiment, String name, Measure measure, Findings findings) {
    Spread spread = findings.spread(experiment, experiment.variant(name), measure);
    String figure = measure == Measure.SPEED ? number(spread.mean()) : Html.percent(spread.mean());
    String of =
        switch (measure) {
          case ACCURACY -> "";
          case BEYOND -> ", longer";
          case NEAR -> ", near";
          case FAR -> ", far";
          case SPEED -> ", earliness";
        };
    return Html.text(name + of) + " <b>" + figure + "</b>";
  }

  private static String number(double figure) {
    return Double.isNaN(figure) ? "–" : String.format(Locale.ROOT, "%.3f", figure);
  }

  private void claims(StringBuilder out) {
    out.append("<div class=\"scroll\"><table class=\"claims\"><thead><tr><th>claim, and what it says about figures</th>");
    out.append("<th>measured difference</th><th>verdict</th></tr></thead><tbody>\n");
    for (Claim claim : experiment.claims()) {
      out.append(String.format(Locale.ROOT, "<tr class=\"claim\"><td colspan=\"2\">%s</td><td>", Html.text(claim.text())));
      out.append(Html.badge(findings.verdict(experiment, claim))).append("</td></tr>\n");
      for (Comparison part : claim.parts()) {
        Comparison.Difference difference = findings.difference(experiment, part);
        String measured =
            Double.isNaN(difference.difference())
                ? "–"
                : Double.isNaN(difference.halfWidth())
                    ? Html.signed(difference.difference())
                    : Html.signed(difference.difference()) + String.format(Locale.ROOT, " ± %.3f", difference.halfWidth());
        out.append(String.format(Locale.ROOT, "<tr class=\"part\"><td>%s</td><td>%s</td>", Html.text(part.text()), measured));
        out.append(String.format(Locale.ROOT, "<td>%s</td></tr>\n", findings.verdict(experiment, part).text()));
      }
    }
    out.append("</tbody></table></div>\n");
  }

  private boolean hasFigure(Measure measure) {
    return experiment.variants().stream().anyMatch(variant -> !Double.isNaN(findings.spread(experiment, variant, measure).mean()));
  }

  private void models(StringBuilder out) {
    boolean beyond = hasFigure(Measure.BEYOND);
    out.append("<div class=\"scroll\"><table><thead><tr><th>model</th><th>right answers</th><th>from … to</th>");
    out.append(beyond ? "<th>longer sequences</th><th>from … to</th>" : "").append("<th>earliness</th><th>seeds</th>");
    out.append("<th>s a training</th></tr></thead><tbody>\n");
    for (int i = 0; i < experiment.variants().size(); i++) {
      Variant variant = experiment.variants().get(i);
      List<Outcome> outcomes = findings.of(experiment, variant);
      long diverged = outcomes.stream().filter(Outcome::diverged).count();
      out.append(String.format(Locale.ROOT, "<tr><td><i class=\"key %s\"></i>%s</td>", Html.colour(i), Html.text(variant.name())));
      cells(out, findings.spread(experiment, variant, Measure.ACCURACY));
      if (beyond) {
        cells(out, findings.spread(experiment, variant, Measure.BEYOND));
      }
      Spread speed = findings.spread(experiment, variant, Measure.SPEED);
      out.append(String.format(Locale.ROOT, "<td>%s%s</td>", number(speed.mean()), deviation(speed, "%.3f")));
      out.append(String.format(Locale.ROOT, "<td>%d%s</td>", outcomes.size(), diverged > 0 ? ", " + diverged + " diverged" : ""));
      out.append(
          String.format(Locale.ROOT, "<td>%.1f</td></tr>\n", outcomes.stream().mapToDouble(Outcome::seconds).average().orElse(Double.NaN)));
    }
    out.append("</tbody></table></div>\n");
  }

  private static void cells(StringBuilder out, Spread spread) {
    Spread percents = new Spread(IntStream.range(0, spread.count()).mapToDouble(i -> 100 * spread.values()[i]).toArray());
    out.append(String.format(Locale.ROOT, "<td>%s%s</td>", Html.percent(spread.mean()), deviation(percents, "%.1f")));
    out.append(String.format(Locale.ROOT, "<td>%.1f … %.1f</td>", percents.least(), percents.most()));
  }

  private static String deviation(Spread spread, String format) {
    return spread.count() < 2 || Double.isNaN(spread.mean()) ? "" : " ± " + String.format(Locale.ROOT, format, spread.deviation());
  }

  private void maps(StringBuilder out) {
    List<Variant> shown = experiment.variants().stream().filter(this::hasMap).toList();
    if (shown.isEmpty()) {
      return;
    }
    out.append(
        "<h3>Attention before and after training</h3>\n<p class=\"soft\">A new sequence, first seed. A row is a query, a column a key.");
    out.append(
        " The strongest colour is the largest weight of its map. A frame marks a key that the answer depends on; a row without a frame has"
            + " no such key.</p>\n");
    for (Variant variant : shown) {
      out.append(
          String.format(Locale.ROOT, "<details%s><summary>%s</summary>", shown.size() <= OPEN ? " open" : "", Html.text(variant.name())));
      out.append("<div class=\"maps\">\n");
      for (Outcome outcome : findings.of(experiment, variant)) {
        if (outcome.before() != null && outcome.after() != null) {
          map(out, Objects.requireNonNull(outcome.before()), Objects.requireNonNull(outcome.after()));
        }
      }
      out.append("</div></details>\n");
    }
  }

  private boolean hasMap(Variant variant) {
    return findings.of(experiment, variant).stream().anyMatch(outcome -> outcome.before() != null && outcome.after() != null);
  }

  private static void map(StringBuilder out, AttentionMap before, AttentionMap after) {
    for (int head = 0; head < before.weights().length; head++) {
      String which = before.weights().length == 1 ? "" : "head " + (head + 1) + ", ";
      map(out, before, head, which + "before");
      map(out, after, head, which + "after");
    }
  }

  private static void map(StringBuilder out, AttentionMap map, int head, String when) {
    String caption = String.format(Locale.ROOT, "%s, largest weight %.2f", when, MapPicture.largest(map.weights()[head]));
    figure(out, Html.text(caption), MapPicture.svg(map, head, caption));
  }
}
