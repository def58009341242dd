package dev.lanewise.core.generation;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.generation.Generator.Finish;
import dev.lanewise.core.generation.Generator.Result;
import dev.lanewise.core.layer.Embedding;
import dev.lanewise.core.layer.LanguageModel;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.layer.StackState;
import dev.lanewise.core.position.Positions;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.testing.ReadmeBlocks;
import dev.lanewise.testing.Sample;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Generation with small random models, compared with passes over the whole sequence for every token. */
@Tag("twice")
class GeneratorTest {
  private static final int VOCABULARY = TinyModel.VOCABULARY;

  private static int[] tokens(Random random, int count) {
    return random.ints(count, 0, VOCABULARY).toArray();
  }

  private static int[] join(int[] first, int[] second) {
    int[] all = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }

  /** Chooses each token from a pass over all tokens before it. */
  private static int[] plain(LanguageModel model, PlainSampling sampling, int number, int[] prompt, int count) {
    int[] all = prompt;
    while (all.length < prompt.length + count) {
      SequenceBatch logits = SequenceBatch.zeros(1, 1, VOCABULARY);
      try (StackState state = model.stack().start(1, all.length)) {
        model.forward(all, state, logits);
      }
      all = join(all, new int[] {sampling.choose(logits.data(), all, number)});
    }
    return Arrays.copyOfRange(all, prompt.length, all.length);
  }

  private static List<int[]> generated(List<Result> results) {
    return results.stream().map(Result::tokens).toList();
  }

  /** Trees of one token and its neighbour, each with the tokens that followed it before. */
  private static Generator.Tree twigs(Generator.Tokens tokens) {
    int last = tokens.get(tokens.count() - 1);
    List<Integer> ids = new ArrayList<>();
    List<Integer> parents = new ArrayList<>();
    for (int i = tokens.count() - 2; i >= 0 && ids.size() < 9; i--) {
      if (tokens.get(i) == last) {
        ids.add(tokens.get(i + 1));
        parents.add(-1);
        ids.add(i + 2 < tokens.count() ? tokens.get(i + 2) : last);
        parents.add(ids.size() - 2);
        ids.add((last + i) % VOCABULARY);
        parents.add(ids.size() - 3);
      }
    }
    return new Generator.Tree(ids.stream().mapToInt(id -> id).toArray(), parents.stream().mapToInt(parent -> parent).toArray());
  }

  @Test
  void tokensAreThoseOfWholePassesInBatchesChunksAndWithDrafts() {
    for (int seed = 0; seed < (Sample.extent() == Sample.Extent.THOROUGH ? 8 : 4); seed++) {
      Random random = new Random(Problem.SEED + seed);
      LanguageModel model = TinyModel.of(seed, seed % 2 == 0 ? 0 : 5);
      PlainSampling plain = new PlainSampling(seed, seed % 4 < 2 ? 0 : 0.6, 20, 0.95, 0, 1.1, 12);
      int[] common = tokens(random, 6);
      List<int[]> prompts = List.of(join(common, tokens(random, 1)), join(common, tokens(random, 9)), join(common, tokens(random, 4)));
      List<int[]> expected = new ArrayList<>();
      for (int i = 0; i < prompts.size(); i++) {
        expected.add(plain(model, plain, i, prompts.get(i), 30));
      }
      Generator generator = Generator.of(model).withSampling(plain.sampling()).withMaxTokens(30);
      List<Generator> variants =
          List.of(
              generator,
              generator.withChunk(4).withThreads(2),
              generator.withDraft(Generator.Draft.lookup(1, 5)),
              generator.withDraft(Generator.Draft.model(model, 4)),
              generator.withDraft(Generator.Draft.model(TinyModel.of(seed + 1, 4), 3)),
              generator.withDraft((sequence, tokens, most) -> twigs(tokens)));
      for (int i = 0; i < variants.size(); i++) {
        List<int[]> actual = generated(variants.get(i).generate(prompts));
        assertThat(actual).as("seed %d, variant %d", seed, i).usingElementComparator(Arrays::compare).isEqualTo(expected);
      }
      for (int i = 0; i < prompts.size(); i++) {
        assertThat(generator.generate(prompts.subList(0, i + 1)).get(i).tokens()).isEqualTo(expected.get(i));
      }
    }
  }

