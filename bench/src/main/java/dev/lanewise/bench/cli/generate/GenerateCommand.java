package dev.lanewise.bench.cli.generate;

import dev.lanewise.bench.cli.console.BenchCommand;
import dev.lanewise.bench.cli.console.WeightNames;
import dev.lanewise.bench.cli.files.Input;
import dev.lanewise.bench.cli.model.Checkpoints;
import dev.lanewise.core.generation.Generator;
import dev.lanewise.core.generation.Sampling;
import dev.lanewise.kernels.data.WeightFormat;
import dev.lanewise.text.causal.CausalModel;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;

/** Prints the text or the token ids that follow a prompt. */
@Command(
    name = "generate",
    sortOptions = false,
    description = "Prints the text that follows a prompt, or the ids of its tokens, separated by commas, each as soon as it is known.",
    footer = {
      "",
      "Examples:",
      "  generate --model my-llama --text \"The law\" --temperature 0.7 --top-p 0.9",
      "  generate --model my-llama --text-file - --max-tokens 100 < prompt.txt",
      "  generate --model my-llama --ids 1,15,7",
      "",
      "Without --temperature the most probable token is chosen each time. Ctrl-C keeps what has been printed. How long it took is on"
          + " standard error. A folder that cannot be loaded is a wrong option: exit code 2."
    })
public final class GenerateCommand extends BenchCommand {
  /** Most bytes of a prompt in a file. */
  private static final int MOST_BYTES = 1 << 24;

  /** How many last tokens must have occurred before, for what followed them to be proposed. */
  private static final int NGRAM = 2;

  @Option(
      names = "--model",
      paramLabel = "FOLDER",
      required = true,
      description =
          "Folder with config.json and safetensors, one file or shards, as published or as quantise wrote it:"
              + " Llama, Mistral, Qwen 2 and 3, Gemma 2 or GPT-2.")
  private Path folder = Path.of("");

  @Option(names = "--ids", paramLabel = "IDS", split = ",", description = "The tokens of the prompt, such as 1,15,7.")
  private int @Nullable [] givenIds;

  @Option(
      names = "--text",
      paramLabel = "TEXT",
      description =
          "The prompt as text, instead of --ids; text is printed, too. The folder has a tokenizer.json, or the tokens of the model are"
              + " bytes, as train-lm makes it.")
  private @Nullable String text;

  @Option(
      names = "--text-file",
      paramLabel = "FILE",
      description = "The prompt as a file of UTF-8 text, instead of --text; - for standard input.")
  private @Nullable Path textFile;

