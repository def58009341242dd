package dev.lanewise.bench.cli.train;

import dev.lanewise.bench.cli.console.BenchCommand;
import dev.lanewise.bench.cli.files.Input;
import dev.lanewise.bench.cli.model.Checkpoints;
import dev.lanewise.bench.cli.model.ModelOptions;
import dev.lanewise.bench.cli.train.data.MadeUpPairs;
import dev.lanewise.bench.cli.train.data.PairFile;
import dev.lanewise.bench.cli.train.data.PairFile.Pair;
import dev.lanewise.bench.cli.train.pairs.PairReport;
import dev.lanewise.bench.cli.train.pairs.PairRun;
import dev.lanewise.bench.cli.train.pairs.PairSettings;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.text.TextEncoder;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Trains an encoder on pairs of texts. */
@Command(
    name = "finetune",
    sortOptions = false,
    description = {
      "Trains a model of the BERT family on pairs of texts that belong together: in each batch the embedding of a query moves towards that"
          + " of its own text and away from those of the other texts (InfoNCE, in both directions).",
      "Prints how well held-out queries find their texts before and after: the part whose text is the nearest (recall@1) or among the"
          + " nearest ten (recall@10), and the mean of 1 / rank (MRR)."
    },
    footer = {
      "",
      "Examples:",
      "  finetune pairs.tsv --output my-model",
      "  finetune pairs.tsv --model bge-small-en-v1.5 --output my-model --epochs 2",
      "",
      "The result is a folder that embed, similar and explain take with --model. A check-point beside it is written every few steps, and"
          + " removed at the end. Ctrl-C writes a last one, and --resume continues from it: the result has the bits of an unbroken run."
    })
public final class FinetuneCommand extends BenchCommand {
  private static final int HELD_OUT_PART = 10;
  private static final int MADE_UP_HELD_OUT_PART = 4;

  @Parameters(
      arity = "0..1",
      paramLabel = "PAIRS",
      description = "UTF-8 text with a pair a line: query, tab, text. A file, a pipe, or - for standard input.")
  private @Nullable Path file;

  @Option(
      names = "--made-up",
      paramLabel = "N",
      description = "Instead of PAIRS: N made-up codes and descriptions of parts, and a quarter as many others that are held out.")
  private @Nullable Integer madeUp;

  @Option(names = "--output", paramLabel = "FOLDER", required = true, description = "The folder to write.")
  private Path output = Path.of("");

  @Option(
      names = "--held-out",
      paramLabel = "N",
      description = "So many pairs at the end are held out; with --made-up they are made in addition (default: a tenth of PAIRS).")
  private @Nullable Integer heldOut;

  @Mixin private final ModelOptions model = new ModelOptions();

