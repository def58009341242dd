package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.LayerPositions;
import dev.lanewise.core.position.Positions;
import dev.lanewise.core.testing.LayerExpectation;
import dev.lanewise.core.testing.LayerParts;
import dev.lanewise.core.testing.LayerSettings;
import dev.lanewise.core.testing.LayerSettings.Setting;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** No setting of a layer is silently ignored: every two settings act together as in the reference, or are refused by name. */
@Tag("twice")
public class LayerSettingsTest {
  private static final SequenceBatch X =
      Views.randomSequences(Layout.DENSE, 1, LayerSettings.ROWS, LayerExpectation.SHAPE.embedDim(), Problem.SEED + 5);

  /** Pairs that have the same meaning. */
  private static final Set<Set<String>> REFUSED = Set.of(Set.of("slopes", "alibi"));

  record Pair(Setting first, Setting second) {
    boolean isRefused() {
      return REFUSED.contains(Set.of(first.what(), second.what()));
    }

    MultiHeadAttention layer() {
      return second.set().apply(first.set().apply(LayerExpectation.SHAPE.layer()));
    }

    LayerExpectation expectation() {
      LayerExpectation expectation = new LayerExpectation();
      first.expect().accept(expectation);
      second.expect().accept(expectation);
      return expectation;
    }

    boolean has(String slot) {
      return first.slot().equals(slot) || second.slot().equals(slot);
    }
  }

  static Stream<Pair> pairs() {
    List<Setting> all = LayerSettings.all();
    return all.stream().flatMap(one -> all.stream().filter(other -> !one.slot().equals(other.slot())).map(other -> new Pair(one, other)));
  }

  static Stream<Pair> ofOneSlot() {
    List<Setting> all = LayerSettings.all();
    return all.stream().flatMap(one -> all.stream().filter(other -> one.slot().equals(other.slot())).map(other -> new Pair(one, other)));
  }

