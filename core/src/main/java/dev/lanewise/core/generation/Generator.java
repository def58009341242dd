package dev.lanewise.core.generation;

import dev.lanewise.core.layer.LanguageModel;
import dev.lanewise.core.layer.StackState;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;

/**
 * Generates the tokens that follow prompts. A {@link LanguageModel} computes the logits, a {@link Sampling} chooses the next token, and the
 * model reads that token in the next pass.
 *
 * <pre>{@code
 * Generator generator = Generator.of(model).withSampling(Sampling.random(7).withTopP(0.9)).withMaxTokens(200).withStopIds(2);
 * List<Generator.Result> results = generator.generate(List.of(firstPrompt, secondPrompt)); // of any length each
 * int[] answer = results.get(0).tokens(); // without the prompt and without the stop token
 *
 * try (Generator.Run run = generator.start(List.of(firstPrompt))) { // each token as soon as it is known
 *   run.forEachRemaining(token -> System.out.println(token.sequence() + ": " + token.id()));
 * }
 * }</pre>
 *
 * <ul>
 *   <li>Prompts are read in chunks. Tokens that all prompts of a batch begin with are read once, and the caches are forked.
 *   <li>A sequence ends with a stop id or a stop sequence, which are not part of the result, or at the maximum number of tokens. It is in
 *       no later pass.
 *   <li>An interrupt of the thread ends all sequences. The call returns the tokens so far, and the thread stays interrupted.
 *   <li>{@link #withDraft} verifies several drafted tokens in one pass. The tokens are those that the model chooses without a draft.
 * </ul>
 *
 * <p>The tokens of a sequence depend on its prompt, on its number in the batch if the sampling is random, and on the settings, but not on
 * the other sequences, nor on threads. Neither chunks of other sizes nor a draft without branches change them, because the logits have the
 * same bits, see {@link LanguageModel}. Over caches in INT8, and with branches in a draft, logits may differ by rounding (about 5e-7 of the
 * logits). A token then differs only if two logits, or a random number and the border between two tokens, are that close. Immutable and
 * thread-safe.
 */
public final class Generator {
  private final LanguageModel model;
  private final GeneratorSettings settings;

  private Generator(LanguageModel model, GeneratorSettings settings) {
    this.model = Objects.requireNonNull(model, "model");
    this.settings = settings;
  }

  /** Receives each token as soon as it is known, on the calling thread. */
  @FunctionalInterface
  public interface Listener {
    /**
     * Receives the next token of a sequence.
     *
     * @param sequence its number in the batch
     * @return whether the sequence continues; false ends it with {@link Finish#CANCELLED}, with this token as its last one
     */
    boolean next(int sequence, int token);
  }

  /** The tokens of a sequence so far: its prompt and the chosen tokens. */
  public interface Tokens {
    /** Number of tokens. */
    int count();

    /** Number of tokens of the prompt, the first ones. */
    int promptCount();

    /**
     * The token at an index.
     *
     * @throws IndexOutOfBoundsException if there is none
     */
    int get(int index);
  }

  /** Changes the logits before a token is chosen. */
  @FunctionalInterface
  public interface LogitFilter {
    /**
     * Changes logits in place: −∞ forbids a token.
     *
     * @param sequence its number in the batch
     * @param tokens the tokens before, valid during the call
     * @param logits one for each token of the vocabulary, with the repetition penalty
     */
    void change(int sequence, Tokens tokens, float[] logits);
  }

  /**
   * Proposes tokens that may follow, which the model verifies in one pass. What it proposes changes the speed but not the tokens.
   *
   * @see #lookup
   * @see #model
   */
  @FunctionalInterface
  public interface Draft extends AutoCloseable {
    /**
     * Proposes tokens.
     *
     * @param sequence its number in the batch
     * @param tokens the tokens so far, valid during the call
     * @param most number of proposed tokens, at least 1, beyond which the others are ignored
     * @return the proposed tokens; without any, the model makes an ordinary step
     */
    Tree propose(int sequence, Tokens tokens, int most);

    /**
     * Prepares for a run. The result proposes tokens for it, and is closed at its end; by default this object, if it keeps nothing.
     *
     * @param capacity maximum number of tokens of a sequence
     */
    default Draft open(int sequences, int capacity) {
      return this;
    }

    @Override
    default void close() {}

    /**
     * Proposes what followed the latest earlier occurrence of the last tokens (prompt look-up), for text that repeats itself, such as an
     * edited document. If the occurrence is so late that less followed, the proposal continues with its own tokens.
     *
     * @param ngram number of last tokens that must occur, at least 1
     * @param length number of proposed tokens, at least 1
     */
    static Draft lookup(int ngram, int length) {
      Checks.atLeast("ngram", ngram, 1);
      Checks.atLeast("length", length, 1);
      return new LookupDraft(ngram, length);
    }

