package dev.lanewise.text.causal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.StackState;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.testing.Sample;
import dev.lanewise.text.causal.RandomCheckpoint.Family;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A model of every family gives the logits of a plain double implementation, in one pass, in parts, token by token, alone and in a batch.
 * Logits have the same bits in all these ways.
 */
class FamilyNumbersTest {
  private static final long SEED = 20261129;
  private static final int LENGTH = 45;

  /** Lengths of the parts of a text; the last one is repeated. */
  private static final int[][] PARTS = {{17, 28}, {25, 20}, {1}, {2}, {7}, {16}, {3, 16, 1, 9, 16}, {20, 1}, {20, 5}, {20, 16, 9}};

  @TempDir static Path folder;

  private static final Map<String, FamilyModel> MODELS = new LinkedHashMap<>();

  @BeforeAll
  static void load() throws IOException {
    Map<String, RandomCheckpoint> checkpoints = new LinkedHashMap<>();
    for (Family family : Family.values()) {
      checkpoints.put(family.name(), RandomCheckpoint.of(family, SEED));
    }
    String yarn = "{\"rope_type\":\"yarn\",\"factor\":4.0,\"original_max_position_embeddings\":64}";
    checkpoints.put("QWEN2_YARN", RandomCheckpoint.of(Family.QWEN2, SEED + 1).withJson("rope_scaling", yarn));
    String linear = "{\"rope_type\":\"linear\",\"factor\":3.0}";
    checkpoints.put(
        "LLAMA_LINEAR", RandomCheckpoint.of(Family.LLAMA, SEED + 2).withJson("rope_scaling", linear).with("attention_bias", true));
    checkpoints.put("QWEN3_BIASES", RandomCheckpoint.of(Family.QWEN3, SEED + 3).with("attention_bias", true));
    RandomCheckpoint scaled = RandomCheckpoint.of(Family.GPT2, SEED + 4).with("scale_attn_by_inverse_layer_idx", true);
    checkpoints.put("GPT2_SCALED", scaled.withPrefix("transformer."));
    MODELS.clear();
    for (Map.Entry<String, RandomCheckpoint> each : checkpoints.entrySet()) {
      MODELS.put(each.getKey(), FamilyModel.of(each.getKey(), each.getValue(), folder));
    }
  }

  /** Each model on the selected or on the plain kernels, in turn; on both in a thorough run. */
  static Stream<FamilyModel> models() {
    return models(Kernels.selected(), Kernels.scalar());
  }

  /** The same models on the other kernels: a test of the same kind takes these. */
  static Stream<FamilyModel> modelsOnTheOthers() {
    return models(Kernels.scalar(), Kernels.selected());
  }

  private static Stream<FamilyModel> models(Kernels first, Kernels second) {
    return Sample.pairs(List.copyOf(MODELS.values()), List.of(first, second), FamilyModel::withKernels);
  }

  @ParameterizedTest
  @MethodSource("models")
  void everyWayIsAccurate(FamilyModel model) {
    int[] text = model.text(LENGTH, 1);
    model.assertAccurate("one pass", text, model.alone(text, LENGTH));
    model.assertAccurate("token by token", text, model.alone(text, 1));
    model.assertAccurate("a prefix, then token by token", text, model.alone(text, 21, 1));
    model.assertAccurate("parts", text, model.alone(text, 3, 20, 1, 7));
  }

  @ParameterizedTest
  @MethodSource("modelsOnTheOthers")
  void partsHaveTheSameBits(FamilyModel model) {
    int[] text = model.text(LENGTH, 2);
    float[] pass = model.alone(text, LENGTH);
    List<int[]> ways = new ArrayList<>(List.of(PARTS));
    // Each model has its own part of them.
    Collections.rotate(ways, Math.floorMod(model.toString().hashCode(), ways.size()));
    for (int[] parts : Sample.of(ways)) {
      model.assertSame("parts of " + Arrays.toString(parts), model.alone(text, parts), pass);
    }
    for (int threads = 2; threads <= 3; threads++) {
      FamilyModel many = model.withThreads(threads);
      many.assertSame("one pass", many.alone(text, LENGTH), pass);
      many.assertSame("token by token", many.alone(text, 1), pass);
    }
  }