  private static Set<String> setters(Class<?> type) {
    return Arrays.stream(type.getDeclaredMethods())
        .filter(method -> Modifier.isPublic(method.getModifiers()) && method.getName().startsWith("with"))
        .map(Method::getName)
        .map(name -> type.getSimpleName() + "." + name)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** The table must contain every setting, also a new one. */
  @Test
  void theTableHasAllSettings() {
    Set<String> methods = LayerSettings.all().stream().map(Setting::method).collect(Collectors.toSet());
    Set<String> expected = setters(Attention.class);
    expected.addAll(setters(MultiHeadAttention.class));
    assertThat(methods).containsExactlyInAnyOrderElementsOf(expected);
    assertThat(setters(TransformerLayer.class))
        .as("these change the attention, and threads and kernels of all parts")
        .containsExactly(
            "TransformerLayer.withCross",
            "TransformerLayer.withKernels",
            "TransformerLayer.withMask",
            "TransformerLayer.withMemoryMask",
            "TransformerLayer.withPackedSequences",
            "TransformerLayer.withPositions",
            "TransformerLayer.withSelf",
            "TransformerLayer.withThreads");
    assertThat(setters(TransformerStack.class))
        .as("those of a layer that every layer has, and a function of layers")
        .containsExactly(
            "TransformerStack.withKernels",
            "TransformerStack.withLayers",
            "TransformerStack.withMask",
            "TransformerStack.withMemoryMask",
            "TransformerStack.withPackedSequences",
            "TransformerStack.withPositions",
            "TransformerStack.withThreads");
    assertThat(kinds(LayerPositions.class))
        .as("kinds of positions")
        .containsExactlyInAnyOrder("Rotary", "RotaryEffect", "AlibiPositions", "RelativePositions", "NoPositions");
  }

  private static List<String> kinds(Class<?> type) {
    Class<?>[] permitted = type.getPermittedSubclasses();
    return permitted == null ? List.of(type.getSimpleName()) : Arrays.stream(permitted).flatMap(kind -> kinds(kind).stream()).toList();
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void bothActOrAreRefused(Pair pair) {
    if (pair.isRefused()) {
      assertThatThrownBy(pair::layer).isInstanceOf(IllegalArgumentException.class).hasMessageContainingAll("withAlibi", "alibi(3)");
      return;
    }
    SequenceBatch output = self(pair.layer());
    assertClose(output, pair.expectation().output(X, LayerSettings.ROWS), pair);
    for (Setting setting : List.of(pair.first, pair.second)) {
      Setting other = setting == pair.first ? pair.second : pair.first;
      if (setting.seen()) {
        SequenceBatch without = self(other.set().apply(LayerExpectation.SHAPE.layer()));
        assertThat(largestDifference(output, without)).as("effect of %s in %s", setting, pair).isGreaterThan(1e-4);
      }
    }
  }

  /** The second of two calls, so that there are rows before the new ones. */
  @ParameterizedTest
  @MethodSource("pairs")
  void bothActOverCaches(Pair pair) {
    if (pair.isRefused()) {
      return;
    }
    MultiHeadAttention layer = pair.layer();
    if (pair.has("sequences")) {
      assertActOverPackedCaches(pair, layer.withPackedSequences(PackedSequences.of(0, 4, 9)));
      return;
    }
    int before = 5;
    int rows = LayerSettings.ROWS - before;
    SequenceBatch output = SequenceBatch.zeros(1, rows, X.width());
    try (KeyValueCache cache = layer.cache().capacity(LayerSettings.ROWS).build()) {
      LayerExpectation expectation = pair.expectation();
      MultiHeadAttention plain = LayerExpectation.SHAPE.layer().withPositions(expectation.positions);
      plain.forward(X.batch(0, 1).rows(0, before), List.of(cache), SequenceBatch.zeros(1, before, X.width()));
      layer.forward(X.batch(0, 1).rows(before, before + rows), List.of(cache), output);
      assertClose(output, expectation.output(X, rows), pair + ", cached");
    }
  }

  /** Two sequences with one row before and four or five new rows: each as by itself. */
  private static void assertActOverPackedCaches(Pair pair, MultiHeadAttention layer) {
    SequenceBatch first = X.rows(0, 5);
    SequenceBatch second = X.rows(5, LayerSettings.ROWS);
    SequenceBatch newRows = SequenceBatch.zeros(1, 9, X.width());
    System.arraycopy(X.data(), X.index(0, 1), newRows.data(), 0, 4 * X.width());
    System.arraycopy(X.data(), X.index(0, 6), newRows.data(), 4 * X.width(), 5 * X.width());
    LayerExpectation expectation = pair.expectation();
    expectation.sequences = null;
    MultiHeadAttention plain = LayerExpectation.SHAPE.layer().withPositions(expectation.positions);
    SequenceBatch output = SequenceBatch.zeros(1, 9, X.width());
    try (KeyValueCache one = layer.cache().capacity(5).build();
        KeyValueCache two = layer.cache().capacity(6).build()) {
      plain.forward(first.rows(0, 1), List.of(one), SequenceBatch.zeros(1, 1, X.width()));
      plain.forward(second.rows(0, 1), List.of(two), SequenceBatch.zeros(1, 1, X.width()));
      layer.forward(newRows, List.of(one, two), output);
    }
    assertClose(dense(output.rows(0, 4)), expectation.output(dense(first), 4), pair + ", the first packed sequence, cached");
    if (!pair.has("dropout")) { // which weights are dropped depends on the number of the sequence, and is not that of a sequence by itself
      assertClose(dense(output.rows(4, 9)), expectation.output(dense(second), 5), pair + ", the second packed sequence, cached");
    }
  }

  private static SequenceBatch dense(SequenceBatch x) {
    return SequenceBatch.of(Views.dense(x), x.batch(), x.rows(), x.width());
  }

  /** The weights are those that the output was computed with. */
  @ParameterizedTest
  @MethodSource("pairs")
  void weightsHaveBoth(Pair pair) {
    if (pair.isRefused()) {
      return;
    }
    int width = pair.has("sequences") ? 7 : LayerSettings.ROWS;
    Heads weights = Heads.zeros(1, LayerSettings.HEADS, LayerSettings.ROWS, width);
    pair.layer().forward(X, X, X, Views.zerosLike(X), Results.of().withWeights(weights));
    for (Setting setting : List.of(pair.first, pair.second)) {
      Setting other = setting == pair.first ? pair.second : pair.first;
      if (setting.seen() && !setting.slot().equals("sequences")) {
        Heads without = Heads.zeros(1, LayerSettings.HEADS, LayerSettings.ROWS, width);
        other.set().apply(LayerExpectation.SHAPE.layer()).forward(X, X, X, Views.zerosLike(X), Results.of().withWeights(without));
        assertThat(weights.data()).as("effect of %s in %s", setting, pair).isNotEqualTo(without.data());
      }
    }
  }

  /** A setting that is set again replaces the earlier one completely. */
  @ParameterizedTest
  @MethodSource("ofOneSlot")
  void theLastOneCounts(Pair pair) {
    SequenceBatch expected = self(pair.second.set().apply(LayerExpectation.SHAPE.layer()));
    Views.assertSameBits(self(pair.layer()).data(), expected.data(), pair);
  }

  /** A bias and relative positions are added. */
  @Test
  void aBiasStaysBesideRelativePositions() {
    float[] one = {1};
    MultiHeadAttention layer = MultiHeadAttention.builder(1, 1).query(one, null).key(one, null).value(one, null).output(one, null).build();
    SequenceBatch x = SequenceBatch.of(new float[] {1, 5}, 1, 2, 1);
    SequenceBatch output = SequenceBatch.zeros(1, 2, 1);
    Bias hiding = Bias.of(new float[] {0, Float.NEGATIVE_INFINITY}, 2);
    LayerPositions positions = Positions.relativeBuckets(new float[32], 32, 128, true);
    layer.withAttention(attention -> attention.withBias(hiding)).withPositions(positions).forward(x, output);
    assertThat(output.data()).containsExactly(1, 1);
    layer.withPositions(positions).withAttention(attention -> attention.withBias(hiding)).forward(x, output);
    assertThat(output.data()).containsExactly(1, 1);
  }

  /** The same directly on an attention, in both orders. */
  @Test
  void positionsOfAnAttentionAddToIt() {
    Attention plain = Attention.standard();
    Wrong.argument("alibi after slopes", out -> Positions.alibi(2).apply(plain.withAlibi(1, 2), 3, 3), "withAlibi", "alibi", "2").verify();
    Wrong.argument("slopes after alibi", out -> Positions.alibi(2).apply(plain, 3, 3).withAlibi(1, 2), "withAlibi", "alibi", "2").verify();
    Heads rows = Views.random(Layout.DENSE, 1, 1, 3, 4, Problem.SEED + 6);
    LayerPositions positions = Positions.relativeBuckets(Views.randomArray(8, 1, Problem.SEED + 7), 8, 6, true);
    Bias bias = Bias.of(new float[] {1, Float.NEGATIVE_INFINITY, -1}, 3);
    Heads before = Heads.zeros(1, 1, 3, 3);
    Heads after = Heads.zeros(1, 1, 3, 3);
    Heads without = Heads.zeros(1, 1, 3, 3);
    positions.apply(plain.withBias(bias), 3, 3).compute(rows, rows, Results.of().withWeights(before));
    positions.apply(plain, 3, 3).withBias(bias).compute(rows, rows, Results.of().withWeights(after));
    plain.withBias(bias).compute(rows, rows, Results.of().withWeights(without));
    Views.assertSameBits(before.data(), after.data(), "the order of settings");
    assertThat(before.get(0, 0, 0, 1)).isZero();
    assertThat(before.data()).isNotEqualTo(without.data());
  }

  @Test
  void aDecoderLayerKeepsTheMaskOfItsAttention() {
    LayerParts parts = new LayerParts(LayerExpectation.SHAPE, 20, Activation.RELU, false, false, Norm.Placement.POST);
    MultiHeadAttention masked = LayerExpectation.SHAPE.layer().withMask(Mask.windowFrom(2));
    TransformerLayer layer =
        TransformerLayer.decoder(
            masked, parts.norm(0), parts.cross().layer(), parts.norm(2), parts.feedForward(), parts.norm(1), Norm.Placement.POST);
    SequenceBatch kept = SequenceBatch.zeros(1, LayerSettings.ROWS, X.width());
    SequenceBatch expected = SequenceBatch.zeros(1, LayerSettings.ROWS, X.width());
    layer.forward(X, X, kept);
    parts.decoderLayer().withMask(Mask.window(2, 0)).forward(X, X, expected);
    Views.assertSameBits(kept.data(), expected.data(), "a window that is causal as well");
  }

  @Test
  void anActivationIsNotReplaced() {
    Linear up = Linear.of(new float[6], null, 2, 3);
    Linear down = Linear.of(new float[6], null, 3, 2);
    Linear active = up.withActivation(Activation.RELU);
    Wrong.argument("two activations", out -> FeedForward.of(active, down, Activation.GELU), "up", "RELU", "GELU").verify();
  }

  private static SequenceBatch self(MultiHeadAttention layer) {
    SequenceBatch output = SequenceBatch.zeros(1, LayerSettings.ROWS, X.width());
    layer.forward(X, output);
    return output;
  }

  private static double largestDifference(SequenceBatch x, SequenceBatch y) {
    double largest = 0;
    for (int i = 0; i < x.data().length; i++) {
      largest = Math.max(largest, Math.abs(x.data()[i] - y.data()[i]));
    }
    return largest;
  }

  private static void assertClose(SequenceBatch actual, SequenceBatch expected, Object what) {
    for (int i = 0; i < expected.data().length; i++) {
      float tolerance = 4e-6f * Math.max(1, Math.abs(expected.data()[i]));
      assertThat(actual.data()[i]).as("%s: element %d, seed %d", what, i, Problem.SEED).isCloseTo(expected.data()[i], within(tolerance));
    }
  }
}