  @Option(
      names = "--epochs",
      paramLabel = "N",
      defaultValue = "3",
      description = "How often each pair is seen (default: ${DEFAULT-VALUE}).")
  private int epochs;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "32",
      description = "Pairs of a step, each with the texts of the others as wrong answers (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "64",
      description = "Tokens of a text that are read while learning (default: ${DEFAULT-VALUE}).")
  private int maxTokens;

  @Option(
      names = "--learning-rate",
      paramLabel = "X",
      defaultValue = "0.0002",
      description = "The largest learning rate, after a warm-up; it falls to 0 (default: ${DEFAULT-VALUE}).")
  private double learningRate;

  @Option(
      names = "--temperature",
      paramLabel = "X",
      defaultValue = "0.05",
      description = "Divisor of the cosines in the loss (default: ${DEFAULT-VALUE}).")
  private double temperature;

  @Option(
      names = "--dropout",
      paramLabel = "X",
      defaultValue = "0",
      description = "Part of the numbers that are dropped while learning, at least 0 and below 1 (default: ${DEFAULT-VALUE}).")
  private float dropout;

  @Option(
      names = "--decay",
      paramLabel = "X",
      defaultValue = "0.01",
      description = "Weight decay of AdamW, at least 0 (default: ${DEFAULT-VALUE}).")
  private double decay;

  @Option(
      names = "--freeze-layers",
      paramLabel = "N",
      defaultValue = "0",
      description = "So many of the lowest layers do not learn (default: ${DEFAULT-VALUE}).")
  private int frozenLayers;

  @Option(names = "--embeddings", description = "The tables of words and positions learn, too: slower, and more memory.")
  private boolean embeddings;

  @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Seed of everything random (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--check-point-every",
      paramLabel = "N",
      defaultValue = "50",
      description = "Steps between check-points (default: ${DEFAULT-VALUE}).")
  private int checkpointEvery;

  @Option(names = "--resume", description = "Continue from the check-point of an earlier run into the same folder, if there is one.")
  private boolean resume;

  @Option(names = "--force", description = "Replace an existing folder of a model, once the new one is complete, and forget a check-point.")
  private boolean force;

  @Option(names = "--threads", paramLabel = "N", description = "Threads that share the work; default: one for each core.")
  private @Nullable Integer threads;

  @Override
  public Integer call() throws IOException {
    int workers = workers(threads);
    checkOptions();
    ModelFiles files = model.files();
    RunFile checkpoint = RunFile.beside(output);
    requireUsable("--output " + output, Checkpoints.obstacle(output, force));
    requireUsable("", checkpoint.obstacle(resume, force));
    List<Pair> pairs = pairs();
    int test = heldOut(pairs.size());
    if (pairs.size() - test < 1) {
      throw rejected("there are " + pairs.size() + " pairs and --held-out is " + test + ", must be fewer");
    }
    List<Pair> learned = pairs.subList(0, pairs.size() - test);
    List<Pair> measured = pairs.subList(pairs.size() - test, pairs.size());
    EncoderModel before = EncoderModel.load(files);
    checkOptions(before);
    PairSettings settings =
        new PairSettings(
            epochs, batch, maxTokens, learningRate, temperature, dropout, decay, frozenLayers, embeddings, seed, checkpointEvery);
    PairRun run = run(files, () -> new PairRun(settings, before, EncoderModel.weights(files), learned, workers));
    if (madeUp != null) {
      err().println("made up: " + pairs.getFirst().query() + " is “" + pairs.getFirst().text() + "”");
    }
    out().println("before: " + PairRun.measure(TextEncoder.of(before).withThreads(workers), measured).line());
    out().flush();
    checkpoint.begin(force);
    if (!checkpoint.run(() -> run.learn(checkpoint.path(), new PairReport(run.steps(), err())))) {
      return 1;
    }
    Checkpoints.write(output, folder -> write(files, run.tensors(), folder));
    checkpoint.delete();
    out().println("after:  " + PairRun.measure(TextEncoder.load(output).withThreads(workers), measured).line());
    out().println(output + ": take it with embed --model and similar --model");
    return 0;
  }

  /** Makes a run; what such a model cannot do is one line. */
  private static PairRun run(ModelFiles files, Callable<PairRun> made) throws IOException {
    try {
      return made.call();
    } catch (IllegalArgumentException e) {
      throw new IOException(files + " cannot be trained: " + e.getMessage(), e);
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private static void write(ModelFiles files, NamedTensors learned, Path folder) throws IOException {
    EncoderModel.export(files, folder);
    // Readers in Python require this entry.
    Safetensors.write(folder.resolve("model.safetensors"), learned, Map.of("format", "pt"), Safetensors.Dtype.F32);
  }

  /** Refuses what does not fit the model. */
  private void checkOptions(EncoderModel loaded) {
    requireBetween("--max-tokens", maxTokens, 3, loaded.maxTokens());
    int layers = loaded.encoder().encoder().layers().size();
    requireBetween("--freeze-layers", frozenLayers, 0, embeddings ? layers : layers - 1);
  }

  private void checkOptions() {
    if ((file == null) == (madeUp == null)) {
      throw rejected("one of PAIRS and --made-up is needed" + (file == null ? "" : ", not both"));
    }
    if (file != null) {
      requireUsable(file, Input.obstacle(file));
    }
    if (heldOut != null) {
      requireAtLeast("--held-out", heldOut, 1);
    }
    requireBetween("--epochs", epochs, 1, 1 << 20);
    requireBetween("--batch", batch, 2, 1 << 12);
    requireAtLeast("--max-tokens", maxTokens, 3);
    requirePositive("--learning-rate", learningRate);
    requirePositive("--temperature", temperature);
    requirePart("--dropout", dropout);
    requireNotNegative("--decay", decay);
    requireAtLeast("--freeze-layers", frozenLayers, 0);
    requireAtLeast("--check-point-every", checkpointEvery, 1);
    if (madeUp != null) {
      requireAtLeast("--made-up", madeUp, 1);
      requireBetween("--made-up with the held-out pairs", (long) madeUp + heldOut(madeUp), 2, MadeUpPairs.most());
    }
  }

  /** The number of held-out pairs: of all pairs of a file, or in addition to those that are made up. */
  private int heldOut(int pairs) {
    if (heldOut != null) {
      return heldOut;
    }
    return madeUp == null ? Math.max(1, pairs / HELD_OUT_PART) : Math.max(1, madeUp / MADE_UP_HELD_OUT_PART);
  }

  private List<Pair> pairs() throws IOException {
    if (madeUp != null) {
      return MadeUpPairs.of(seed, madeUp + heldOut(madeUp));
    }
    return file == null ? List.of() : PairFile.read(file);
  }
}
