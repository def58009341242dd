package dev.lanewise.core.testing;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.data.Heads;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The cases that {@code golden/generate.py} wrote; that script describes their layout. */
public record GoldenCases(List<Sdpa> sdpa, List<Mha> mha) {

  /** scaled_dot_product_attention; {@code scale} is null for the default. Expected output and weights are dense. */
  public record Sdpa(
      String name, Heads query, Heads key, Heads value, Mask mask, @Nullable Float scale, double[] output, double[] weights) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** nn.MultiheadAttention. */
  public record Mha(String name, Sources sources, Layer layer, Mask mask, double[] output, double[] weights) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** The inputs of an mha case: the same object for two or three of them if PyTorch got one tensor. */
  public record Sources(SequenceBatch query, SequenceBatch key, SequenceBatch value) {}

  /** Weights as outputs × inputs; biases are null if there are none. */
  public record Layer(int numHeads, float[][] weights, float @Nullable [] @Nullable [] biases) {
    public static final int QUERY = 0;
    public static final int KEY = 1;
    public static final int VALUE = 2;
    public static final int OUTPUT = 3;

    public float @Nullable [] bias(int which) {
      return biases == null ? null : biases[which];
    }
  }

  public static GoldenCases load() {
    ByteBuffer numbers = GoldenReader.numbers("cases.bin");
    List<Sdpa> sdpa = new ArrayList<>();
    List<Mha> mha = new ArrayList<>();
    for (String line : GoldenReader.lines("cases.txt")) {
      Reader reader = new Reader(line, numbers);
      switch (reader.kind) {
        case "sdpa" -> sdpa.add(reader.sdpa());
        case "mha" -> mha.add(reader.mha());
        default -> throw new IllegalStateException("unknown kind: " + line);
      }
    }
    GoldenReader.assertAllRead(numbers, "cases.bin");
    return new GoldenCases(sdpa, mha);
  }

  private static final class Reader extends GoldenReader {
    Reader(String line, ByteBuffer numbers) {
      super(line, numbers);
    }

    Sdpa sdpa() {
      int batch = size("B");
      Heads query = heads(size("H"), size("L"), size("D"));
      Heads key = heads(size("G"), size("S"), size("D"));
      Heads value = heads(size("G"), size("S"), size("Dv"));
      int rows = batch * size("H") * size("L");
      return new Sdpa(
          name,
          query,
          key,
          value,
          mask(),
          has("scale") ? Float.valueOf(text("scale")) : null,
          doubles(rows * size("Dv")),
          doubles(rows * size("S")));
    }

    Mha mha() {
      int batch = size("B");
      int embedDim = size("E");
      Sources sources = sources();
      float[][] weights = new float[4][];
      weights[Layer.QUERY] = floats(embedDim * embedDim);
      weights[Layer.KEY] = floats(embedDim * size("Ek"));
      weights[Layer.VALUE] = floats(embedDim * size("Ev"));
      float[][] biases = size("bias") == 0 ? null : new float[][] {floats(embedDim), floats(embedDim), floats(embedDim), {}};
      weights[Layer.OUTPUT] = floats(embedDim * embedDim);
      if (biases != null) {
        biases[Layer.OUTPUT] = floats(embedDim);
      }
      return new Mha(
          name,
          sources,
          new Layer(size("H"), weights, biases),
          mask(),
          doubles(batch * size("L") * embedDim),
          doubles(batch * size("H") * size("L") * size("S")));
    }

    private Sources sources() {
      SequenceBatch query = sequences("L", "E");
      return switch (text("source")) {
        case "self" -> new Sources(query, query, query);
        case "memory" -> {
          SequenceBatch memory = sequences("S", "E");
          yield new Sources(query, memory, memory);
        }
        case "separate" -> new Sources(query, sequences("S", "Ek"), sequences("S", "Ev"));
        default -> throw new IllegalStateException(name + ": unknown source " + text("source"));
      };
    }

    private Mask mask() {
      Mask causal = has("causal") ? Mask.causal(alignment()) : Mask.none();
      return has("lengths") ? causal.and(Mask.keyLengths(ints("lengths"))) : causal;
    }

    private SequenceBatch sequences(String rows, String width) {
      return SequenceBatch.of(floats(size("B") * size(rows) * size(width)), size("B"), size(rows), size(width));
    }
  }
}