  /** Three texts of one length, dense; and three of different lengths, packed. */
  @ParameterizedTest
  @MethodSource("models")
  void neighboursDoNotMatter(FamilyModel model) {
    int[][] texts = {model.text(LENGTH, 3), model.text(LENGTH, 4), model.text(LENGTH, 5)};
    int[] all = Arrays.stream(texts).flatMapToInt(Arrays::stream).toArray();
    for (int[] parts : new int[][] {{LENGTH}, {1}, {20, 6}}) {
      try (StackState state = model.start(texts.length)) {
        float[] batch = model.append(state, all, parts);
        for (int b = 0; b < texts.length; b++) {
          float[] own = model.rows(batch, b * LENGTH, (b + 1) * LENGTH);
          model.assertSame("text " + b + " of a batch", own, model.alone(texts[b], parts));
        }
      }
    }
    // Sequence by sequence: a pass or a step, then another one.
    int[] first = {19, 4, 30};
    int[] second = {3, 20, 1};
    try (StackState state = model.start(texts.length)) {
      float[] begun = model.appendPacked(state, prefix(texts[0], 0, 19), prefix(texts[1], 0, 4), prefix(texts[2], 0, 30));
      float[] gone = model.appendPacked(state, prefix(texts[0], 19, 22), prefix(texts[1], 4, 24), prefix(texts[2], 30, 31));
      int from = 0;
      int then = 0;
      for (int s = 0; s < texts.length; s++) {
        int[] text = prefix(texts[s], 0, first[s] + second[s]);
        float[] alone = model.alone(text, first[s], second[s]);
        model.assertSame("text " + s + ", packed", model.rows(begun, from, from + first[s]), model.rows(alone, 0, first[s]));
        float[] rest = model.rows(alone, first[s], first[s] + second[s]);
        model.assertSame("the rest of text " + s + ", packed", model.rows(gone, then, then + second[s]), rest);
        from += first[s];
        then += second[s];
      }
    }
  }

  private static int[] prefix(int[] text, int from, int to) {
    return Arrays.copyOfRange(text, from, to);
  }

  @ParameterizedTest
  @MethodSource("modelsOnTheOthers")
  void theLastRowsAreThoseOfAll(FamilyModel model) {
    int[] text = model.text(20, 6);
    float[] all = model.alone(text, 20);
    for (int rows : new int[] {0, 1, 3}) {
      try (StackState state = model.start(1)) {
        SequenceBatch logits = SequenceBatch.zeros(1, rows, model.vocabulary());
        model.model().forward(text, state, logits);
        model.assertSame("the last " + rows, logits.data(), model.rows(all, 20 - rows, 20));
        assertThat(state.rows(0)).isEqualTo(20);
      }
    }
    try (StackState state = model.start(2)) {
      SequenceBatch logits = SequenceBatch.zeros(1, 2, model.vocabulary());
      int[] ids = Arrays.copyOf(text, 23);
      System.arraycopy(text, 0, ids, 20, 3);
      model.model().forward(ids, PackedSequences.of(0, 20, 23), state, logits);
      model.assertSame("the last of a packed text", model.rows(logits.data(), 0, 1), model.rows(all, 19, 20));
      float[] short3 = model.alone(prefix(text, 0, 3), 3);
      model.assertSame("the last of a short packed text", model.rows(logits.data(), 1, 2), model.rows(short3, 2, 3));
    }
  }

  /** Rows that are taken back, forked states, and some sequences of a state. */
  @ParameterizedTest
  @MethodSource("models")
  void statesGoOnAsIfNothingHadHappened(FamilyModel model) {
    int[] text = model.text(LENGTH, 7);
    float[] alone = model.alone(text, 20, 5, 20);
    int[] wrong = model.text(9, 8);
    try (StackState state = model.start(1)) {
      model.append(state, prefix(text, 0, 20), 20);
      model.append(state, wrong, 9);
      state.truncate(0, 20);
      model.assertSame("after rows were taken back", model.append(state, prefix(text, 20, 25), 5), model.rows(alone, 20, 25));
      try (StackState forks = state.fork(0, 0, 0)) {
        model.append(forks.select(1), wrong, 9);
        forks.truncate(1, 25);
        int[] rest = prefix(text, 25, LENGTH);
        int[] twice = Arrays.copyOf(rest, 2 * rest.length);
        System.arraycopy(rest, 0, twice, rest.length, rest.length);
        float[] both = model.append(forks.select(2, 1), twice, 20);
        model.assertSame("a fork", model.rows(both, 0, 20), model.rows(alone, 25, LENGTH));
        model.assertSame("another fork", model.rows(both, 20, 40), model.rows(alone, 25, LENGTH));
      }
    }
  }

