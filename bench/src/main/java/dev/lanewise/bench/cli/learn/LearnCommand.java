package dev.lanewise.bench.cli.learn;

import dev.lanewise.bench.cli.console.BenchCommand;
import dev.lanewise.bench.cli.files.OutputFile;
import dev.lanewise.bench.cli.learn.claim.Claim;
import dev.lanewise.bench.cli.learn.claim.Experiment;
import dev.lanewise.bench.cli.learn.claim.Experiments;
import dev.lanewise.bench.cli.learn.claim.Findings;
import dev.lanewise.bench.cli.learn.page.LearnPage;
import dev.lanewise.kernels.Kernels;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Trains small models on tasks with known answers, and says which claims about attention hold. */
@Command(
    name = "learn",
    sortOptions = false,
    description =
        "Tries what teaching texts claim about attention: trains small models on made-up tasks from several seeds, decides by their figures"
            + " which claims hold, and writes a page with all figures, losses and attention maps.",
    footer = {
      "",
      "All models are trained from the first seed, then from the second, and so on. Ctrl-C ends the training and writes the page with the"
          + " seeds so far."
    })
public final class LearnCommand extends BenchCommand {
  private static final int SEEDS = 16;
  private static final int QUICK_SEEDS = 4;
  private static final int MOST_SEEDS = 1000;

  private final List<Experiment> experiments;

  @Option(names = "--quick", description = "Train from " + QUICK_SEEDS + " seeds instead of " + SEEDS + ": more claims stay undecided.")
  private boolean quick;

  @Option(names = "--seeds", paramLabel = "N", description = "Train from this number of seeds.")
  private @Nullable Integer seeds;

  @Option(
      names = "--only",
      paramLabel = "WORD",
      description = "Try only the experiments with this in their name; names are the anchors of the page's sections, such as positions.")
  private String only = "";

  @Option(
      names = {"--output", "--out"},
      paramLabel = "FILE",
      defaultValue = "lanewise-learn.html",
      description = "Where to write the page, one HTML file that needs no network; default: ${DEFAULT-VALUE}.")
  private Path output = Path.of("");

  @Option(names = "--force", description = "Replace an existing file, once the new one is complete.")
  private boolean force;

  @Option(names = "--threads", paramLabel = "N", description = "Trainings at the same time; default: one for each core.")
  private int threads = Runtime.getRuntime().availableProcessors();

  /** Creates the command; picocli sets the options. */
  public LearnCommand() {
    this(Experiments.all());
  }

  LearnCommand(List<Experiment> experiments) {
    this.experiments = experiments;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    int asked = seeds();
    requireBetween("--seeds", asked, 1, MOST_SEEDS);
    requireAtLeast("--threads", threads, 1);
    requireUsable("--output " + output, OutputFile.obstacle(output, force));
    List<Experiment> chosen = experiments.stream().filter(experiment -> experiment.id().contains(only)).toList();
    if (chosen.isEmpty()) {
      throw rejected("--only " + only + " is in none of " + String.join(", ", experiments.stream().map(Experiment::id).toList()));
    }
    Trainings trainings = new Trainings(chosen, asked, threads);
    Thread writer = new Thread(() -> stop(trainings, chosen, asked));
    Runtime.getRuntime().addShutdownHook(writer);
    boolean ends;
    try {
      trainings.run(err());
    } finally {
      ends = !removeHook(writer);
    }
    if (ends) {
      return 1; // the hook writes the page
    }
    write(trainings, chosen, asked);
    print(chosen, trainings.findings());
    return 0;
  }

  private int seeds() {
    if (seeds != null && quick) {
      throw rejected("--quick and --seeds exclude each other");
    }
    return seeds != null ? seeds : quick ? QUICK_SEEDS : SEEDS;
  }

  /** Removes the hook; false while the JVM ends, because of Ctrl-C, and the hook runs. */
  private static boolean removeHook(Thread writer) {
    try {
      return Runtime.getRuntime().removeShutdownHook(writer);
    } catch (IllegalStateException e) {
      return false;
    }
  }

  /** Ends the trainings before their time, and writes what is known. */
  private void stop(Trainings trainings, List<Experiment> chosen, int asked) {
    trainings.stop();
    if (trainings.findings().count() > 0) {
      try {
        write(trainings, chosen, asked);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      err().println(output + ": " + trainings.findings().count() + " trainings; stopped early");
      err().flush();
    }
  }

  private void write(Trainings trainings, List<Experiment> chosen, int asked) throws IOException {
    Kernels kernels = Kernels.selected();
    String machine = Runtime.version().feature() + " on " + System.getProperty("os.arch");
    LearnPage.Run run = new LearnPage.Run(asked, threads, kernels.path(), "Java " + machine, trainings.seconds());
    OutputFile.write(output, LearnPage.of(chosen, trainings.findings(), run));
  }

  private void print(List<Experiment> chosen, Findings findings) {
    boolean pageComesOut = OutputFile.isStandardOutput(output);
    PrintWriter out = pageComesOut ? err() : out();
    for (Experiment experiment : chosen) {
      for (Claim claim : experiment.claims()) {
        out.printf("%-14s %s%n", findings.verdict(experiment, claim).text(), claim.text());
      }
    }
    out.println(LearnPage.count(chosen, findings));
    if (!pageComesOut) {
      out.printf("Page           %s%n", output.toAbsolutePath().normalize());
    }
    out.flush();
  }
}
