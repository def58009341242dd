package dev.lanewise.core.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.Positions;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.weights.Initialisation;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.core.weights.TorchWeights;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an attention that learns promises beside its numbers: files, threads, dropout, frozen parameters, messages. */
@Tag("twice")
class TrainableAttentionPromisesTest {
  private static final long SEED = 20261130;

  @TempDir Path folder;

  /** Layers of all kinds of heads and positions. */
  static Stream<TrainableAttention.Builder> builders() {
    return Stream.of(
        TrainableAttention.builder(96, 6),
        TrainableAttention.builder(96, 6).attention(a -> a.withMask(Mask.causal())).positions(Rotary.of(16)),
        TrainableAttention.builder(40, 8).keyValueHeads(2).headDim(10).valueDim(7).positions(Positions.alibi(8)),
        TrainableAttention.builder(48, 4).withoutBiases().learnedBuckets(16, 40, true),
        TrainableAttention.builder(48, 4).attention(a -> a.withMask(Mask.window(9, 3))).learnedSlopes().learnedSinks().learnedScale(),
        TrainableAttention.builder(32, 4).attention(a -> a.withNormaliser(Normaliser.sigmoid()).withSoftcap(5)));
  }

  private static Map<String, float[]> run(TrainableAttention layer, SequenceBatch x, Trace trace) {
    layer.clearGradients();
    SequenceBatch y = Views.zerosLike(x);
    SequenceBatch inputGradient = Views.zerosLike(x);
    SequenceBatch outputGradient = Views.randomSequences(Views.Layout.DENSE, x.batch(), x.rows(), x.width(), SEED + 1);
    layer.forward(x, y, trace);
    layer.backward(trace, outputGradient, inputGradient);
    Map<String, float[]> written = new LinkedHashMap<>();
    written.put("y", y.data());
    written.put("inputGradient", inputGradient.data());
    layer.parameters().stream().filter(p -> !p.isFrozen()).forEach(p -> written.put(p.name(), p.gradient().clone()));
    return written;
  }

  private static SequenceBatch rows(TrainableAttention layer) {
    return Views.randomSequences(Views.Layout.DENSE, 2, 150, layer.embedDim(), SEED);
  }

  @ParameterizedTest
  @MethodSource("builders")
  void threadsDoNotChangeABit(TrainableAttention.Builder builder) {
    TrainableAttention layer = builder.dropout(0.1f).xavier(SEED);
    SequenceBatch x = rows(layer);
    Map<String, float[]> one = run(layer, x, Trace.create().train(3, 4));
    for (int threads : new int[] {2, 3, 5}) {
      Map<String, float[]> several = run(layer, x, Trace.create().setThreads(threads).train(3, 4));
      one.forEach((name, values) -> Views.assertSameBits(several.get(name), values, name));
    }
  }