  /** The tokens of the prompt. */
  private int[] ids = {};

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "256",
      description = "How many tokens to generate at most (default: ${DEFAULT-VALUE}).")
  private int maxTokens;

  @Option(
      names = "--temperature",
      paramLabel = "X",
      defaultValue = "0",
      description = "Draw tokens at random, probable ones the more often the lower this is; 0 chooses the most probable (default: 0).")
  private double temperature;

  @Option(names = "--top-k", paramLabel = "N", description = "Draw from this number of most probable tokens (default: all).")
  private @Nullable Integer topK;

  @Option(
      names = "--top-p",
      paramLabel = "X",
      description = "Draw from the most probable tokens whose probabilities sum to this (default: 1).")
  private @Nullable Double topP;

  @Option(
      names = "--min-p",
      paramLabel = "X",
      description = "Draw from the tokens with at least this fraction of the largest probability (default: 0).")
  private @Nullable Double minP;

  @Option(
      names = "--repetition-penalty",
      paramLabel = "X",
      defaultValue = "1",
      description = "Make tokens that occurred before less probable (default: 1, no change).")
  private double repetitionPenalty;

  @Option(names = "--seed", paramLabel = "N", description = "Equal seeds draw equal tokens (default: 0).")
  private @Nullable Long seed;

  @Option(
      names = "--stop-ids",
      paramLabel = "IDS",
      split = ",",
      description = "Tokens that end the text and are not printed; -1 for none (default: those of the model).")
  private int @Nullable [] stopIds;

  @Option(
      names = "--weights",
      paramLabel = "FORMAT",
      description = "Store the weights as " + WeightNames.ALL + " (default: as in the file).")
  private @Nullable String weights;

  @Option(
      names = "--speculate",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Verify up to this number of tokens at once that followed the last tokens before: faster if the text repeats itself"
              + " (default: 0).")
  private int speculate;

  @Option(names = "--threads", paramLabel = "N", description = "Threads that share the work; default: one for each core.")
  private @Nullable Integer threads;

  @Override
  public Integer call() throws IOException {
    checkOptions();
    text = textFile == null ? text : read(textFile);
    long start = System.nanoTime();
    TextCodec codec = text == null ? null : codec();
    CausalModel model = load();
    ids = prompt(model, codec);
    long loaded = System.nanoTime();
    Generator.Run run = prepare(model);
    try (run) {
      print(run, model, codec, loaded - start);
    } catch (ArithmeticException e) {
      throw new IllegalStateException("the model computes no probabilities: " + e.getMessage(), e);
    }
    return 0;
  }

  private void checkOptions() {
    requireUsable("--model " + folder, Checkpoints.obstacle(folder));
    long prompts = Stream.of(givenIds, text, textFile).filter(Objects::nonNull).count();
    if (prompts != 1) {
      throw rejected("one of --ids, --text and --text-file is needed" + (prompts == 0 ? "" : ", not both"));
    }
    if (text != null && text.isEmpty()) {
      throw rejected("--text is empty, must have a character");
    }
    if (textFile != null) {
      requireUsable("--text-file " + textFile, Input.obstacle(textFile));
    }
    requireAtLeast("--max-tokens", maxTokens, 1);
    requireAtLeast("--speculate", speculate, 0);
    requireAtLeast("--threads", threads(), 1);
    if (temperature == 0) {
      ParseResult given = spec().commandLine().getParseResult();
      for (String option : List.of("--top-k", "--top-p", "--min-p", "--seed")) {
        if (given.hasMatchedOption(option)) {
          throw rejected(option + " needs --temperature above 0");
        }
      }
    }
    checked(this::sampling);
    checked(this::format);
  }

  private static String read(Path file) throws IOException {
    try (InputStream in = Input.text(file)) {
      byte[] bytes = in.readNBytes(MOST_BYTES + 1);
      String read = new String(bytes, StandardCharsets.UTF_8);
      if (bytes.length > MOST_BYTES || read.isEmpty()) {
        throw new IOException(Input.name(file) + " has " + (read.isEmpty() ? "no character" : "more than " + MOST_BYTES + " bytes"));
      }
      return read;
    }
  }

  private int[] prompt(CausalModel model, @Nullable TextCodec codec) {
    String prompt = text;
    if (prompt == null || codec == null) {
      int[] given = givenIds == null ? new int[0] : givenIds;
      checkIds("--ids", given, model.vocabulary());
      return given;
    }
    return checked(() -> codec.ids(prompt, model.vocabulary()));
  }

  private int threads() {
    return threads == null ? Runtime.getRuntime().availableProcessors() : threads;
  }

  private @Nullable WeightFormat format() {
    return weights == null ? null : WeightNames.format("--weights", weights);
  }

  private Sampling sampling() {
    Sampling sampling = Sampling.random(seed == null ? 0 : seed).withTemperature(temperature).withRepetitionPenalty(repetitionPenalty);
    sampling = topK == null ? sampling : sampling.withTopK(topK);
    sampling = topP == null ? sampling : sampling.withTopP(topP);
    return minP == null ? sampling : sampling.withMinP(minP);
  }

  private TextCodec codec() {
    try {
      return TextCodec.of(folder);
    } catch (IOException e) {
      throw rejected(e.getMessage());
    }
  }

  private CausalModel load() {
    try {
      CausalModel.Builder builder = CausalModel.builder(folder).threads(threads());
      WeightFormat format = format();
      return (format == null ? builder : builder.format(format)).build();
    } catch (IOException e) {
      throw rejected(e.getMessage());
    }
  }

  private void checkIds(String option, int[] given, int vocabulary) {
    for (int id : given) {
      if (id < 0 || id >= vocabulary) {
        throw rejected(option + " has " + id + ", must be at least 0 and below the vocabulary of " + vocabulary);
      }
    }
  }

  private Generator.Run prepare(CausalModel model) {
    int[] stops = stopIds == null ? model.stopIds() : stopIds;
    stops = stops.length == 1 && stops[0] == -1 ? new int[0] : stops;
    checkIds(stopIds == null ? "eos_token_id" : "--stop-ids", stops, model.vocabulary());
    int[] checkedStops = stops;
    if ((long) ids.length + maxTokens > model.maxPositions()) {
      err()
          .println(
              "the prompt and --max-tokens are " + ((long) ids.length + maxTokens) + " tokens; the model knows " + model.maxPositions());
    }
    return checked(
        () -> {
          Generator generator = Generator.of(model.model()).withSampling(sampling()).withMaxTokens(maxTokens).withStopIds(checkedStops);
          generator = speculate == 0 ? generator : generator.withDraft(Generator.Draft.lookup(NGRAM, speculate));
          return generator.start(List.of(ids));
        });
  }

  /** Runs a step that refuses wrong arguments; they are wrong options. */
  private <T extends @Nullable Object> T checked(Supplier<T> step) {
    try {
      return step.get();
    } catch (IllegalArgumentException e) {
      throw rejected(e.getMessage());
    }
  }

  private void print(Generator.Run run, CausalModel model, @Nullable TextCodec codec, long loading) {
    long start = System.nanoTime();
    long first = start;
    int count = 0;
    TextCodec.Decoder decoder = codec == null ? null : codec.decoder();
    while (run.hasNext()) {
      int id = run.next().id();
      out().print(decoder != null ? decoder.add(id) : (count == 0 ? "" : ",") + id);
      out().flush();
      first = count++ == 0 ? System.nanoTime() : first;
    }
    out().println(decoder == null ? "" : decoder.end());
    double seconds = (System.nanoTime() - first) * 1e-9;
    String rate = count < 2 ? "" : String.format(Locale.ROOT, ", %.1f a second after the first", (count - 1) / seconds);
    err()
        .println(
            String.format(
                Locale.ROOT,
                "%s: loaded in %.2f s, %d tokens read in %.3f s, %d generated%s; ended by %s",
                model.family(),
                loading * 1e-9,
                ids.length,
                (first - start) * 1e-9,
                count,
                rate,
                run.results().getFirst().finish().name().toLowerCase(Locale.ROOT).replace('_', ' ')));
  }
}
