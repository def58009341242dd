package dev.lanewise.core.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.layer.TransformerStack;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.weights.Initialisation;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.core.weights.TorchWeights;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.testing.TestedKernels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every layer that learns promises: its layer for inference, its tensors, frozen parameters, checks, reuse of buffers. */
@Tag("twice")
class LearnPromisesTest {
  private static final int WIDTH = 24;
  private static final int HEADS = 3;

  private static SequenceBatch random(int seed, int batch, int rows, int width) {
    SequenceBatch x = SequenceBatch.zeros(batch, rows, width);
    Random random = new Random(seed);
    for (int i = 0; i < x.data().length; i++) {
      x.data()[i] = (float) random.nextGaussian();
    }
    return x;
  }

  private static TrainableStack.Builder builder(Norm.Placement placement) {
    return TrainableStack.builder(HEADS).norms(placement).activation(Activation.GELU).dropout(0.1f);
  }

  private static TrainableStack encoder(Norm.Placement placement) {
    return builder(placement).encoder(Initialisation.xavier(1).encoder(WIDTH, 40, 2), "");
  }

  @Test
  void layersForInferenceHaveTheBitsOfTheForwardPass() {
    SequenceBatch x = random(1, 2, 150, WIDTH);
    SequenceBatch memory = random(2, 2, 31, WIDTH);
    Trace trace = Trace.create().evaluate();
    for (Norm.Placement placement : Norm.Placement.values()) {
      TrainableStack encoder = encoder(placement);
      SequenceBatch learned = SequenceBatch.zeros(2, 150, WIDTH);
      SequenceBatch inferred = SequenceBatch.zeros(2, 150, WIDTH);
      encoder.forward(x, learned, trace);
      encoder.toLayer().forward(x, inferred);
      assertThat(learned.data()).as("encoder, %s", placement).isEqualTo(inferred.data());
      encoder.forward(x, learned, trace.setKeyLengths(150, 70).evaluate());
      encoder.toLayer().withMask(Mask.keyLengths(150, 70)).forward(x, inferred);
      assertThat(learned.data()).as("padded encoder, %s", placement).isEqualTo(inferred.data());
      trace.setKeyLengths((int[]) null);
      TrainableStack decoder = builder(placement).decoder(Initialisation.xavier(2).decoder(WIDTH, 40, 2), "");
      decoder.forward(x, memory, learned, trace.evaluate());
      decoder.toLayer().forward(x, memory, inferred);
      assertThat(learned.data()).as("decoder, %s", placement).isEqualTo(inferred.data());
    }
    TrainableFeedForward gated =
        TrainableFeedForward.gated(
            TrainableLinear.xavier(1, WIDTH, 40), TrainableLinear.xavier(2, WIDTH, 40), TrainableLinear.xavier(3, 40, 9), Activation.SILU);
    SequenceBatch learned = SequenceBatch.zeros(2, 150, 9);
    SequenceBatch inferred = SequenceBatch.zeros(2, 150, 9);
    gated.forward(x, learned, trace.evaluate());
    gated.toLayer().forward(x, inferred);
    assertThat(learned.data()).isEqualTo(inferred.data());
  }

