package dev.lanewise.core.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.lanewise.core.generation.Generator.Finish;
import dev.lanewise.core.generation.Generator.Result;
import dev.lanewise.core.generation.TablePasses.Table;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.testing.Sample;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The loop over models in tables, compared with a loop that knows neither batches, caches, chunks nor drafts. */
@Tag("once")
class GeneratorRunTest {
  private static final float INFINITY = Float.POSITIVE_INFINITY;
  private static final GeneratorSettings GREEDY = GeneratorSettings.DEFAULT;

  private static int[] array(List<Integer> tokens) {
    return tokens.stream().mapToInt(token -> token).toArray();
  }

  private static List<Integer> list(int... tokens) {
    return Arrays.stream(tokens).boxed().toList();
  }

  /** Forbids every third token behind a token of the same kind, and what the sequence began with. */
  private static void filter(int sequence, Generator.Tokens tokens, float[] logits) {
    int last = tokens.get(tokens.count() - 1);
    for (int token = (last + sequence) % 3; token < logits.length - 1; token += 3) {
      logits[token] = -INFINITY;
    }
    assertThat(tokens.promptCount()).isPositive();
  }

  private record Shown(List<Integer> tokens) implements Generator.Tokens {
    @Override
    public int count() {
      return tokens.size();
    }

    @Override
    public int promptCount() {
      return 1;
    }

    @Override
    public int get(int index) {
      return tokens.get(index);
    }
  }

  /** Runs the whole sequence again for every token. */
  private static Result plain(Table table, PlainSampling sampling, GeneratorSettings settings, int number, int[] prompt) {
    List<Integer> tokens = new ArrayList<>(list(prompt));
    tokens.addAll(list(settings.prefix()));
    int begin = tokens.size();
    while (tokens.size() - prompt.length < settings.maxTokens()) {
      float[] logits = table.logits(tokens);
      double[] penalised = sampling.penalised(logits, array(tokens));
      for (int token = 0; token < logits.length; token++) {
        logits[token] = (float) penalised[token];
      }
      if (settings.filter() != null) {
        settings.filter().change(number, new Shown(tokens), logits);
      }
      double[] filtered = IntStream.range(0, logits.length).mapToDouble(token -> logits[token]).toArray();
      int token = sampling.choose(filtered, tokens.size(), number);
      if (settings.stopsAt(token)) {
        return new Result(array(tokens.subList(prompt.length, tokens.size())), Finish.STOP_ID);
      }
      tokens.add(token);
      for (int[] stop : settings.stopSequences()) {
        int end = tokens.size() - stop.length;
        if (end >= begin && tokens.subList(end, tokens.size()).equals(list(stop))) {
          return new Result(array(tokens.subList(prompt.length, end)), Finish.STOP_SEQUENCE);
        }
      }
    }
    return new Result(array(tokens.subList(prompt.length, tokens.size())), Finish.LENGTH);
  }

  /** Proposes trees of tokens that are often right, because they come from the same table, and sometimes have twins. */
  private static Generator.Tree randomTree(Table table, Random random, Generator.Tokens tokens) {
    int size = random.nextInt(9);
    int[] ids = new int[size];
    int[] parents = new int[size];
    for (int node = 0; node < size; node++) {
      parents[node] = random.nextInt(3) == 0 ? random.nextInt(node + 1) - 1 : node - 1;
      List<Integer> path = new ArrayList<>();
      for (int at = parents[node]; at >= 0; at = parents[at]) {
        path.add(0, ids[at]);
      }
      path.addAll(0, IntStream.range(0, tokens.count()).mapToObj(tokens::get).toList());
      ids[node] =
          random.nextInt(4) == 0 ? random.nextInt(table.vocabulary()) : Sampling.greedy().choose(table.logits(path), array(path), 0);
    }
    return new Generator.Tree(ids, parents);
  }

  private static Generator.@Nullable Draft draft(Table table, Random random) {
    return switch (random.nextInt(5)) {
      case 0 -> Generator.Draft.lookup(1 + random.nextInt(2), 1 + random.nextInt(7));
      case 1 -> new ModelDraft(capacity -> new TablePasses(table, 1, capacity), 1 + random.nextInt(5));
      case 2, 3 -> (sequence, tokens, most) -> randomTree(table, random, tokens);
      default -> null;
    };
  }