  @Test
  void statesOfTheCallerContinueAndFork() {
    for (int window : new int[] {0, 6}) {
      LanguageModel model = TinyModel.of(40, window);
      Generator generator = Generator.of(model).withMaxTokens(12);
      PlainSampling greedy = new PlainSampling(0, 0, 1, 1, 0, 1, 1);
      Random random = new Random(Problem.SEED);
      int[] system = tokens(random, 20);
      int[] question = tokens(random, 5);
      StackState.Builder shorter = model.stack().state().window(30, 0);
      for (StackState.Builder builder : List.of(model.stack().state().capacity(100), model.stack().state().pages(60), shorter)) {
        // the twelfth token follows 31 rows
        int alike = builder == shorter ? 11 : 12;
        try (StackState state = builder.build()) {
          int[] first = generator.generate(List.of(system), state, (sequence, token) -> true).get(0).tokens();
          assertThat(first).startsWith(Arrays.copyOf(plain(model, greedy, 0, system, 12), alike)).hasSize(12);
          assertThat(state.rows(0)).isEqualTo(20 + 11);
          int[] next = join(new int[] {first[11]}, question);
          int[] so = join(join(system, first), question);
          List<Result> answers = generator.generate(List.of(next, question), state, (sequence, token) -> true);
          assertThat(state.rows(0)).as("the state is not changed by forks").isEqualTo(20 + 11);
          List<Result> one = generator.withDraft(Generator.Draft.lookup(1, 4)).generate(List.of(next), state, (sequence, token) -> true);
          if (builder != shorter) {
            assertThat(one.get(0).tokens()).isEqualTo(plain(model, greedy, 0, so, 12));
          }
          assertThat(answers.get(0).tokens()).isEqualTo(one.get(0).tokens());
          assertThat(state.rows(0)).isEqualTo(20 + 12 + 5 + 11);
        }
      }
    }
  }

  @Test
  void anInterruptOfThePassKeepsTheTokensSoFar() {
    Generator generator = Generator.of(TinyModel.of(50, 0)).withMaxTokens(40);
    int[] all = generator.generate(List.of(new int[] {1, 2})).get(0).tokens();
    List<Result> results =
        generator.generate(
            List.of(new int[] {1, 2}, new int[] {1, 2}),
            (sequence, token) -> {
              if (token == all[9]) {
                Thread.currentThread().interrupt();
              }
              return true;
            });
    assertThat(Thread.interrupted()).isTrue();
    assertThat(results).extracting(Result::finish).containsOnly(Finish.CANCELLED);
    int[] kept = results.get(0).tokens();
    assertThat(kept).hasSizeLessThanOrEqualTo(10).isEqualTo(Arrays.copyOf(all, kept.length));
  }

  @Test
  void noPromptsGiveNoResults() {
    assertThat(Generator.of(TinyModel.of(1, 0)).generate(List.of())).isEmpty();
  }

  /** Always chooses token 1: the biases make tokens 1 and 2 equally probable, and the first one counts. */
  private static Generator ones() {
    LanguageModel model = TinyModel.of(1, 0);
    Linear head = Linear.of(new float[3 * 16], new float[] {0, 1, 1}, 16, 3);
    return Generator.of(LanguageModel.of(Embedding.of(new float[3 * 16], 3, 16), model.stack(), head));
  }

  @Test
  void aSequenceEndsAtMaxTokensOrAtAStop() {
    List<int[]> prompts = List.of(new int[] {0}, new int[] {2});
    assertThat(ones().generate(prompts).get(0).tokens()).as("the default").hasSize(256).containsOnly(1);
    for (int most : new int[] {1, 2, 17}) {
      assertThat(ones().withMaxTokens(most).withStopIds(2).generate(prompts)).allMatch(result -> result.tokens().length == most);
    }
    List<Result> none = ones().withMaxTokens(Integer.MAX_VALUE).withStopIds(1).generate(prompts);
    assertThat(none).allMatch(result -> result.tokens().length == 0 && result.finish() == Finish.STOP_ID);
  }