  @Test
  void tensorsMakeTheSameLayersThroughAFile(@TempDir Path folder) throws IOException {
    SequenceBatch x = random(1, 2, 5, WIDTH);
    SequenceBatch memory = random(2, 2, 7, WIDTH);
    TrainableStack encoder = encoder(Norm.Placement.POST);
    TrainableStack decoder = builder(Norm.Placement.POST).decoder(Initialisation.xavier(2).decoder(WIDTH, 40, 2), "");
    Safetensors.write(folder.resolve("encoder"), encoder.tensors());
    Safetensors.write(folder.resolve("decoder"), decoder.tensors());
    try (Safetensors file = Safetensors.open(folder.resolve("encoder"));
        Safetensors decoderFile = Safetensors.open(folder.resolve("decoder"))) {
      TransformerStack read = TorchWeights.of(file, HEADS).withActivation(Activation.GELU).encoder("");
      assertThat(forward(read, x, null)).isEqualTo(forward(encoder.toLayer(), x, null));
      TransformerStack readDecoder = TorchWeights.of(decoderFile, HEADS).withActivation(Activation.GELU).decoder("");
      assertThat(forward(readDecoder, x, memory)).isEqualTo(forward(decoder.toLayer(), x, memory));
      TrainableStack again = builder(Norm.Placement.POST).encoder(file, "");
      assertThat(forward(again.toLayer(), x, null)).isEqualTo(forward(encoder.toLayer(), x, null));
      TrainableStack loaded = builder(Norm.Placement.POST).encoder(Initialisation.xavier(9).encoder(WIDTH, 40, 2), "");
      loaded.load(file);
      assertThat(forward(loaded.toLayer(), x, null)).isEqualTo(forward(encoder.toLayer(), x, null));
    }
  }

  private static float[] forward(TransformerStack stack, SequenceBatch x, @Nullable SequenceBatch memory) {
    SequenceBatch y = SequenceBatch.zeros(x.batch(), x.rows(), x.width());
    if (memory == null) {
      stack.forward(x, y);
    } else {
      stack.forward(x, memory, y);
    }
    return y.data();
  }

  @Test
  void missingAndUnknownTensorsAreNamed() {
    NamedTensors tensors = Initialisation.xavier(1).encoder(WIDTH, 40, 2);
    NamedTensors.Builder more = NamedTensors.builder();
    tensors.names().forEach(name -> more.add(name, tensors.floats(name), tensors.shape(name)));
    more.add("layers.1.self_attn.bias_k", new float[WIDTH], WIDTH);
    assertThatThrownBy(() -> builder(Norm.Placement.PRE).encoder(more.build(), "")).hasMessageContaining("layers.1.self_attn.bias_k");
    assertThatThrownBy(() -> builder(Norm.Placement.PRE).decoder(tensors, "")).hasMessageContaining("multihead_attn");
    assertThatThrownBy(() -> encoder(Norm.Placement.PRE).load(NamedTensors.builder().build()))
        .hasMessageContaining("layers.0.norm1.weight");
  }

  @Test
  void frozenParametersHaveNoGradientAndChangeNoOther() {
    SequenceBatch x = random(1, 2, 9, WIDTH);
    SequenceBatch outputGradient = random(2, 2, 9, WIDTH);
    TrainableStack whole = encoder(Norm.Placement.PRE);
    float[] expected = gradients(whole, x, outputGradient);
    for (int frozen = 0; frozen < whole.parameters().size(); frozen++) {
      TrainableStack stack = encoder(Norm.Placement.PRE);
      Parameter parameter = stack.parameters().get(frozen);
      parameter.setFrozen(true);
      assertThat(parameter.isFrozen()).isTrue();
      assertThatThrownBy(parameter::gradient).isInstanceOf(IllegalStateException.class).hasMessageContaining(parameter.name());
      assertThat(gradients(stack, x, outputGradient)).as("frozen %s", parameter.name()).isEqualTo(expected);
      for (int i = 0; i < whole.parameters().size(); i++) {
        if (i != frozen) {
          assertThat(stack.parameters().get(i).gradient()).isEqualTo(whole.parameters().get(i).gradient());
        }
      }
    }
    whole.setFrozen(true);
    assertThat(whole.parameters()).allMatch(Parameter::isFrozen);
    whole.setFrozen(false);
    assertThat(whole.parameters().getFirst().gradient()).containsOnly(0);
  }

  /** The gradient of the input; those of parameters are added. */
  private static float[] gradients(TrainableLayer layer, SequenceBatch x, SequenceBatch outputGradient) {
    Trace trace = Trace.create().train(1, 1);
    layer.forward(x, SequenceBatch.zeros(x.batch(), x.rows(), x.width()), trace);
    SequenceBatch inputGradient = SequenceBatch.zeros(x.batch(), x.rows(), x.width());
    layer.backward(trace, outputGradient, inputGradient);
    return inputGradient.data();
  }