  private static List<int[]> prompts(Random random, int vocabulary) {
    int[] common = random.ints(random.nextInt(9), 0, vocabulary).toArray();
    List<int[]> prompts = new ArrayList<>();
    for (int i = 1 + random.nextInt(4); i > 0; i--) {
      int[] own = random.ints(1 + random.nextInt(9), 0, vocabulary).toArray();
      int[] prompt = Arrays.copyOf(common, common.length + own.length);
      System.arraycopy(own, 0, prompt, common.length, own.length);
      prompts.add(prompt);
    }
    return prompts;
  }

  private static GeneratorSettings settings(Random random, Table table) {
    int vocabulary = table.vocabulary();
    GeneratorSettings settings =
        GREEDY
            .withMaxTokens(5 + random.nextInt(40))
            .withChunk(1 + random.nextInt(8))
            .withPrefix(random.ints(random.nextInt(3), 0, vocabulary).toArray());
    if (random.nextBoolean()) {
      settings = settings.withStopIds(new int[] {random.nextInt(vocabulary)});
    }
    if (random.nextBoolean()) {
      settings =
          settings.withStopSequences(
              List.of(
                  random.ints(1 + random.nextInt(3), 0, vocabulary).toArray(),
                  random.ints(2 + random.nextInt(2), 0, vocabulary).toArray()));
    }
    if (random.nextInt(3) == 0) {
      settings = settings.withFilter(GeneratorRunTest::filter);
    }
    Generator.Draft draft = draft(table, random);
    return draft == null ? settings : settings.withDraft(draft);
  }

  @Test
  void resultsAreThoseOfAPlainLoop() {
    int[] finishes = new int[4];
    int drafted = 0;
    for (int seed = 0; seed < Sample.count(1500); seed++) {
      Random random = new Random(Problem.SEED + seed);
      Table table = new Table(3 + random.nextInt(12), 1 + random.nextInt(3), random.nextLong());
      double temperature = random.nextBoolean() ? 0 : random.nextDouble(0.2, 1.5);
      PlainSampling plain = new PlainSampling(seed, temperature, 8, 0.9, 0.02, random.nextBoolean() ? 1 : 1.2, 6);
      GeneratorSettings settings = settings(random, table).withSampling(plain.sampling());
      List<int[]> prompts = prompts(random, table.vocabulary());
      boolean shares = prompts.size() > 1 && random.nextBoolean();
      int capacity = prompts.stream().mapToInt(prompt -> prompt.length).max().orElseThrow() + settings.maxTokens() - 1;
      TablePasses passes = new TablePasses(table, shares ? 1 : prompts.size(), capacity);
      List<List<Integer>> heard = new ArrayList<>();
      prompts.forEach(prompt -> heard.add(new ArrayList<>()));
      try (Generator.Run run = new GeneratorRun(settings, passes, prompts, shares, capacity + 1)) {
        List<Result> results = Generator.listen(run, (sequence, token) -> heard.get(sequence).add(token));
        for (int i = 0; i < prompts.size(); i++) {
          Result expected = plain(table, plain, settings, i, prompts.get(i));
          assertThat(results.get(i).tokens()).as("seed %d, sequence %d", seed, i).isEqualTo(expected.tokens());
          assertThat(results.get(i).finish()).as("seed %d, sequence %d", seed, i).isEqualTo(expected.finish());
          assertThat(heard.get(i)).isEqualTo(list(expected.tokens()));
          List<Integer> all = new ArrayList<>(list(prompts.get(i)));
          all.addAll(heard.get(i));
          int common = Math.min(all.size(), passes.rows.get(i).size());
          assertThat(passes.rows.get(i).subList(0, common)).isEqualTo(all.subList(0, common));
          assertThat(common).isGreaterThanOrEqualTo(all.size() - 1);
          finishes[expected.finish() == Finish.LENGTH ? 0 : expected.finish() == Finish.STOP_ID ? 1 : 2]++;
        }
        assertThatThrownBy(run::next).isInstanceOf(NoSuchElementException.class).hasMessageContaining(prompts.size() + " sequences");
      }
      assertThat(passes.closed).isEqualTo(1);
      drafted += (int) passes.passes.stream().filter(pass -> pass.contains("t")).count();
    }
    assertThat(Arrays.stream(finishes).limit(3).min().orElseThrow())
        .as("sequences that ended in each way")
        .isGreaterThan(Sample.count(300));
    assertThat(drafted).as("passes over drafts").isGreaterThan(Sample.count(3000));
  }

  private static final Table TABLE = new Table(50, 8, 3);

