package dev.lanewise.core.testing;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.layer.Transformer;
import dev.lanewise.core.layer.TransformerLayer;
import dev.lanewise.core.layer.TransformerStack;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.PlainSafetensors;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.core.weights.TorchWeights;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** A case of layers.py: a PyTorch module, its input, and its output in double. */
public final class GoldenLayer {
  private static final String FILE = "layers.safetensors";

  public final NamedTensors tensors;
  public final String prefix;
  public final double[] expected;
  private final GoldenReader line;
  private final NamedTensors data;

  private GoldenLayer(GoldenReader line, NamedTensors tensors, PlainSafetensors file) {
    this.line = line;
    this.tensors = tensors;
    this.prefix = "case" + line.text("case") + ".";
    this.data = tensors.under("data" + line.text("case") + ".");
    ByteBuffer bytes = file.tensor("data" + line.text("case") + ".expected");
    this.expected = new double[bytes.remaining() / Double.BYTES];
    bytes.asDoubleBuffer().get(expected);
  }

  /** Loads all cases; their tensors stay open until the JVM ends. */
  public static List<GoldenLayer> load() {
    try {
      PlainSafetensors file = new PlainSafetensors(PlainSafetensors.golden(FILE));
      NamedTensors tensors = Safetensors.open(path());
      List<GoldenLayer> cases = new ArrayList<>();
      GoldenReader.lines("layers.txt")
          .forEach(line -> cases.add(new GoldenLayer(new GoldenReader(line, ByteBuffer.allocate(0)), tensors, file)));
      return cases;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path path() {
    try {
      return Path.of(Objects.requireNonNull(GoldenLayer.class.getResource("/golden/" + FILE), FILE).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  public String kind() {
    return line.kind;
  }

  public boolean biases() {
    return flag("bias");
  }

  public int embedDim() {
    return line.size("E");
  }

  /** The error of PyTorch in float. */
  public double torchError() {
    return Double.parseDouble(line.text("error"));
  }

  public double largest() {
    return Double.parseDouble(line.text("largest"));
  }

  private boolean flag(String setting) {
    return line.size(setting) == 1;
  }

  /** The weights of the module, with the settings that tensors do not contain. */
  public TorchWeights weights(NamedTensors from) {
    TorchWeights weights = TorchWeights.of(from, line.size("H"));
    if (kind().equals("mha")) {
      return weights;
    }
    return weights.withNorms(placement()).withActivation(activation()).withEpsilon(Float.parseFloat(line.text("epsilon")));
  }

  private Norm.Placement placement() {
    return switch (line.text("norm")) {
      case "pre" -> Norm.Placement.PRE;
      case "post" -> Norm.Placement.POST;
      default -> throw new IllegalStateException(this + ": unknown norm " + line.text("norm"));
    };
  }

  private Activation activation() {
    return switch (line.text("activation")) {
      case "relu" -> Activation.RELU;
      case "gelu" -> Activation.GELU;
      case "gelu-tanh" -> Activation.GELU_TANH;
      case "silu" -> Activation.SILU;
      default -> throw new IllegalStateException(this + ": unknown activation " + line.text("activation"));
    };
  }

  /** Creates the module. */
  public Object module(NamedTensors from, Kernels kernels) {
    TorchWeights weights = weights(from);
    return switch (kind()) {
      case "mha" -> weights.attention(prefix).withKernels(kernels);
      case "encoder-layer" -> weights.encoderLayer(prefix).withKernels(kernels);
      case "decoder-layer" -> weights.decoderLayer(prefix).withKernels(kernels);
      case "encoder" -> weights.encoder(prefix).withKernels(kernels);
      case "decoder" -> weights.decoder(prefix).withKernels(kernels);
      case "transformer" -> weights.transformer(prefix).withKernels(kernels);
      default -> throw new IllegalStateException(this + ": unknown kind");
    };
  }

  /** The module's output, in the order of the caller's array. */
  public float[] output(NamedTensors from, Kernels kernels) {
    SequenceBatch x = sequences("x", line.size("L"));
    SequenceBatch output = view(new float[expected.length], line.size("L"));
    switch (module(from, kernels)) {
      case MultiHeadAttention layer -> attend(layer, x, output);
      case TransformerLayer layer when line.has("S") -> layer.withMask(mask()).withMemoryMask(memoryMask()).forward(x, memory(), output);
      case TransformerLayer layer -> layer.withMask(mask()).forward(x, output);
      case TransformerStack stack when line.has("S") -> stack.withMask(mask()).withMemoryMask(memoryMask()).forward(x, memory(), output);
      case TransformerStack stack -> stack.withMask(mask()).forward(x, output);
      case Transformer both -> both.withSourceMask(memoryMask()).withTargetMask(mask()).forward(memory(), x, output);
      default -> throw new IllegalStateException(this + ": unknown module");
    }
    return output.data();
  }

  private void attend(MultiHeadAttention layer, SequenceBatch x, SequenceBatch output) {
    if (!line.has("S")) {
      layer.withMask(mask()).forward(x, output);
    } else {
      SequenceBatch value = line.has("V") ? sequences("value", line.size("S")) : memory();
      layer.withMask(memoryMask()).forward(x, memory(), value, output);
    }
  }

  private Mask mask() {
    Mask mask = flag("causal") ? Mask.causal() : Mask.none();
    return line.has("lengths") ? mask.and(Mask.keyLengths(line.ints("lengths"))) : mask;
  }

  private Mask memoryMask() {
    Mask mask = line.has("memory") ? Mask.keyLengths(line.ints("memory")) : Mask.none();
    if (!line.has("offset")) {
      return mask;
    }
    int[] offsets = new int[line.size("B")];
    Arrays.fill(offsets, line.size("offset"));
    return mask.and(Mask.causal(Mask.Alignment.offsets(offsets)));
  }

  private SequenceBatch memory() {
    return sequences("memory", line.size("S"));
  }

  private SequenceBatch sequences(String name, int rows) {
    return view(data.floats(name), rows);
  }

  /** A view of batch × rows × width with PyTorch's order of the axes. */
  private SequenceBatch view(float[] array, int rows) {
    int batch = line.size("B");
    int width = array.length / (batch * rows);
    return flag("batch_first")
        ? SequenceBatch.of(array, batch, rows, width)
        : new SequenceBatch(array, 0, batch, rows, width, width, batch * width);
  }

  /** Tells whether an element of an output belongs to a row of its sequence, and not to padding. */
  public boolean real(int element) {
    if (!line.has("lengths")) {
      return true;
    }
    int rowIndex = element / embedDim();
    int batch = flag("batch_first") ? rowIndex / line.size("L") : rowIndex % line.size("B");
    int row = flag("batch_first") ? rowIndex % line.size("L") : rowIndex / line.size("B");
    return row < line.ints("lengths")[batch];
  }

  @Override
  public String toString() {
    return line.text("case") + " " + kind() + " " + line.name;
  }
}