  @Test
  void gradientsAddUpAndTheInputGradientMayBeLeftOut() {
    SequenceBatch x = random(1, 2, 9, WIDTH);
    SequenceBatch outputGradient = random(2, 2, 9, WIDTH);
    TrainableStack once = encoder(Norm.Placement.OUTPUT);
    TrainableStack twice = encoder(Norm.Placement.OUTPUT);
    gradients(once, x, outputGradient);
    Trace trace = Trace.create();
    SequenceBatch y = SequenceBatch.zeros(2, 9, WIDTH);
    for (int i = 0; i < 2; i++) {
      twice.forward(x, y, trace.train(1, 1));
      twice.backward(trace, outputGradient, null);
    }
    for (int i = 0; i < once.parameters().size(); i++) {
      float[] expected = once.parameters().get(i).gradient().clone();
      for (int j = 0; j < expected.length; j++) {
        expected[j] += expected[j];
      }
      assertThat(twice.parameters().get(i).gradient()).isEqualTo(expected);
    }
    twice.clearGradients();
    assertThat(twice.parameters()).allSatisfy(parameter -> assertThat(parameter.gradient()).containsOnly(0));
  }

  @Test
  void traceUsesItsBuffersAgainAndRecomputeKeepsLess() {
    Trace trace = Trace.create();
    SequenceBatch first = trace.keep(2, 3, 4);
    float[] second = trace.keep(7);
    assertThat(trace.size()).isEqualTo(2);
    assertThat(trace.take(float[].class)).isSameAs(second);
    assertThat(trace.take(SequenceBatch.class)).isSameAs(first);
    assertThat(trace.evaluate().keep(7)).isSameAs(second);
    assertThat(trace.keep(2, 3, 4).data()).isSameAs(first.data());
    TrainableStack stack = encoder(Norm.Placement.PRE);
    SequenceBatch x = random(1, 2, 9, WIDTH);
    SequenceBatch y = SequenceBatch.zeros(2, 9, WIDTH);
    stack.forward(x, y, trace.evaluate());
    int kept = trace.size();
    stack.setRecompute(true);
    stack.forward(x, y, trace.evaluate());
    assertThat(trace.size()).isLessThan(kept / 3);
  }

  @Test
  void dropoutChangesWithTheStepAndIsOffInEvaluation() {
    TrainableStack stack = encoder(Norm.Placement.PRE);
    SequenceBatch x = random(1, 2, 9, WIDTH);
    List<float[]> outputs =
        Stream.of(Trace.create().train(1, 1), Trace.create().train(1, 2), Trace.create().train(2, 1), Trace.create().evaluate())
            .map(
                trace -> {
                  SequenceBatch y = SequenceBatch.zeros(2, 9, WIDTH);
                  stack.forward(x, y, trace);
                  return y.data();
                })
            .toList();
    for (int i = 0; i < outputs.size(); i++) {
      for (int j = 0; j < i; j++) {
        assertThat(Arrays.equals(outputs.get(i), outputs.get(j))).as("%d and %d", i, j).isFalse();
      }
    }
    assertThat(outputs.getLast()).isEqualTo(forward(stack.toLayer(), x, null));
  }

