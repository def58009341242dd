package dev.lanewise.bench.cli.learn.page;

import dev.lanewise.bench.cli.learn.claim.Experiment;
import dev.lanewise.bench.cli.learn.claim.Findings;
import dev.lanewise.bench.cli.learn.claim.Measure;
import dev.lanewise.bench.cli.learn.claim.Spread;
import dev.lanewise.bench.cli.learn.claim.Variant;
import dev.lanewise.bench.cli.learn.model.Lesson;
import dev.lanewise.bench.cli.learn.model.Outcome;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The charts of an experiment. */
record Charts(Experiment experiment, Findings findings) {
  private static final int STEP_TICKS = 4;

  /** Names of the variants with their colours. */
  String legend() {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < experiment.variants().size(); i++) {
      out.append(String.format(Locale.ROOT, "<span class=\"legend\"><i class=\"key %s\"></i>", Html.colour(i)));
      out.append(Html.text(experiment.variants().get(i).name())).append("</span> ");
    }
    return out.toString();
  }

  /** A figure of all variants. */
  String dots(Measure measure) {
    List<DotChart.Row> rows = new ArrayList<>();
    for (int i = 0; i < experiment.variants().size(); i++) {
      Variant variant = experiment.variants().get(i);
      rows.add(new DotChart.Row(Html.colour(i), variant.name(), findings.spread(experiment, variant, measure)));
    }
    return new DotChart(experiment.title() + ": " + measure.text(), experiment.guess(), rows).svg();
  }

  /** The losses of all variants against the steps. */
  String losses() {
    Lesson lesson = experiment.variants().getFirst().lesson();
    List<LineChart.Line> lines = lines(Lesson.PARTS, Charts::doubles);
    double top = lines.stream().flatMapToDouble(line -> Arrays.stream(line.most())).filter(Double::isFinite).max().orElse(1);
    List<String> ticks = IntStream.rangeClosed(0, STEP_TICKS).mapToObj(i -> String.valueOf(lesson.steps() * i / STEP_TICKS)).toList();
    double guess = lesson.guessLoss();
    return new LineChart(
            experiment.title() + ": loss", "step", "cross-entropy, nats", ticks, Math.max(guess, top), guess, "guessing", lines)
        .svg();
  }

  /** Whether answers depend on distances. */
  boolean hasDistances() {
    return outcomes().anyMatch(outcome -> outcome.byDistance().length > 0);
  }

  /** Right answers of all variants against the distance. */
  String distances() {
    int count = outcomes().mapToInt(outcome -> outcome.byDistance().length).max().orElse(0);
    List<String> ticks = experiment.variants().getFirst().lesson().distances();
    List<LineChart.Line> lines = lines(count, Outcome::byDistance);
    return new LineChart(
            experiment.title() + ": right answers by distance",
            "tokens between",
            "share right",
            ticks,
            1,
            experiment.guess(),
            "guessing",
            lines)
        .svg();
  }

  private Stream<Outcome> outcomes() {
    return experiment.variants().stream().flatMap(variant -> findings.of(experiment, variant).stream());
  }

  private static double[] doubles(Outcome outcome) {
    return IntStream.range(0, outcome.losses().length).mapToDouble(i -> outcome.losses()[i]).toArray();
  }

  /** A line for each variant that has outcomes. */
  private List<LineChart.Line> lines(int points, Function<Outcome, double[]> values) {
    List<LineChart.Line> lines = new ArrayList<>();
    for (int i = 0; i < experiment.variants().size(); i++) {
      Variant variant = experiment.variants().get(i);
      List<double[]> curves = findings.of(experiment, variant).stream().map(values).toList();
      if (!curves.isEmpty()) {
        double[] mean = new double[points];
        double[] least = new double[points];
        double[] most = new double[points];
        for (int point = 0; point < points; point++) {
          int at = point;
          Spread spread =
              new Spread(
                  curves.stream()
                      .flatMapToDouble(curve -> at < curve.length ? DoubleStream.of(curve[at]) : DoubleStream.empty())
                      .filter(value -> !Double.isNaN(value))
                      .toArray());
          mean[point] = spread.mean();
          least[point] = spread.least();
          most[point] = spread.most();
        }
        lines.add(new LineChart.Line(Html.colour(i), variant.name(), mean, least, most));
      }
    }
    return lines;
  }
}
