package dev.lanewise.bench.cli.learn.page;

import dev.lanewise.bench.cli.files.Resource;
import dev.lanewise.bench.cli.learn.claim.Claim;
import dev.lanewise.bench.cli.learn.claim.Experiment;
import dev.lanewise.bench.cli.learn.claim.Findings;
import dev.lanewise.bench.cli.learn.claim.Verdict;
import java.io.IOException;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The whole page: a table of claims, the rule that decides, and a section for each experiment. */
public final class LearnPage {
  private LearnPage() {}

  /**
   * How the trainings were run.
   *
   * @param seeds seeds of each variant that were asked for
   * @param threads trainings at the same time
   * @param kernels the path that ran
   * @param machine processor and Java
   * @param seconds time so far
   */
  public record Run(int seeds, int threads, String kernels, String machine, double seconds) {}

  /** The page, which needs nothing beside it. */
  public static String of(List<Experiment> experiments, Findings findings, Run run) throws IOException {
    String table = experiments.stream().map(experiment -> rows(experiment, findings)).collect(Collectors.joining());
    StringBuilder sections = new StringBuilder();
    for (Experiment experiment : experiments) {
      sections.append(new Section(experiment, findings).html());
    }
    return Resource.text(LearnPage.class, "page.html")
        .replace("{{style}}", Resource.text(LearnPage.class, "page.css"))
        .replace("{{run}}", Html.text(run(experiments, findings, run)))
        .replace("{{count}}", Html.text(count(experiments, findings)))
        .replace("{{claims}}", table)
        .replace("{{sections}}", sections);
  }

  private static String run(List<Experiment> experiments, Findings findings, Run run) {
    int wanted = experiments.stream().mapToInt(experiment -> experiment.variants().size()).sum() * run.seeds();
    String cut = findings.count() < wanted ? " Stopped early: " + wanted + " trainings were planned." : "";
    return String.format(
        Locale.ROOT,
        "%d trainings from %d seeds, %d at the same time, in %.0f s on %s (%s).%s",
        findings.count(),
        run.seeds(),
        run.threads(),
        run.seconds(),
        run.machine(),
        run.kernels(),
        cut);
  }

  /** How many claims have which verdict. */
  public static String count(List<Experiment> experiments, Findings findings) {
    Map<Verdict, Integer> counts = new EnumMap<>(Verdict.class);
    for (Experiment experiment : experiments) {
      for (Claim claim : experiment.claims()) {
        counts.merge(findings.verdict(experiment, claim), 1, Integer::sum);
      }
    }
    return Arrays.stream(Verdict.values())
        .map(verdict -> verdict.text() + " " + counts.getOrDefault(verdict, 0))
        .collect(Collectors.joining(", ", "Verdicts: ", "."));
  }

  private static String rows(Experiment experiment, Findings findings) {
    StringBuilder out = new StringBuilder();
    for (Claim claim : experiment.claims()) {
      out.append("<tr><td>").append(Html.badge(findings.verdict(experiment, claim))).append("</td>");
      out.append(String.format(Locale.ROOT, "<td><a href=\"#%s\">%s</a></td>", experiment.id(), Html.text(claim.text())));
      out.append("<td class=\"figures\">").append(Section.figures(experiment, claim, findings)).append("</td></tr>\n");
    }
    return out.toString();
  }
}