  @Test
  void everyPassReadsTheParametersAsTheyAre() {
    SequenceBatch x = random(1, 2, 9, WIDTH);
    SequenceBatch outputGradient = random(2, 2, 9, WIDTH);
    TrainableStack changed = encoder(Norm.Placement.PRE);
    gradients(changed, x, outputGradient); // packs all weights
    changed.load(Initialisation.xavier(5).encoder(WIDTH, 40, 2));
    changed.clearGradients();
    TrainableStack made = builder(Norm.Placement.PRE).encoder(Initialisation.xavier(5).encoder(WIDTH, 40, 2), "");
    assertThat(gradients(changed, x, outputGradient)).isEqualTo(gradients(made, x, outputGradient));
    for (Kernels kernels : TestedKernels.all()) {
      SequenceBatch y = SequenceBatch.zeros(2, 9, WIDTH);
      SequenceBatch inferred = SequenceBatch.zeros(2, 9, WIDTH);
      changed.forward(x, y, Trace.create().setKernels(kernels));
      changed.toLayer().withKernels(kernels).forward(x, inferred);
      assertThat(y.data()).isEqualTo(inferred.data());
    }
  }

  @Test
  void badArgumentsAreNamed() {
    TrainableLinear linear = TrainableLinear.xavier(1, 4, 6);
    Trace trace = Trace.create();
    SequenceBatch x = random(1, 2, 3, 4);
    SequenceBatch y = SequenceBatch.zeros(2, 3, 6);
    assertThatThrownBy(() -> linear.forward(random(1, 2, 3, 5), y, trace)).hasMessage("x.width is 5, but inputs.width is 4");
    assertThatThrownBy(() -> linear.forward(x, SequenceBatch.zeros(2, 4, 6), trace)).hasMessage("y.rows is 4, but x.rows is 3");
    assertThatThrownBy(() -> linear.forward(x, new SequenceBatch(x.data(), 0, 1, 1, 6, 6, 6), trace))
        .hasMessageStartingWith("y.batch is 1");
    assertThatThrownBy(() -> linear.backward(trace, y, null))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("the trace is empty");
    trace.keep((Object) 1L);
    assertThatThrownBy(() -> linear.backward(trace, y, null))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("ends with a Long");
    trace.evaluate();
    linear.forward(x, y, trace);
    assertThatThrownBy(() -> linear.backward(trace, SequenceBatch.zeros(2, 3, 5), null))
        .hasMessage("outputGradient.width is 5, but outputs.width is 6");
    assertThatThrownBy(() -> TrainableLinear.xavier(1, 0, 6)).hasMessage("inputs is 0, must be at least 1");
    assertThatThrownBy(() -> TrainableLinear.of(new float[5], null, 2, 3)).hasMessage("weight.length is 5, but outputs * inputs is 6");
    assertThatThrownBy(() -> TrainableNorm.layer(new float[3], new float[2], 1e-5f)).hasMessage("bias.length is 2, but weight.length is 3");
    assertThatThrownBy(() -> TrainableFeedForward.of(linear, linear, Activation.RELU))
        .hasMessage("linear2.inputs is 4, but linear1.outputs is 6");
    assertThatThrownBy(() -> TrainableStack.of(List.of(), null)).hasMessage("layers is 0, must be at least 1");
    assertThatThrownBy(() -> builder(Norm.Placement.PRE).dropout(1)).hasMessageContaining("dropout is 1.0");
    TrainableStack encoder = encoder(Norm.Placement.PRE);
    SequenceBatch rows = random(1, 1, 2, WIDTH);
    SequenceBatch out = SequenceBatch.zeros(1, 2, WIDTH);
    assertThatThrownBy(() -> encoder.forward(rows, rows, out, trace)).hasMessageContaining("attends to none");
    assertThatThrownBy(() -> trace.train(1, -1)).hasMessage("step is -1, must be at least 0");
    assertThatThrownBy(() -> trace.setThreads(0)).hasMessage("threads is 0, must be at least 1");
    TrainableEmbedding embedding = TrainableEmbedding.normal(1, 5, 4, 1);
    assertThatThrownBy(() -> embedding.forward(new int[] {0, 5}, SequenceBatch.zeros(1, 2, 4), trace)).hasMessageContaining("ids[1] is 5");
    assertThatThrownBy(() -> Parameter.of("w", new float[5], 2, 3))
        .hasMessage("the number of values of w is 5, but the product of its shape is 6");
  }
}
