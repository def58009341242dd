package dev.lanewise.bench.peers;

import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.testing.SeededTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Makes the golden gradients that the tests of {@code core.learn} compare with: 30 modules of {@link TorchGradients}, in double and in
 * float. {@code gradients.txt} holds a line for each module: its name, its settings, and the largest error of PyTorch in float, as a part
 * of the largest element of each tensor. {@code gradients.safetensors} holds the output and the gradients in double, rounded to float.
 *
 * <pre>{@code
 * java -cp … dev.lanewise.bench.peers.GoldenGradients core/src/test/resources/golden
 * }</pre>
 */
final class GoldenGradients {
  static final long SEED = 20261130;

  private static final String STACK = " width=8 heads=2 hidden=13 batch=2 rows=5";

  static final List<String> CASES = cases();

  private GoldenGradients() {}

  private static List<String> cases() {
    List<String> cases = new ArrayList<>();
    cases.add("linear kind=linear width=9 outputs=7 batch=2 rows=5");
    cases.add("linear-no-bias kind=linear width=9 outputs=7 batch=2 rows=5 nobias=1");
    cases.add("layer-norm kind=layer-norm width=11 batch=2 rows=5");
    cases.add("rms-norm kind=rms-norm width=11 batch=2 rows=5");
    for (String activation : List.of("RELU", "GELU", "GELU_TANH", "SILU", "TANH", "SIGMOID")) {
      cases.add("feed-forward-" + activation + " kind=feed-forward width=8 hidden=13 batch=2 rows=5 activation=" + activation);
    }
    for (String activation : List.of("SILU", "GELU")) {
      cases.add("gated-" + activation + " kind=feed-forward width=8 hidden=13 batch=2 rows=5 gated=1 activation=" + activation);
    }
    cases.add("self-attention kind=attention width=12 heads=3 batch=2 rows=7");
    cases.add("causal-attention kind=attention width=12 heads=3 batch=2 rows=7 causal=1");
    cases.add("attention-no-bias kind=attention width=12 heads=2 batch=2 rows=7 nobias=1");
    cases.add("cross-attention kind=attention width=12 heads=3 batch=2 rows=5 memory=9");
    cases.add("encoder-layer-post kind=encoder-layer placement=POST activation=RELU" + STACK);
    cases.add("encoder-layer-pre kind=encoder-layer placement=PRE activation=GELU" + STACK);
    cases.add("encoder-layer-output kind=encoder-layer placement=OUTPUT activation=SILU" + STACK);
    cases.add("encoder-layer-no-bias kind=encoder-layer placement=POST activation=GELU nobias=1" + STACK);
    cases.add("encoder-post kind=encoder layers=2 placement=POST activation=GELU" + STACK);
    cases.add("encoder-pre kind=encoder layers=3 placement=PRE activation=RELU" + STACK);
    cases.add("decoder-only-pre kind=encoder layers=2 causal=1 placement=PRE activation=GELU_TANH" + STACK);
    cases.add("decoder-only-output kind=encoder layers=2 causal=1 placement=OUTPUT activation=SILU" + STACK);
    cases.add("decoder-post kind=decoder layers=2 placement=POST activation=RELU memory=6" + STACK);
    cases.add("decoder-pre kind=decoder layers=2 placement=PRE activation=GELU memory=6" + STACK);
    cases.add("decoder-one-layer kind=decoder layers=1 placement=POST activation=GELU memory=3" + STACK);
    String model = " kind=language-model layers=2 causal=1 vocabulary=11 placement=PRE activation=GELU" + STACK;
    cases.add("language-model" + model);
    cases.add("language-model-tied tied=1" + model);
    cases.add("language-model-smoothing smoothing=0.125" + model);
    return List.copyOf(cases);
  }

  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    StringBuilder lines = new StringBuilder("# made by GoldenGradients with PyTorch " + Versions.of("org.bytedeco", "pytorch") + "\n");
    NamedTensors.Builder tensors = NamedTensors.builder();
    for (String line : CASES) {
      TorchGradients module = new TorchGradients(line, SEED, ScalarType.Double);
      Map<String, long[]> shapes = module.shapes();
      Map<String, double[]> exact = module.results();
      String name = line.substring(0, line.indexOf(' '));
      exact.forEach((tensor, elements) -> tensors.add(name + "/" + tensor, floats(elements), shape(shapes.get(tensor), elements.length)));
      double error = error(exact, new TorchGradients(line, SEED, ScalarType.Float).results());
      lines.append("learn ").append(line).append(" seed=").append(SEED).append(" error=").append(error).append('\n');
    }
    Files.writeString(folder.resolve("gradients.txt"), lines);
    Safetensors.write(folder.resolve("gradients.safetensors"), tensors.build());
  }

  private static long[] shape(long @Nullable [] ofParameter, int length) {
    return ofParameter == null ? new long[] {length} : ofParameter;
  }

  private static float[] floats(double[] elements) {
    float[] floats = new float[elements.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) elements[i];
    }
    return floats;
  }

  /** The largest error as a part of the largest element of its tensor. */
  private static double error(Map<String, double[]> exact, Map<String, double[]> plain) {
    double error = 0;
    for (Map.Entry<String, double[]> tensor : exact.entrySet()) {
      double largest = Arrays.stream(tensor.getValue()).map(Math::abs).max().orElse(0);
      double[] rounded = Objects.requireNonNull(plain.get(tensor.getKey()));
      for (int i = 0; i < rounded.length; i++) {
        error = Math.max(error, Math.abs(rounded[i] - tensor.getValue()[i]) / largest);
      }
    }
    return error;
  }

  /** Tokens that follow from a seed and a name. */
  static Tensor ids(long seed, String name, int count, int vocabulary) {
    float[] uniform = SeededTensors.weight(seed, name, 0, count);
    long[] ids = new long[count];
    for (int i = 0; i < count; i++) {
      ids[i] = (long) Math.floor((uniform[i] + 0.35) / 0.7 * vocabulary);
    }
    return Tensor.create(ids, count);
  }
}