  /** Each node of a tree has the logits of its path alone. */
  @ParameterizedTest
  @MethodSource("modelsOnTheOthers")
  void nodesOfATreeHaveTheLogitsOfTheirPaths(FamilyModel model) {
    int[] text = model.text(30, 9);
    int[] parents = {-1, 0, 0, 1, 2, 4, 1, 5, 7, 8};
    int[] drafted = model.text(parents.length, 10);
    try (StackState state = model.start(1)) {
      model.append(state, text, 30);
      SequenceBatch logits = SequenceBatch.zeros(1, parents.length, model.vocabulary());
      model.model().forwardTree(drafted, parents, state, logits);
      // The reference of a long path has those of its beginnings.
      for (int node = parents.length - 1; node >= 0; node--) {
        int[] path = path(drafted, parents, node);
        int[] whole = Arrays.copyOf(text, 30 + path.length);
        System.arraycopy(path, 0, whole, 30, path.length);
        model.assertAccurate("node " + node, whole, model.rows(logits.data(), node, node + 1));
      }
    }
    try (StackState state = model.start(1)) {
      model.append(state, text, 30);
      int[] chain = {-1, 0, 1, 2, 3, 4, 5, 6, 7, 8};
      SequenceBatch logits = SequenceBatch.zeros(1, chain.length, model.vocabulary());
      model.model().forwardTree(drafted, chain, state, logits);
      int[] whole = Arrays.copyOf(text, 40);
      System.arraycopy(drafted, 0, whole, 30, 10);
      model.assertSame("a chain", logits.data(), model.rows(model.alone(whole, 30, 10), 30, 40));
    }
  }

  private static int[] path(int[] ids, int[] parents, int node) {
    int[] before = parents[node] < 0 ? new int[0] : path(ids, parents, parents[node]);
    int[] path = Arrays.copyOf(before, before.length + 1);
    path[before.length] = ids[node];
    return path;
  }

  /** Caches that keep only a window of 7 rows, as all layers of this model have. */
  @Test
  void windowCachesChangeNoBits() {
    for (Kernels kernels : List.of(Kernels.selected(), Kernels.scalar())) {
      FamilyModel model = Objects.requireNonNull(MODELS.get("MISTRAL")).withKernels(kernels);
      int[] text = model.text(LENGTH, 11);
      for (int[] parts : new int[][] {{LENGTH}, {1}, {20, 3}, {5, 19, 1}}) {
        try (StackState state = model.model().stack().state().window(7, 0).build()) {
          model.assertSame("window caches, " + Arrays.toString(parts), model.append(state, text, parts), model.alone(text, parts));
        }
      }
    }
  }

  static List<String> goldenNames() {
    return GoldenModel.names();
  }

  /** The last ids' logits are those of PyTorch in double, with at most twice the error of PyTorch in float. */
  @ParameterizedTest
  @MethodSource("goldenNames")
  void theLogitsArePyTorchs(String name, @TempDir Path own) throws IOException {
    GoldenModel golden = GoldenModel.read(name);
    golden.write(own);
    FamilyModel model = FamilyModel.read(name, own);
    // A wrong float run must not increase the budget.
    assertThat(golden.errorOfFloat).isLessThan(2e-6 * golden.largest());
    double budget = 2 * golden.errorOfFloat + 1e-6 * golden.largest();
    for (Kernels kernels : List.of(Kernels.selected(), Kernels.scalar())) {
      for (int part : new int[] {golden.ids.length, 1}) {
        float[] all = model.withKernels(kernels).alone(golden.ids, part);
        int skipped = all.length - golden.logits.length;
        for (int i = 0; i < golden.logits.length; i++) {
          assertThat(Math.abs(all[skipped + i] - golden.logits[i])).as("logit %d on %s", i, kernels.path()).isLessThanOrEqualTo(budget);
        }
      }
    }
  }
}
