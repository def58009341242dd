package dev.lanewise.text;

import dev.lanewise.core.generation.Generator;
import dev.lanewise.core.generation.Sampling;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.text.causal.CausalModel;
import dev.lanewise.text.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Generates the text that follows a prompt, with a language model from a folder: {@code config.json}, safetensors, {@code tokenizer.json}.
 *
 * <pre>{@code
 * TextGenerator generator = TextGenerator.load(folder).withMaxTokens(200).withStop("\n\n"); // a CausalModel and its tokenizer
 * String text = generator.generate("The law will never be").text();
 * generator.generate("The law will never be", System.out::print); // piece by piece, as soon as it is certain
 * }</pre>
 *
 * <ul>
 *   <li>The prompt is text as the model reads it. A chat template is the caller's part.
 *   <li>A text ends with a stop token of the model, with a stop string, which is not part of it, or at the maximum number of tokens.
 *   <li>An interrupt of the thread ends all texts. The call returns the texts so far, and the thread stays interrupted.
 *   <li>The text of a prompt does not depend on the other prompts of a batch, nor on threads; see {@link Generator}.
 * </ul>
 *
 * <p>Immutable and thread-safe. The {@code with…} methods return copies that share the weights.
 */
public final class TextGenerator {
  private final CausalModel model;
  private final Tokenizer tokenizer;
  private final Generator generator;
  private final List<String> stops;