  private static List<Result> run(GeneratorSettings settings, TablePasses passes, boolean shares, int[]... prompts) {
    try (Generator.Run run = new GeneratorRun(settings, passes, List.of(prompts), shares, 1000)) {
      return Generator.listen(run, (sequence, token) -> true);
    }
  }

  @Test
  void aCommonBeginningIsReadOnceInChunks() {
    TablePasses passes = new TablePasses(TABLE, 1, 1000);
    run(GREEDY.withChunk(4).withMaxTokens(2), passes, true, new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9}, new int[] {1, 2, 3, 4, 5, 6, 30});
    assertThat(passes.passes).containsExactly("[0][4]", "[0][2]", "[0, 1][3, 1]", "[0, 1][1, 1]");
    TablePasses apart = new TablePasses(TABLE, 1, 1000);
    run(GREEDY.withMaxTokens(1), apart, true, new int[] {1, 2, 3}, new int[] {2, 3});
    assertThat(apart.passes).containsExactly("[0, 1][3, 2]");
  }

  @Test
  void longPromptsTakeTheirChunksWhileOthersGoOn() {
    TablePasses passes = new TablePasses(TABLE, 2, 1000);
    run(GREEDY.withChunk(3).withMaxTokens(3), passes, false, new int[] {1, 2, 3, 4, 5, 6, 7}, new int[] {9});
    assertThat(passes.passes).containsExactly("[0, 1][3, 1]", "[0, 1][3, 1]", "[0, 1][1, 1]", "[0][1]", "[0][1]");
  }

  @Test
  void aSequenceThatHasEndedIsInNoLaterPass() {
    TablePasses passes = new TablePasses(TABLE, 3, 1000);
    try (Generator.Run run =
        new GeneratorRun(GREEDY.withMaxTokens(3), passes, List.of(new int[] {1}, new int[] {2}, new int[] {3}), false, 9)) {
      List<Result> results = Generator.listen(run, (sequence, token) -> sequence != 1);
      assertThat(results).extracting(result -> result.tokens().length).containsExactly(3, 1, 3);
      assertThat(results).extracting(Result::finish).containsExactly(Finish.LENGTH, Finish.CANCELLED, Finish.LENGTH);
    }
    assertThat(passes.passes).containsExactly("[0, 1, 2][1, 1, 1]", "[0, 2][1, 1]", "[0, 2][1, 1]");
  }

  @Test
  void aRepetitiveTextNeedsFewPassesWithLookup() {
    Table repeating = new Table(6, 1, 5); // the next token depends on the last one alone, so greedy tokens repeat
    TablePasses plain = new TablePasses(repeating, 1, 1000);
    List<Result> expected = run(GREEDY.withMaxTokens(200), plain, false, new int[] {1, 2, 3});
    TablePasses passes = new TablePasses(repeating, 1, 1000);
    List<Result> results = run(GREEDY.withMaxTokens(200).withDraft(Generator.Draft.lookup(2, 9)), passes, false, new int[] {1, 2, 3});
    assertThat(results.get(0).tokens()).isEqualTo(expected.get(0).tokens());
    assertThat(plain.passes).hasSize(200);
    assertThat(passes.passes).hasSizeLessThan(40);
  }

  @Test
  void aDraftModelThatAgreesSavesPassesAndIsClosed() {
    List<TablePasses> drafters = Collections.synchronizedList(new ArrayList<>());
    ModelDraft draft =
        new ModelDraft(
            capacity -> {
              TablePasses drafter = new TablePasses(TABLE, 1, capacity);
              drafters.add(drafter);
              return drafter;
            },
            4);
    TablePasses passes = new TablePasses(TABLE, 2, 1000);
    run(GREEDY.withMaxTokens(21).withDraft(draft), passes, false, new int[] {1, 2, 3}, new int[] {4});
    assertThat(passes.passes).filteredOn(pass -> pass.startsWith("1t")).containsExactly("1t5", "1t5", "1t5", "1t5");
    assertThat(drafters).hasSize(2).allMatch(drafter -> drafter.closed == 1);
  }

  @Test
  void anInterruptKeepsTheTokensSoFar() {
    for (boolean shares : new boolean[] {false, true}) {
      TablePasses passes = new TablePasses(TABLE, shares ? 1 : 2, 1000);
      passes.before =
          () -> {
            if (passes.passes.size() == 4) {
              Thread.currentThread().interrupt();
            }
          };
      List<Result> results = run(GREEDY.withMaxTokens(30), passes, shares, new int[] {1, 2}, new int[] {1, 3});
      assertThat(Thread.interrupted()).as("the thread stays interrupted").isTrue();
      assertThat(results).extracting(Result::finish).containsOnly(Finish.CANCELLED);
      int[] all = run(GREEDY.withMaxTokens(30), new TablePasses(TABLE, 1, 1000), false, new int[] {1, 2}).get(0).tokens();
      assertThat(results.get(0).tokens()).isEqualTo(Arrays.copyOf(all, shares ? 4 : 5));
    }
  }

  @Test
  void anExceptionEndsTheRunAndKeepsTheTokensSoFar() {
    TablePasses passes = new TablePasses(TABLE, 1, 1000);
    Generator.LogitFilter failing =
        (sequence, tokens, logits) -> {
          if (tokens.count() == 5) {
            throw new IllegalStateException("enough");
          }
        };
    try (Generator.Run run = new GeneratorRun(GREEDY.withFilter(failing), passes, List.of(new int[] {1, 2}), false, 1000)) {
      assertThatThrownBy(() -> run.forEachRemaining(token -> {})).hasMessage("enough");
      assertThat(run.hasNext()).isFalse();
      assertThat(run.results().get(0).tokens()).hasSize(3);
      assertThat(run.results().get(0).finish()).isEqualTo(Finish.CANCELLED);
      assertThatThrownBy(() -> run.cancel(1)).isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("sequence is 1");
    }
    assertThat(passes.closed).isEqualTo(1);
  }

  /** A model that costs nothing: what is left is what the loop allocates. */
  private record Constant(float[] row) implements Passes {
    @Override
    public int vocabulary() {
      return row.length;
    }

    @Override
    public void fork(int sequences) {}

    @Override
    public void forward(int[] sequences, int[] rows, int[] ids, float @Nullable [] logits) {
      for (int i = 0; logits != null && i < sequences.length; i++) {
        System.arraycopy(row, 0, logits, i * row.length, row.length);
      }
    }

    @Override
    public void tree(int sequence, int[] ids, int[] parents, float[] logits) {
      forward(ids, parents, ids, logits);
    }

    @Override
    public void keep(int sequence, int from, int[] nodes) {}

    @Override
    public void close() {}
  }

  @Test
  void aTokenAllocatesLittle() {
    float[] row = new float[6_000];
    row[3] = 1;
    GeneratorSettings settings = GREEDY.withMaxTokens(3000).withSampling(Sampling.random(1).withTopP(0.9).withRepetitionPenalty(1.1));
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long id = Thread.currentThread().threadId();
    for (GeneratorSettings variant : List.of(settings, settings.withDraft(Generator.Draft.lookup(1, 8)))) {
      List<int[]> prompts = Collections.nCopies(4, new int[] {1, 2, 1});
      try (Generator.Run run = new GeneratorRun(variant, new Constant(row), prompts, false, 4000)) {
        int tokens = 0;
        long before = 0;
        while (tokens < 1000) {
          if (tokens++ == 400) {
            before = threads.getThreadAllocatedBytes(id);
          }
          run.next();
        }
        assertThat((threads.getThreadAllocatedBytes(id) - before) / 600).as("bytes for each token").isLessThan(1000);
      }
    }
  }

  @Test
  void aClosedRunKeepsItsResults() {
    TablePasses passes = new TablePasses(TABLE, 1, 1000);
    Generator.Run run = new GeneratorRun(GREEDY, passes, List.of(new int[] {1, 2}), false, 1000);
    int first = run.next().id();
    run.close();
    run.close();
    assertThat(run.hasNext()).isFalse();
    assertThat(run.results().get(0).tokens()).containsExactly(first);
    assertThat(passes.closed).isEqualTo(1);
  }

  @Test
  void wrongDraftsAreReported() {
    Generator.Draft outside = (sequence, tokens, most) -> Generator.Tree.chain(1, 50);
    assertThatThrownBy(() -> run(GREEDY.withDraft(outside), new TablePasses(TABLE, 1, 1000), false, new int[] {1}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("ids[1] of the draft is 50, must be at least 0 and below the vocabulary, 50");
    assertThatThrownBy(() -> new Generator.Tree(new int[] {1, 2}, new int[] {-1}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("parents.length is 1, but ids.length is 2");
    assertThatThrownBy(() -> new Generator.Tree(new int[] {1, 2}, new int[] {-1, 1}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("parents[1] is 1, must be at least -1 and below 1");
  }
}