    /**
     * Proposes the most probable tokens of a smaller model with the same vocabulary, as in "Fast Inference from Transformers via
     * Speculative Decoding" (Leviathan et al., 2023). The model that verifies them chooses every token, with its own random numbers.
     *
     * @param length number of proposed tokens, at least 1
     */
    static Draft model(LanguageModel model, int length) {
      Objects.requireNonNull(model, "model");
      Checks.atLeast("length", length, 1);
      return new ModelDraft(capacity -> ModelPasses.start(model, 1, capacity), length);
    }
  }

  /**
   * Proposed tokens. Each stands behind its parent, so that several continuations can share their beginning.
   *
   * @param ids the tokens
   * @param parents index of the token before each, smaller than its own; −1 for those that follow the sequence's last token
   */
  public record Tree(int[] ids, int[] parents) {
    /**
     * Checks the parents.
     *
     * @throws IllegalArgumentException if there are more or fewer parents than tokens, or a parent does not precede its child
     */
    public Tree {
      DraftedTree.check(ids, parents);
    }

    /** Tokens that follow each other; none for no proposal. */
    public static Tree chain(int... ids) {
      int[] parents = new int[ids.length];
      Arrays.setAll(parents, node -> node - 1);
      return new Tree(ids, parents);
    }
  }

  /** What ended a sequence. */
  public enum Finish {
    /** A stop id was chosen. */
    STOP_ID,
    /** A stop sequence was chosen. */
    STOP_SEQUENCE,
    /** The sequence has its maximum number of tokens. */
    LENGTH,
    /** A listener or the caller ended the sequence, the thread was interrupted, or the run was closed. */
    CANCELLED
  }

  /**
   * A token of a sequence.
   *
   * @param sequence number of the sequence in the batch
   */
  public record Token(int sequence, int id) {}

  /**
   * The generated tokens of a sequence.
   *
   * @param tokens the forced prefix and the chosen tokens, without the prompt, stop id or stop sequence
   */
  public record Result(int[] tokens, Finish finish) {}

  /**
   * A generation in progress, which hands out one token at a time; the model runs when a token is asked for that is not known yet. For one
   * thread at a time.
   */
  public interface Run extends Iterator<Token>, AutoCloseable {
    /** Ends a sequence with the tokens that have been handed out. */
    void cancel(int sequence);

    /** The tokens that have been handed out, of each sequence. A sequence that has not ended counts as cancelled. */
    List<Result> results();

    /** Ends the run and frees its caches; {@link #results} stays. */
    @Override
    void close();
  }

  /** Creates a generator that chooses the most probable tokens, up to 256 for each prompt. */
  public static Generator of(LanguageModel model) {
    return new Generator(model, GeneratorSettings.DEFAULT);
  }

  /** Returns a copy that chooses tokens in this way. */
  public Generator withSampling(Sampling sampling) {
    return new Generator(model, settings.withSampling(Objects.requireNonNull(sampling, "sampling")));
  }

  /** Returns a copy with this maximum number of tokens of each result, at least 1. */
  public Generator withMaxTokens(int maxTokens) {
    Checks.atLeast("maxTokens", maxTokens, 1);
    return new Generator(model, settings.withMaxTokens(maxTokens));
  }

  /** Returns a copy that reads this number of tokens of a prompt in a pass, at least 1; the default is 512. */
  public Generator withChunk(int tokens) {
    Checks.atLeast("tokens", tokens, 1);
    return new Generator(model, settings.withChunk(tokens));
  }

  /**
   * Returns a copy whose results begin with these tokens. They count for the maximum number of tokens, and no stop is looked for in them.
   *
   * @throws IllegalArgumentException if a token is outside of the vocabulary
   */
  public Generator withForcedPrefix(int... tokens) {
    return new Generator(model, settings.withPrefix(checked("tokens", tokens)));
  }

  /**
   * Returns a copy in which these tokens end a sequence.
   *
   * @throws IllegalArgumentException if a token is outside of the vocabulary
   */
  public Generator withStopIds(int... ids) {
    int[] sorted = checked("ids", ids);
    Arrays.sort(sorted);
    return new Generator(model, settings.withStopIds(sorted));
  }

  /**
   * Returns a copy in which each of these sequences of tokens ends a sequence. Tokens that may begin one are held back until it is known
   * whether they do.
   *
   * @throws IllegalArgumentException if a sequence is empty, or a token is outside of the vocabulary
   */
  public Generator withStopSequences(int[]... stops) {
    int[][] copy = new int[stops.length][];
    for (int i = 0; i < stops.length; i++) {
      copy[i] = checked("stops[" + i + "]", stops[i]);
      Checks.atLeast("stops[" + i + "].length", copy[i].length, 1);
    }
    return new Generator(model, settings.withStopSequences(List.of(copy)));
  }

  /** Returns a copy that changes all logits by a function of the caller's. */
  public Generator withLogitFilter(LogitFilter filter) {
    return new Generator(model, settings.withFilter(Objects.requireNonNull(filter, "filter")));
  }

  /**
   * Returns a copy that generates faster if drafted tokens are often right (speculative decoding). Each is chosen as without a draft, with
   * the same random number, and the draft is followed as long as it agrees. The sequences of a batch are verified one after the other.
   */
  public Generator withDraft(Draft draft) {
    return new Generator(model, settings.withDraft(Objects.requireNonNull(draft, "draft")));
  }