  private TextGenerator(CausalModel model, Tokenizer tokenizer, Generator generator, List<String> stops) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.generator = generator;
    this.stops = stops;
  }

  /** What ended a text. */
  public enum Finish {
    /** The model chose a stop token, such as the end of the text. */
    STOP_TOKEN,
    /** The text contained a stop string. */
    STOP_STRING,
    /** The text has its maximum number of tokens. */
    LENGTH,
    /** A listener ended the text, or the thread was interrupted. */
    CANCELLED
  }

  /**
   * A generated text.
   *
   * @param text without the prompt and without a stop string
   * @param promptTokens number of tokens of the prompt
   * @param tokens number of tokens that the model chose, including those of a stop string but no stop token
   */
  public record Result(String text, Finish finish, int promptTokens, int tokens) {}

  /** Receives each piece of a text as soon as no later token can change it, on the calling thread. */
  @FunctionalInterface
  public interface Listener {
    /**
     * Receives a piece of a text.
     *
     * @param prompt number of its prompt in the batch
     * @param piece never empty
     * @return whether the text continues; false ends it with {@link Finish#CANCELLED}, with this piece as its last one
     */
    boolean next(int prompt, String piece);
  }

  /**
   * Loads the model and the tokenizer of a folder, on one thread and the fastest kernels of this JVM.
   *
   * @throws IOException if a file is missing or wrong
   */
  public static TextGenerator load(Path folder) throws IOException {
    Tokenizer tokenizer = Tokenizer.read(folder.resolve("tokenizer.json")); // first: if it is missing, no weights are read in vain
    CausalModel model = CausalModel.load(folder);
    try {
      return of(model, tokenizer);
    } catch (IllegalArgumentException e) { // the files contradict each other
      throw new IOException(folder + ": " + e.getMessage(), e);
    }
  }

  /**
   * Creates a generator that chooses the most probable tokens, up to 256 for each prompt, and ends a text with the stop tokens of the
   * model.
   *
   * @throws IllegalArgumentException if the tokenizer has more tokens than the model
   */
  public static TextGenerator of(CausalModel model, Tokenizer tokenizer) {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(tokenizer, "tokenizer");
    Checks.atMost("tokenizer.vocabulary", tokenizer.vocabulary(), "model.vocabulary", model.vocabulary());
    Generator generator = Generator.of(model.model()).withStopIds(model.stopIds());
    return new TextGenerator(model, tokenizer.withoutTruncation(), generator, List.of());
  }

  /** Returns a copy whose texts have at most this number of tokens, at least 1. */
  public TextGenerator withMaxTokens(int maxTokens) {
    return withGenerator(generator -> generator.withMaxTokens(maxTokens));
  }

  /** Returns a copy that chooses tokens in this way. */
  public TextGenerator withSampling(Sampling sampling) {
    return withGenerator(generator -> generator.withSampling(sampling));
  }

  /**
   * Returns a copy in which each of these strings ends a text, wherever it begins in a token. Text that may begin one is held back until it
   * is known whether it does.
   *
   * @throws IllegalArgumentException if a string is empty
   */
  public TextGenerator withStop(String... newStops) {
    List<String> copy = List.of(newStops);
    for (int i = 0; i < copy.size(); i++) {
      Checks.atLeast("stops[" + i + "].length", copy.get(i).length(), 1);
    }
    return new TextGenerator(model, tokenizer, generator, copy);
  }

  /** Returns a copy that puts the special tokens of the tokenizer's template around a prompt, or does not; the first is the default. */
  public TextGenerator withTemplate(boolean added) {
    return new TextGenerator(model, tokenizer.withTemplate(added), generator, stops);
  }

  /**
   * Returns a copy that makes special tokens, such as the end of a text, of their names in a prompt, or reads these names as text. The
   * first is the default; the other is for prompts that contain text of strangers.
   */
  public TextGenerator withSpecialTokensInText(boolean recognised) {
    return new TextGenerator(model, tokenizer.withSpecialTokensInText(recognised), generator, stops);
  }

  /** Returns a copy with this number of threads for each pass, including the caller's. */
  public TextGenerator withThreads(int threads) {
    return withGenerator(generator -> generator.withThreads(threads));
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public TextGenerator withKernels(Kernels kernels) {
    return withGenerator(generator -> generator.withKernels(kernels));
  }

  /** Returns a copy with other settings of its generator, such as a draft or a filter of logits. */
  public TextGenerator withGenerator(UnaryOperator<Generator> change) {
    return new TextGenerator(model, tokenizer, Objects.requireNonNull(change.apply(generator), "the changed generator"), stops);
  }

  /** The model. */
  public CausalModel model() {
    return model;
  }

  /** The tokenizer of prompts and texts. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /**
   * Generates the text that follows a prompt.
   *
   * @throws IllegalArgumentException if the prompt has no token, or the model has fewer positions than prompt and text may need
   */
  public Result generate(String prompt) {
    return generate(List.of(Objects.requireNonNull(prompt, "prompt"))).getFirst();
  }

  /** Generates a text as {@link #generate(String)} does, and passes each piece on. An exception of the listener ends the call. */
  public Result generate(String prompt, Consumer<String> listener) {
    Objects.requireNonNull(prompt, "prompt");
    Objects.requireNonNull(listener, "listener");
    return generate(
            List.of(prompt),
            (index, piece) -> {
              listener.accept(piece);
              return true;
            })
        .getFirst();
  }

  /** Generates the text that follows each prompt, all in the same passes of the model. */
  public List<Result> generate(List<String> prompts) {
    return generate(prompts, (prompt, piece) -> true);
  }

  /** Generates texts as {@link #generate(List)} does, and passes each piece on. An exception of the listener ends the call. */
  public List<Result> generate(List<String> prompts, Listener listener) {
    Objects.requireNonNull(listener, "listener");
    List<int[]> ids = new ArrayList<>();
    List<GeneratedText> texts = new ArrayList<>();
    for (String prompt : TextEncoder.copy("prompts", prompts)) {
      int[] tokens = tokenizer.encode(prompt).ids();
      if (tokens.length == 0) {
        throw new IllegalArgumentException("prompts[" + ids.size() + "] has 0 tokens, must have at least 1");
      }
      texts.add(new GeneratedText(ids.size(), tokens.length, tokenizer.streamingDecoder(), new StopStrings(stops), listener));
      ids.add(tokens);
    }
    try (Generator.Run run = generator.start(ids)) {
      while (run.hasNext()) {
        Generator.Token token = run.next();
        if (!texts.get(token.sequence()).add(token.id())) {
          run.cancel(token.sequence());
        }
      }
      List<Generator.Result> results = run.results();
      for (GeneratedText text : texts) {
        text.end(results.get(text.number()).finish());
      }
    }
    return texts.stream().map(GeneratedText::result).toList();
  }
}
