package dev.lanewise.bench.peers;

import dev.lanewise.core.weights.Initialisation;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.testing.SeededTensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * A module that is composed from functions of PyTorch, in double or float, and its gradients by autograd. Parameters have the names of
 * {@code core.learn}; they and the inputs are {@link SeededTensors}.
 */
final class TorchGradients {
  private static final double EPSILON = 1e-5f;

  private final String name;
  private final Map<String, String> settings = new LinkedHashMap<>();
  private final long seed;
  private final ScalarType type;
  private final Map<String, Tensor> parameters = new LinkedHashMap<>();

  /** Creates the module of a line: its name, and its settings as key=value. */
  TorchGradients(String line, long seed, ScalarType type) {
    String[] words = line.split(" ");
    this.name = words[0];
    this.seed = seed;
    this.type = type;
    for (String word : Arrays.asList(words).subList(1, words.length)) {
      settings.put(word.substring(0, word.indexOf('=')), word.substring(word.indexOf('=') + 1));
    }
  }

  private String text(String key) {
    return Objects.requireNonNull(settings.get(key), name + " has no " + key);
  }

  private int size(String key) {
    return Integer.parseInt(text(key));
  }

  private boolean is(String key) {
    return "1".equals(settings.get(key));
  }

  /** The shapes of the parameters, by their names. */
  Map<String, long[]> shapes() {
    Initialisation layout = is("nobias") ? Initialisation.xavier(0).withoutBiases() : Initialisation.xavier(0);
    int width = size("width");
    Map<String, long[]> shapes = new LinkedHashMap<>();
    switch (text("kind")) {
      case "linear" -> add(shapes, "", layout.linear(width, size("outputs")));
      case "layer-norm" -> {
        shapes.put("weight", new long[] {width});
        shapes.put("bias", new long[] {width});
      }
      case "rms-norm" -> shapes.put("weight", new long[] {width});
      case "feed-forward" -> {
        add(shapes, "linear1.", layout.linear(width, size("hidden")));
        add(shapes, "linear2.", layout.linear(size("hidden"), width));
        if (is("gated")) {
          add(shapes, "gate.", layout.linear(width, size("hidden")));
        }
      }
      case "attention" -> add(shapes, "", layout.attention(width));
      case "encoder-layer" -> add(shapes, "", layout.encoderLayer(width, size("hidden")));
      case "encoder" -> add(shapes, "", layout.encoder(width, size("hidden"), size("layers")));
      case "decoder" -> add(shapes, "", layout.decoder(width, size("hidden"), size("layers")));
      case "language-model" -> {
        shapes.put("embedding.weight", new long[] {size("vocabulary"), width});
        shapes.put("positions.weight", new long[] {size("rows"), width});
        add(shapes, "stack.", layout.encoder(width, size("hidden"), size("layers")));
        if (!is("tied")) {
          add(shapes, "head.", layout.linear(width, size("vocabulary")));
        }
      }
      default -> throw new IllegalStateException("unknown kind of " + name);
    }
    return shapes;
  }

  private static void add(Map<String, long[]> shapes, String prefix, NamedTensors tensors) {
    tensors.names().forEach(tensor -> shapes.put(prefix + tensor, tensors.shape(tensor)));
  }

  /** The output, and the gradients of the inputs and the parameters, in double. */
  @SuppressWarnings("try") // scopes and modes work by being open
  Map<String, double[]> results() {
    try (PointerScope scope = new PointerScope();
        AutoGradMode on = new AutoGradMode(true)) {
      shapes().forEach((parameter, shape) -> parameters.put(parameter, seeded("module." + parameter, shape).requires_grad_(true)));
      Map<String, Tensor> inputs = new LinkedHashMap<>(parameters);
      boolean ofTokens = text("kind").equals("language-model");
      Tensor x = ofTokens ? null : input("x", size("rows"));
      Tensor memory = settings.containsKey("memory") ? input("memory", size("memory")) : null;
      if (x != null) {
        inputs.put("x", x);
      }
      if (memory != null) {
        inputs.put("memory", memory);
      }
      Tensor y = ofTokens ? loss() : output(Objects.requireNonNull(x), memory);
      Tensor dy = ofTokens ? torch.ones(new long[0]).to(type) : seeded("dy", y.sizes().vec().get());
      TensorVector gradients =
          PyTorchGradients.gradients(
              new TensorVector(y), new TensorVector(inputs.values().toArray(new Tensor[0])), new TensorVector(dy), false);
      Map<String, double[]> results = new LinkedHashMap<>();
      results.put("y", elements(y));
      List<String> names = new ArrayList<>(inputs.keySet());
      for (int i = 0; i < names.size(); i++) {
        results.put(names.get(i), elements(gradients.get(i)));
      }
      return results;
    }
  }

  private static double[] elements(Tensor tensor) {
    double[] elements = new double[(int) tensor.numel()];
    tensor.detach().to(ScalarType.Double).contiguous().data_ptr_double().get(elements);
    return elements;
  }

  private Tensor input(String input, int rows) {
    return seeded(input, size("batch"), rows, size("width")).requires_grad_(true);
  }

  private Tensor seeded(String tensor, long... shape) {
    int last = (int) shape[shape.length - 1];
    int rows = (int) (Arrays.stream(shape).reduce(1, Math::multiplyExact) / last);
    float[] elements = shape.length == 1 ? SeededTensors.weight(seed, tensor, 1, last) : SeededTensors.weight(seed, tensor, 1, rows, last);
    return Tensor.create(elements, shape).to(type);
  }