  /** Returns a copy with this number of threads for each pass, including the caller's. */
  public Generator withThreads(int threads) {
    return new Generator(model.withThreads(threads), settings);
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public Generator withKernels(Kernels kernels) {
    return new Generator(model.withKernels(kernels), settings);
  }

  /**
   * Generates the tokens that follow each prompt.
   *
   * @param prompts tokens of each sequence, at least one each, of any length
   * @throws IllegalArgumentException if a prompt is empty or has a token outside of the vocabulary, or the forced prefix leaves no token
   * @throws ArithmeticException if a logit is NaN, or all logits of a token are −∞
   */
  public List<Result> generate(List<int[]> prompts) {
    return generate(prompts, (sequence, token) -> true);
  }

  /** Generates tokens as {@link #generate(List)} does, and passes each to a listener. An exception of the listener ends the call. */
  public List<Result> generate(List<int[]> prompts, Listener listener) {
    Objects.requireNonNull(listener, "listener");
    try (Run run = start(prompts)) {
      return listen(run, listener);
    }
  }

  /**
   * Generates tokens with a state of the caller's: one that has read earlier tokens, such as the turns of a conversation, that has a
   * memory, or whose caches have another format. Afterwards it holds the rows of each prompt and result, except for the last chosen token,
   * which the next prompt has to repeat. A state of one sequence serves several prompts: each continues in a fork, and the state does not
   * change. Tokens of earlier rows count neither for the repetition penalty nor for filter, draft and random numbers.
   *
   * @param prompts the new tokens of each sequence of the state
   * @param state a state of {@code model.stack()}; it stays open
   */
  public List<Result> generate(List<int[]> prompts, StackState state, Listener listener) {
    Objects.requireNonNull(listener, "listener");
    try (Run run = start(prompts, state)) {
      return listen(run, listener);
    }
  }

  static List<Result> listen(Run run, Listener listener) {
    while (run.hasNext()) {
      Token token = run.next();
      if (!listener.next(token.sequence(), token.id())) {
        run.cancel(token.sequence());
      }
    }
    return run.results();
  }

  /** Begins a generation whose tokens the caller asks for; see {@link #generate(List)}. */
  public Run start(List<int[]> prompts) {
    List<int[]> checked = checkedPrompts(prompts);
    int capacity = capacity(checked);
    boolean shares = checked.size() > 1;
    Passes passes = shares ? ModelPasses.shared(model, checked.size(), capacity) : ModelPasses.start(model, checked.size(), capacity);
    return run(passes, checked, shares, capacity);
  }

  /** Begins a generation with a state of the caller's; see {@link #generate(List, StackState, Listener)}. */
  public Run start(List<int[]> prompts, StackState state) {
    List<int[]> checked = checkedPrompts(prompts);
    boolean shares = Objects.requireNonNull(state, "state").batch() == 1 && checked.size() > 1;
    if (!shares) {
      Checks.same("prompts.size", checked.size(), "state.batch", state.batch());
    }
    Passes passes = shares ? ModelPasses.behind(model, state) : ModelPasses.over(model, state);
    return run(passes, checked, shares, capacity(checked));
  }

  private Run run(Passes passes, List<int[]> prompts, boolean shares, int capacity) {
    boolean done = false;
    try {
      Run run = new GeneratorRun(settings, passes, prompts, shares, capacity);
      done = true;
      return run;
    } finally {
      if (!done) {
        passes.close();
      }
    }
  }

  /** Number of rows of the longest sequence: the model never reads the last token. */
  private int capacity(List<int[]> prompts) {
    int longest = prompts.stream().mapToInt(prompt -> prompt.length).max().orElse(1);
    long rows = (long) longest + settings.maxTokens() - 1;
    Checks.atMost("prompt.length + maxTokens - 1", rows, "model.maxRows", model.maxRows());
    return Math.toIntExact(rows);
  }

  private List<int[]> checkedPrompts(List<int[]> prompts) {
    Objects.requireNonNull(prompts, "prompts");
    Checks.atMost("prefix.length", settings.prefix().length, "maxTokens - 1", settings.maxTokens() - 1);
    int[][] copies = new int[prompts.size()][];
    for (int i = 0; i < copies.length; i++) {
      copies[i] = checked("prompts[" + i + "]", prompts.get(i));
      Checks.atLeast("prompts[" + i + "].length", copies[i].length, 1);
    }
    return List.of(copies);
  }

  /** A copy of tokens of the vocabulary. */
  private int[] checked(String name, int[] tokens) {
    int[] copy = Objects.requireNonNull(tokens, name).clone();
    for (int i = 0; i < copy.length; i++) {
      if (copy[i] < 0 || copy[i] >= model.vocabulary()) {
        throw new IllegalArgumentException(
            name + "[" + i + "] is " + copy[i] + ", must be at least 0 and below model.vocabulary, " + model.vocabulary());
      }
    }
    return copy;
  }
}