  @Test
  void wrongArguments() {
    LanguageModel model = TinyModel.of(1, 0);
    Generator generator = Generator.of(model);
    LanguageModel learned = model.withPositions(Positions.learned(new float[10 * 16], 10, 16));
    List<Wrong> wrong =
        List.of(
            Wrong.argument("maxTokens", t -> generator.withMaxTokens(0), "maxTokens", "0", "1"),
            Wrong.argument("chunk", t -> generator.withChunk(0), "tokens", "0", "1"),
            Wrong.argument("stop id", t -> generator.withStopIds(3, 29), "ids[1]", "29", "model.vocabulary"),
            Wrong.argument("stop sequence", t -> generator.withStopSequences(new int[0]), "stops[0].length", "0", "1"),
            Wrong.argument("token of a stop", t -> generator.withStopSequences(new int[] {-1}), "stops[0][0]", "-1", "29"),
            Wrong.argument("prefix", t -> generator.withForcedPrefix(1, 30), "tokens[1]", "30", "29"),
            Wrong.argument(
                "long prefix",
                t -> generator.withForcedPrefix(1, 2, 3).withMaxTokens(3).generate(List.of(new int[] {1})),
                "prefix.length",
                "3",
                "maxTokens",
                "2"),
            Wrong.argument("prompt", t -> generator.generate(List.of(new int[] {1}, new int[0])), "prompts[1].length", "0", "1"),
            Wrong.argument("token", t -> generator.generate(List.of(new int[] {1, 99})), "prompts[0][1]", "99", "29"),
            Wrong.argument(
                "positions",
                t -> Generator.of(learned).withMaxTokens(10).generate(List.of(new int[] {1, 2})),
                "prompt.length",
                "maxTokens",
                "11",
                "model.maxRows",
                "10"),
            Wrong.argument("ngram", t -> Generator.Draft.lookup(0, 3), "ngram", "0", "1"),
            Wrong.argument("length", t -> Generator.Draft.lookup(2, 0), "length", "0", "1"),
            Wrong.argument("length", t -> Generator.Draft.model(model, 0), "length", "0", "1"),
            Wrong.isNull("sampling", t -> generator.withSampling(Wrong.nothing())),
            Wrong.isNull("prompts", t -> generator.generate(Wrong.nothing())));
    wrong.forEach(Wrong::verify);
    try (StackState state = model.stack().start(2, 300)) {
      List<int[]> three = Collections.nCopies(3, new int[] {1});
      Wrong.argument("batch", t -> generator.generate(three, state, (sequence, token) -> true), "prompts.size", "3", "state.batch", "2")
          .verify();
    }
  }

  /** On plain Java kernels: SIMD kernels allocate their vectors as long as they are interpreted. */
  @Test
  void aTokenAllocatesLittle() {
    Generator generator = Generator.of(TinyModel.of(3, 0)).withKernels(Kernels.scalar()).withMaxTokens(1500);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long id = Thread.currentThread().threadId();
    try (Generator.Run run = generator.start(List.of(new int[] {1, 2, 3}))) {
      for (int i = 0; i < 900; i++) {
        assertThat(run.hasNext()).isTrue();
        run.next();
      }
      long before = threads.getThreadAllocatedBytes(id);
      for (int i = 0; i < 200; i++) {
        run.next();
      }
      assertThat((threads.getThreadAllocatedBytes(id) - before) / 200).as("bytes for each token").isLessThan(20_000);
    }
  }

  @Test
  void cachesOfAnotherFormatServe() {
    LanguageModel model = TinyModel.of(60, 0);
    try (StackState state = model.stack().state().format(KeyValueFormat.F16).batch(2).capacity(40).build()) {
      List<int[]> prompts = List.of(new int[] {1, 2, 3}, new int[] {4});
      assertThat(Generator.of(model).withMaxTokens(20).generate(prompts, state, (sequence, token) -> sequence == 0))
          .extracting(result -> result.tokens().length)
          .containsExactly(20, 1);
    }
  }

  @Test
  void examples() throws IOException {
    String readme = Files.readString(Path.of("README.md"));
    String section = readme.substring(readme.indexOf("\n## Generate\n"));
    List<String> shown = new ArrayList<>(ReadmeBlocks.shown(section.substring(0, section.indexOf("\n## ", 1))));
    shown.addAll(ReadmeBlocks.shownInJavadoc("Generator.java"));
    assertThat(ReadmeBlocks.compiled("GenerateExample.java")).isEqualTo(shown).hasSize(3);
    LanguageModel model = TinyModel.of(70, 0);
    assertThat(GenerateExample.generate(model, new int[] {1, 3}, new int[] {4})).hasSize(2);
    assertThat(GenerateExample.shown(model, new int[] {1, 3}, new int[] {4})).hasSizeBetween(1, 200);
  }
}