  private Tensor output(Tensor x, @Nullable Tensor memory) {
    return switch (text("kind")) {
      case "linear" -> linear("", x);
      case "layer-norm" -> layerNorm("", x);
      case "rms-norm" -> rmsNorm(x);
      case "feed-forward" -> feedForward("", x);
      case "attention" -> attention("", x, memory == null ? x : memory, is("causal"));
      case "encoder-layer" -> layer("", x, memory);
      case "encoder", "decoder" -> stack("", x, memory);
      default -> throw new IllegalStateException("unknown kind of " + name);
    };
  }

  /** The mean cross-entropy of tokens that follow from the seed. */
  private Tensor loss() {
    int count = size("batch") * size("rows");
    Tensor ids = torch.embedding(parameter("embedding.weight"), GoldenGradients.ids(seed, "ids", count, size("vocabulary")));
    Tensor x = ids.view(size("batch"), size("rows"), size("width")).add(parameter("positions.weight"));
    Tensor hidden = stack("stack.", x, null);
    Tensor logits = is("tied") ? torch.linear(hidden, parameter("embedding.weight")) : linear("head.", hidden);
    Tensor targets = GoldenGradients.ids(seed, "targets", count, size("vocabulary"));
    Tensor logs = torch.log_softmax(logits.view(count, size("vocabulary")), 1);
    double smoothing = settings.containsKey("smoothing") ? Double.parseDouble(text("smoothing")) : 0;
    Tensor picked = logs.gather(1, targets.view(count, 1)).mean().mul(scalar(smoothing - 1));
    return picked.sub(logs.mean().mul(scalar(smoothing)));
  }

  private static Scalar scalar(double x) {
    return new Scalar(x);
  }

  private Tensor parameter(String parameter) {
    return Objects.requireNonNull(parameters.get(parameter), parameter);
  }

  private TensorOptional optional(String parameter) {
    Tensor tensor = parameters.get(parameter);
    return tensor == null ? new TensorOptional() : new TensorOptional(tensor);
  }

  private Tensor linear(String prefix, Tensor x) {
    return torch.linear(x, parameter(prefix + "weight"), optional(prefix + "bias"));
  }

  private Tensor layerNorm(String prefix, Tensor x) {
    return torch.layer_norm(x, new long[] {size("width")}, optional(prefix + "weight"), optional(prefix + "bias"), EPSILON, false);
  }

  private Tensor rmsNorm(Tensor x) {
    Tensor squares = x.mul(x).mean(new long[] {-1}, true, new ScalarTypeOptional());
    return x.mul(squares.add(scalar(EPSILON)).rsqrt()).mul(parameter("weight"));
  }

  private Tensor activated(Tensor x) {
    return switch (text("activation")) {
      case "RELU" -> torch.relu(x);
      case "GELU" -> torch.gelu(x);
      case "GELU_TANH" -> torch.gelu(x, "tanh");
      case "SILU" -> torch.silu(x);
      case "TANH" -> torch.tanh(x);
      case "SIGMOID" -> torch.sigmoid(x);
      default -> throw new IllegalStateException("unknown activation of " + name);
    };
  }

  private Tensor feedForward(String prefix, Tensor x) {
    Tensor up = linear(prefix + "linear1.", x);
    Tensor hidden = is("gated") ? activated(linear(prefix + "gate.", x)).mul(up) : activated(up);
    return linear(prefix + "linear2.", hidden);
  }

  private Tensor attention(String prefix, Tensor x, Tensor memory, boolean causal) {
    long width = size("width");
    Tensor weight = parameter(prefix + "in_proj_weight");
    Tensor bias = parameters.get(prefix + "in_proj_bias");
    Tensor[] parts = new Tensor[3];
    for (int i = 0; i < 3; i++) {
      TensorOptional ofPart = bias == null ? new TensorOptional() : new TensorOptional(bias.narrow(0, i * width, width));
      Tensor projected = torch.linear(i == 0 ? x : memory, weight.narrow(0, i * width, width), ofPart);
      parts[i] = projected.view(projected.size(0), projected.size(1), size("heads"), width / size("heads")).transpose(1, 2);
    }
    Tensor attended =
        torch.scaled_dot_product_attention(parts[0], parts[1], parts[2], new TensorOptional(), 0, causal, new DoubleOptional(), false);
    return linear(prefix + "out_proj.", attended.transpose(1, 2).reshape(x.size(0), x.size(1), width));
  }

  private Tensor stack(String prefix, Tensor x, @Nullable Tensor memory) {
    Tensor stream = x;
    for (int i = 0; i < size("layers"); i++) {
      stream = layer(prefix + "layers." + i + ".", stream, memory);
    }
    return layerNorm(prefix + "norm.", stream);
  }

  private Tensor layer(String prefix, Tensor x, @Nullable Tensor memory) {
    boolean causal = is("causal") || memory != null;
    Tensor stream = sublayer(prefix + "norm1.", x, input -> attention(prefix + "self_attn.", input, input, causal));
    if (memory != null) {
      stream = sublayer(prefix + "norm2.", stream, input -> attention(prefix + "multihead_attn.", input, memory, false));
    }
    return sublayer(prefix + (memory == null ? "norm2." : "norm3."), stream, input -> feedForward(prefix, input));
  }

  private Tensor sublayer(String norm, Tensor x, UnaryOperator<Tensor> branch) {
    return switch (text("placement")) {
      case "PRE" -> x.add(branch.apply(layerNorm(norm, x)));
      case "OUTPUT" -> x.add(layerNorm(norm, branch.apply(x)));
      case "POST" -> layerNorm(norm, x.add(branch.apply(x)));
      default -> throw new IllegalStateException("unknown placement of " + name);
    };
  }
}