  @ParameterizedTest
  @MethodSource("builders")
  void layerForInferenceIsTheSame(TrainableAttention.Builder builder) {
    TrainableAttention layer = builder.dropout(0.5f).xavier(SEED);
    SequenceBatch x = rows(layer);
    SequenceBatch expected = Views.zerosLike(x);
    SequenceBatch y = Views.zerosLike(x);
    MultiHeadAttention inference = layer.toLayer();
    inference.forward(x, expected);
    layer.forward(x, y, Trace.create());
    Views.assertSameBits(y.data(), expected.data(), "batch");
    PackedSequences halves = PackedSequences.of(0, 75, 150);
    inference.withPackedSequences(halves).forward(x.batch(0, 1), expected.batch(0, 1));
    layer.forward(x.batch(0, 1), y.batch(0, 1), Trace.create().setPackedSequences(halves));
    Views.assertSameBits(y.data(), expected.data(), "packed sequences");
    layer.parameters().forEach(parameter -> Arrays.fill(parameter.values(), 0));
    SequenceBatch again = Views.zerosLike(x);
    inference.withPackedSequences(halves).forward(x.batch(0, 1), again.batch(0, 1));
    Views.assertSameBits(Views.dense(again.batch(0, 1)), Views.dense(expected.batch(0, 1)), "after the parameters changed");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void filesAreThoseOfPyTorch(boolean apart) throws IOException {
    NamedTensors initial = apart ? Initialisation.xavier(SEED).attention(24, 10, 14) : Initialisation.xavier(SEED).attention(24);
    TrainableAttention layer = TrainableAttention.builder(24, 3).sources(apart ? 10 : 24, apart ? 14 : 24).of(initial);
    assertThat(layer.parameters().stream().map(Parameter::name).toList()).containsExactlyInAnyOrderElementsOf(initial.names());
    for (Parameter parameter : layer.parameters()) {
      for (int i = 0; i < parameter.size(); i++) {
        parameter.values()[i] += 0.01f * (i % 7);
      }
    }
    Path path = folder.resolve("attention.safetensors");
    Safetensors.write(path, layer.tensors());
    SequenceBatch query = Views.randomSequences(Views.Layout.DENSE, 2, 9, 24, SEED);
    SequenceBatch key = Views.randomSequences(Views.Layout.DENSE, 2, 11, apart ? 10 : 24, SEED + 1);
    SequenceBatch value = Views.randomSequences(Views.Layout.DENSE, 2, 11, apart ? 14 : 24, SEED + 2);
    SequenceBatch y = Views.zerosLike(query);
    SequenceBatch expected = Views.zerosLike(query);
    layer.forward(query, key, value, y, Trace.create());
    try (Safetensors file = Safetensors.open(path)) {
      TorchWeights.of(file, 3).attention("").forward(query, key, value, expected);
      Views.assertSameBits(y.data(), expected.data(), "file");
      TrainableAttention read = TrainableAttention.builder(24, 3).sources(apart ? 10 : 24, apart ? 14 : 24).of(file);
      for (int i = 0; i < layer.parameters().size(); i++) {
        assertThat(read.parameters().get(i).values()).isEqualTo(layer.parameters().get(i).values());
      }
    }
  }

  @Test
  void plainSizesStartAsInitialisationDoes() {
    NamedTensors drawn = Initialisation.xavier(SEED).attention(24);
    for (Parameter parameter : TrainableAttention.builder(24, 3).xavier(1).parameters()) {
      float[] theirs = drawn.floats(parameter.name());
      double bound = 0;
      double theirBound = 0;
      for (int i = 0; i < theirs.length; i++) {
        bound = Math.max(bound, Math.abs(parameter.values()[i]));
        theirBound = Math.max(theirBound, Math.abs(theirs[i]));
      }
      assertThat(bound).as(parameter.name()).isBetween(0.9 * theirBound, 1.1 * theirBound);
    }
  }

  @Test
  void dropoutRepeatsAndIsOffInEvaluation() {
    TrainableAttention layer = TrainableAttention.builder(24, 3).dropout(0.3f).xavier(SEED);
    SequenceBatch x = rows(layer);
    Map<String, float[]> one = run(layer, x, Trace.create().train(5, 6));
    Map<String, float[]> same = run(layer, x, Trace.create().train(5, 6));
    one.forEach((name, values) -> Views.assertSameBits(same.get(name), values, name));
    assertThat(run(layer, x, Trace.create().train(5, 7)).get("y")).isNotEqualTo(one.get("y"));
    assertThat(run(layer, x, Trace.create().train(6, 6)).get("y")).isNotEqualTo(one.get("y"));
    SequenceBatch y = Views.zerosLike(x);
    layer.forward(x, y, Trace.create().evaluate());
    SequenceBatch expected = Views.zerosLike(x);
    layer.toLayer().forward(x, expected);
    Views.assertSameBits(y.data(), expected.data(), "evaluation");
  }

  /** Frozen parameters get no gradient, and the others get the same one. */
  @Test
  void frozenParametersAreLeftAlone() {
    TrainableAttention layer = TrainableAttention.builder(24, 3).xavier(SEED);
    SequenceBatch x = rows(layer);
    Map<String, float[]> all = run(layer, x, Trace.create());
    layer.parameters().stream().filter(p -> p.name().startsWith("in_proj")).forEach(p -> p.setFrozen(true));
    Map<String, float[]> some = run(layer, x, Trace.create());
    assertThat(some.keySet()).containsExactlyInAnyOrder("y", "inputGradient", "out_proj.weight", "out_proj.bias");
    some.forEach((name, values) -> Views.assertSameBits(values, all.get(name), name));
  }

  /** Gradients are added to what is there, and an input gradient that is not wanted changes nothing else. */
  @Test
  void gradientsAreAdded() {
    TrainableAttention layer = TrainableAttention.builder(24, 3).xavier(SEED);
    SequenceBatch x = rows(layer);
    Map<String, float[]> once = run(layer, x, Trace.create());
    Trace trace = Trace.create();
    SequenceBatch y = Views.zerosLike(x);
    layer.forward(x, y, trace);
    layer.backward(trace, Views.randomSequences(Views.Layout.DENSE, 2, 150, 24, SEED + 1), null);
    for (Parameter parameter : layer.parameters()) {
      for (int i = 0; i < parameter.size(); i++) {
        assertThat(parameter.gradient()[i]).isEqualTo(2 * once.get(parameter.name())[i]);
      }
    }
  }

  /** The paddings's keys and values have gradient 0, whatever finite numbers it holds. */
  @Test
  void paddingDoesNotCount() {
    TrainableAttention layer = TrainableAttention.builder(24, 3).xavier(SEED);
    Trace trace = Trace.create().setMemoryLengths(4, 0);
    SequenceBatch x = Views.randomSequences(Views.Layout.DENSE, 2, 5, 24, SEED);
    SequenceBatch memory = Views.randomSequences(Views.Layout.DENSE, 2, 7, 24, SEED + 3);
    SequenceBatch y = Views.zerosLike(x);
    SequenceBatch inputGradient = Views.zerosLike(x);
    SequenceBatch memoryGradient = Views.zerosLike(memory);
    layer.forward(x, memory, y, trace);
    layer.backward(trace, Views.randomSequences(Views.Layout.DENSE, 2, 5, 24, SEED + 4), inputGradient, memoryGradient);
    for (int b = 0; b < 2; b++) {
      for (int row = b == 0 ? 4 : 0; row < 7; row++) {
        for (int i = 0; i < 24; i++) {
          assertThat(memoryGradient.get(b, row, i)).isZero();
        }
      }
    }
    for (int i = 0; i < 24; i++) {
      assertThat(inputGradient.get(1, 2, i)).isZero(); // no query of this batch entry sees a key
    }
  }

  @Test
  void kernelsAreThoseOfTheTrace() {
    TrainableAttention layer = TrainableAttention.builder(24, 3).xavier(SEED);
    SequenceBatch x = rows(layer);
    SequenceBatch y = Views.zerosLike(x);
    SequenceBatch expected = Views.zerosLike(x);
    layer.forward(x, y, Trace.create().setKernels(Kernels.scalar()));
    layer.toLayer().withKernels(Kernels.scalar()).forward(x, expected);
    Views.assertSameBits(y.data(), expected.data(), "scalar");
  }

  @Test
  void badArgumentsAreNamed() {
    TrainableAttention.Builder builder = TrainableAttention.builder(24, 3);
    assertThatThrownBy(() -> TrainableAttention.builder(25, 3).xavier(1))
        .hasMessage("embedDim is 25, which is not a multiple of numHeads 3");
    assertThatThrownBy(() -> TrainableAttention.builder(24, 3).keyValueHeads(2).xavier(1))
        .hasMessage("numHeads is 3, which is not a multiple of keyValueHeads 2");
    assertThatThrownBy(() -> builder.dropout(1)).hasMessage("rate is 1.0, must be at least 0 and below 1");
    assertThatThrownBy(() -> builder.of(Initialisation.xavier(1).attention(18))).hasMessageContaining("in_proj_weight");
    assertThatThrownBy(() -> TrainableAttention.builder(24, 3).positions(Rotary.of(10)).xavier(1))
        .hasMessage("positions.headDim is 10, but headDim is 8");
    assertThatThrownBy(() -> TrainableAttention.builder(24, 3).positions(Positions.alibi(3)).learnedBuckets(8, 9, true).xavier(1))
        .hasMessageContaining("alibi(3)");
    assertThatThrownBy(() -> TrainableAttention.builder(24, 3).attention(a -> a.withNormaliser(Normaliser.relu())).learnedSinks().xavier(1))
        .hasMessageContaining("RELU");
    assertThatThrownBy(() -> TrainableAttention.builder(24, 3).learnedBuckets(3, 9, true)).hasMessageContaining("numBuckets");
    TrainableAttention layer = TrainableAttention.builder(24, 3).xavier(1);
    SequenceBatch x = SequenceBatch.zeros(2, 5, 24);
    SequenceBatch y = SequenceBatch.zeros(2, 5, 24);
    SequenceBatch memory = SequenceBatch.zeros(2, 7, 24);
    List<Runnable> wrong =
        List.of(
            () -> layer.forward(SequenceBatch.zeros(2, 5, 23), y, Trace.create()),
            () -> layer.forward(x, SequenceBatch.zeros(2, 6, 24), Trace.create()),
            () -> layer.forward(x, x, Trace.create()),
            () -> layer.forward(x, SequenceBatch.zeros(3, 7, 24), y, Trace.create()),
            () -> layer.forward(x, SequenceBatch.zeros(2, 7, 22), y, Trace.create()),
            () -> layer.forward(x, memory, memory.rows(0, 5), Trace.create()),
            () -> layer.forward(x, memory, SequenceBatch.zeros(2, 6, 24), y, Trace.create()),
            () -> layer.forward(x, y, Trace.create().setKeyLengths(5)),
            () -> layer.forward(x, y, Trace.create().setPackedSequences(PackedSequences.of(0, 5))));
    String[] names = {
      "x.width is 23", "y.rows is 6", "y", "memory.batch is 3", "memory.width is 22", "y", "value.rows is 6", "Lengths.length is 1", "batch"
    };
    for (int i = 0; i < names.length; i++) {
      assertThatThrownBy(wrong.get(i)::run)
          .as("wrong call %d", i)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(names[i]);
    }
    assertThat(y.data()).containsOnly(0);
  }

  @Test
  void wrongGradientsAreNamed() {
    TrainableAttention layer = TrainableAttention.builder(24, 3).xavier(1);
    SequenceBatch x = SequenceBatch.zeros(2, 5, 24);
    SequenceBatch y = SequenceBatch.zeros(2, 5, 24);
    SequenceBatch memory = SequenceBatch.zeros(2, 7, 24);
    assertThatThrownBy(() -> layer.backward(Trace.create(), y, null))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("empty");
    Trace trace = Trace.create();
    layer.forward(x, y, trace);
    assertThatThrownBy(() -> layer.backward(trace, y, null, memory))
        .hasMessageContaining("keyGradient")
        .hasMessageContaining("self-attention");
    layer.forward(x, memory, y, trace.evaluate());
    assertThatThrownBy(() -> layer.backward(trace, y, null, x)).hasMessage("keyGradient.rows is 5, but its source.rows is 7");
    layer.forward(x, memory, y, trace.evaluate());
    assertThatThrownBy(() -> layer.backward(trace, SequenceBatch.zeros(2, 5, 20), null)).hasMessageContaining("outputGradient.width is 20");
  }
}
