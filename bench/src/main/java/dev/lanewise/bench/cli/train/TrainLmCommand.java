package dev.lanewise.bench.cli.train;

import dev.lanewise.bench.cli.console.BenchCommand;
import dev.lanewise.bench.cli.files.Input;
import dev.lanewise.bench.cli.model.Checkpoints;
import dev.lanewise.bench.cli.train.data.Compression;
import dev.lanewise.bench.cli.train.data.Corpus;
import dev.lanewise.bench.cli.train.lm.ByteModel;
import dev.lanewise.bench.cli.train.lm.LlamaFolder;
import dev.lanewise.bench.cli.train.lm.LmRun;
import dev.lanewise.bench.cli.train.lm.LmSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Trains a small language model of bytes on any text. */
@Command(
    name = "train-lm",
    sortOptions = false,
    description = {
      "Trains a small decoder-only language model on texts. Its tokens are bytes, and the last tenth of the bytes is held out: nothing is"
          + " learned from it.",
      "The result is a folder that generate loads: generate --model FOLDER --text \"How to\"."
    },
    footer = {
      "",
      "Lines on standard error tell the step, the mean loss since the last line and that of the held-out bytes in bits a byte, bytes a"
          + " second, and the time left; samples show what the model writes. The last line, on standard output, compares with gzip -9.",
      "",
      "A check-point beside the folder is written every few steps, and removed at the end. Ctrl-C writes a last one, and --resume"
          + " continues from it: the result has the bits of an unbroken run. Equal seeds give equal results on any number of threads."
    })
public final class TrainLmCommand extends BenchCommand {
  /** Most bytes of all texts: they are in memory. */
  private static final int MOST_BYTES = 1 << 28;

  /** Most numbers of the rows of a batch: a layer has arrays of three times as many. */
  private static final int MOST_NUMBERS = 1 << 28;

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "UTF-8 texts of any kind, read in this order; - is standard input.")
  private List<Path> files = List.of();

  @Option(names = "--output", paramLabel = "FOLDER", required = true, description = "The folder to write.")
  private Path output = Path.of("");

  @Option(names = "--steps", paramLabel = "N", defaultValue = "1600", description = "Number of steps (default: ${DEFAULT-VALUE}).")
  private int steps;

  @Option(names = "--batch", paramLabel = "N", defaultValue = "6", description = "Windows of a step (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--context",
      paramLabel = "N",
      defaultValue = "256",
      description = "Bytes of a window, and the most that the model sees (default: ${DEFAULT-VALUE}).")
  private int context;

  @Option(names = "--width", paramLabel = "N", defaultValue = "128", description = "Width of a row (default: ${DEFAULT-VALUE}).")
  private int width;

  @Option(names = "--layers", paramLabel = "N", defaultValue = "4", description = "Number of layers (default: ${DEFAULT-VALUE}).")
  private int layers;

  @Option(
      names = "--heads",
      paramLabel = "N",
      defaultValue = "4",
      description = "Number of heads; a head has an even width (default: ${DEFAULT-VALUE}).")
  private int heads;

  @Option(
      names = "--dropout",
      paramLabel = "X",
      defaultValue = "0.1",
      description = "Part of the numbers that are dropped while learning, at least 0 and below 1 (default: ${DEFAULT-VALUE}).")
  private float dropout;

  @Option(
      names = "--learning-rate",
      paramLabel = "X",
      defaultValue = "0.003",
      description = "The largest learning rate, after a warm-up and before a cosine (default: ${DEFAULT-VALUE}).")
  private double learningRate;

  @Option(
      names = "--decay",
      paramLabel = "X",
      defaultValue = "0.1",
      description = "Weight decay of AdamW, at least 0 (default: ${DEFAULT-VALUE}).")
  private double decay;

  @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Seed of everything random (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--reports",
      paramLabel = "N",
      defaultValue = "10",
      description = "How often to measure the held-out bytes and to print a sample (default: ${DEFAULT-VALUE}).")
  private int reports;

  @Option(
      names = "--prompt",
      paramLabel = "TEXT",
      defaultValue = "The ",
      description = "The text that samples continue (default: \"${DEFAULT-VALUE}\").")
  private String prompt = "";

  @Option(
      names = "--check-point-every",
      paramLabel = "N",
      defaultValue = "50",
      description = "Steps between check-points (default: ${DEFAULT-VALUE}).")
  private int checkpointEvery;

  @Option(names = "--resume", description = "Continue from the check-point of an earlier run into the same folder, if there is one.")
  private boolean resume;

  @Option(names = "--force", description = "Replace an existing folder of a model, once the new one is complete.")
  private boolean force;

  @Option(names = "--threads", paramLabel = "N", description = "Threads that share the work; default: one for each core.")
  private @Nullable Integer threads;

  @Override
  public Integer call() throws IOException {
    int workers = workers(threads);
    checkOptions();
    files.forEach(file -> requireUsable(file, Input.obstacle(file)));
    requireUsable("--output " + output, Checkpoints.obstacle(output, force));
    RunFile checkpoint = RunFile.beside(output);
    requireUsable("", checkpoint.obstacle(resume, force));
    Corpus corpus = Corpus.read(files, MOST_BYTES);
    if (corpus.learned() <= context || corpus.heldOut() == 0) {
      throw rejected(
          "the text has "
              + corpus.learned()
              + " bytes to learn from and "
              + corpus.heldOut()
              + " held out, must be more than --context "
              + context
              + " and at least 1");
    }
    LmSettings settings =
        new LmSettings(
            ByteModel.of(width, layers, heads, context, dropout),
            steps,
            batch,
            learningRate,
            decay,
            seed,
            reports,
            prompt,
            checkpointEvery);
    LmRun run = new LmRun(settings, corpus, workers, err());
    checkpoint.begin(force);
    if (!checkpoint.run(() -> run.learn(checkpoint.path()))) {
      return 1;
    }
    double bits = run.heldOut();
    Checkpoints.write(output, folder -> LlamaFolder.write(folder, settings.model(), run.model()));
    checkpoint.delete();
    out()
        .printf(
            Locale.ROOT,
            "%s: %.3f bits a byte on %d held-out bytes; gzip -9 needs %.3f for them after the rest%n",
            output,
            bits,
            corpus.heldOut(),
            Compression.gzipBitsPerByte(corpus));
    return 0;
  }

  private void checkOptions() {
    requireAtLeast("--steps", steps, 1);
    requireBetween("--batch", batch, 1, 1 << 16);
    requireBetween("--context", context, 2, 1 << 16);
    requireBetween("--width", width, 2, 1 << 14);
    requireBetween("--batch times --context times --width", (long) batch * context * width, 1, MOST_NUMBERS);
    requireBetween("--layers", layers, 1, 1 << 10);
    requireAtLeast("--heads", heads, 1);
    if (width % (2 * heads) != 0) {
      throw rejected("--width is " + width + ", must be a multiple of twice --heads " + heads + ": a head has an even width");
    }
    requirePart("--dropout", dropout);
    requirePositive("--learning-rate", learningRate);
    requireNotNegative("--decay", decay);
    requireAtLeast("--reports", reports, 1);
    requireAtLeast("--check-point-every", checkpointEvery, 1);
    if (prompt.isEmpty()) {
      throw rejected("--prompt is empty, must have a character");
    }
  }
}
