package dev.lanewise.bench.cli.learn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.cli.learn.claim.Claim;
import dev.lanewise.bench.cli.learn.claim.Comparison;
import dev.lanewise.bench.cli.learn.claim.Experiment;
import dev.lanewise.bench.cli.learn.claim.Experiments;
import dev.lanewise.bench.cli.learn.claim.Measure;
import dev.lanewise.bench.cli.learn.claim.Variant;
import dev.lanewise.bench.cli.learn.model.Design;
import dev.lanewise.bench.cli.learn.model.ReadingLesson;
import dev.lanewise.bench.cli.learn.task.LookupTask;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class LearnCommandTest {
  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(LearnCommand command, Object... arguments) {
    CommandLine line = new CommandLine(command).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    return line.execute(Arrays.stream(arguments).map(Object::toString).toArray(String[]::new));
  }

  /** Two small models, trained for some steps. */
  private static List<Experiment> tiny() {
    LookupTask task = new LookupTask(2, 2);
    ReadingLesson attention = new ReadingLesson(task, Design.attention().withEmbedDim(8), 20, 8, 9, 0, 1e-2, true);
    ReadingLesson mean = new ReadingLesson(task, attention.design().with(Design.Mixer.MEAN), 20, 8, 9, 0, 1e-2, true);
    return List.of(
        new Experiment(
            "tiny",
            "Is <small> beautiful?",
            "A task.",
            "A1 · A? → 1",
            "Settings.",
            0.5,
            List.of(new Variant("attention", attention, true), new Variant("mean", mean, false)),
            List.of(
                new Claim(
                    "A claim & its \"verdict\".",
                    List.of(new Comparison("attention", Measure.SPEED, "mean", Measure.SPEED, Comparison.MARGIN))))));
  }

  @Test
  void trainsAndWritesAPageWithAllSections() throws IOException {
    Path page = folder.resolve("learn.html");
    assertThat(run(new LearnCommand(tiny()), "--seeds", 2, "--threads", 2, "--output", page)).as(err.toString()).isZero();
    String html = Files.readString(page);
    assertThat(html)
        .contains(
            "<h2>The claims</h2>", "<section id=\"tiny\"><h2>Is &lt;small&gt; beautiful?</h2>", "A claim &amp; its &quot;verdict&quot;.")
        .contains("4 trainings from 2 seeds, 2 at the same time")
        .contains("Loss while it learns", "Right answers on new sequences", "Right answers by the distance")
        .contains("Attention before and after training", "<summary>attention</summary>", "before, largest weight", "after, largest weight")
        .doesNotContain("<summary>mean", "<script", "http:", "https:", "{{", "NaN", "Stopped early");
    assertThat(out.toString())
        .contains("A claim & its \"verdict\".", "learn.html")
        .containsPattern(
            "(?m)^Verdicts: (holds 1, does not hold 0, undecided 0|holds 0, does not hold 1, undecided 0|holds 0, does not hold 0,"
                + " undecided 1)\\.$");
    assertThat(err.toString()).contains("seed 1 of 2", "seed 2 of 2");
  }

  @Test
  void figuresDoNotDependOnThreads() throws IOException {
    Path one = folder.resolve("one.html");
    Path three = folder.resolve("three.html");
    assertThat(run(new LearnCommand(tiny()), "--seeds", 2, "--threads", 1, "--output", one)).isZero();
    assertThat(run(new LearnCommand(tiny()), "--seeds", 2, "--threads", 3, "--output", three)).isZero();
    assertThat(withoutTimes(one)).isEqualTo(withoutTimes(three));
  }

  private static String withoutTimes(Path page) throws IOException {
    return Files.readString(page).replaceAll("<p class=\"soft\">\\d+ trainings.*</p>", "").replaceAll("<td>\\d+\\.\\d</td></tr>", "");
  }

  @Test
  void wrongOptionsAreSaidBeforeAnythingIsTrained() throws IOException {
    Path there = Files.writeString(folder.resolve("there.html"), "old");
    assertThat(run(new LearnCommand(tiny()), "--quick", "--seeds", 2)).isEqualTo(2);
    assertThat(run(new LearnCommand(tiny()), "--seeds", 0)).isEqualTo(2);
    assertThat(run(new LearnCommand(tiny()), "--threads", 0)).isEqualTo(2);
    assertThat(run(new LearnCommand(tiny()), "--only", "large")).isEqualTo(2);
    assertThat(run(new LearnCommand(tiny()), "--output", there)).isEqualTo(2);
    assertThat(err.toString())
        .contains("--quick and --seeds exclude each other")
        .contains("--seeds is 0, must be from 1 to 1000")
        .contains("--threads is 0, must be at least 1")
        .contains("--only large is in none of tiny")
        .contains("there.html is there already; --force replaces it");
    assertThat(Files.readString(there)).isEqualTo("old");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void experimentsNameTheirVariants() {
    Set<String> ids = new HashSet<>();
    for (Experiment experiment : Experiments.all()) {
      assertThat(ids.add(experiment.id())).as(experiment.id()).isTrue();
      assertThat(experiment.variants().stream().map(Variant::name)).doesNotHaveDuplicates();
      assertThat(experiment.claims()).isNotEmpty();
      for (Claim claim : experiment.claims()) {
        assertThat(claim.text()).endsWith(".");
        assertThat(claim.parts())
            .isNotEmpty()
            .allSatisfy(part -> experiment.variant(part.first()))
            .allSatisfy(part -> experiment.variant(part.second()));
      }
    }
  }
}
