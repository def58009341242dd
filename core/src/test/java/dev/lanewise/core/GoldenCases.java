package dev.lanewise.core;

import dev.lanewise.kernels.Heads;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The cases that {@code golden/generate.py} wrote; it describes their layout. */
record GoldenCases(List<Sdpa> sdpa, List<Mha> mha) {

  /** scaled_dot_product_attention; {@code scale} is null for the default. Expected output and weights are dense. */
  record Sdpa(String name, Heads query, Heads key, Heads value, Mask mask, @Nullable Float scale, double[] output, double[] weights) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** nn.MultiheadAttention. */
  record Mha(String name, Sources sources, Layer layer, Mask mask, double[] output, double[] weights) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** What an mha case attends with: one object twice or three times where PyTorch was given one tensor. */
  record Sources(Sequences query, Sequences key, Sequences value) {}

  /** Weights outputs × inputs; biases null if there are none. */
  record Layer(int numHeads, float[][] weights, float @Nullable [] @Nullable [] biases) {
    static final int QUERY = 0;
    static final int KEY = 1;
    static final int VALUE = 2;
    static final int OUTPUT = 3;

    float @Nullable [] bias(int which) {
      return biases == null ? null : biases[which];
    }
  }

  static GoldenCases load() {
    ByteBuffer numbers = ByteBuffer.wrap(resource("cases.bin")).order(ByteOrder.LITTLE_ENDIAN);
    List<Sdpa> sdpa = new ArrayList<>();
    List<Mha> mha = new ArrayList<>();
    for (String line : new String(resource("cases.txt"), StandardCharsets.US_ASCII).lines().toList()) {
      if (line.startsWith("#")) {
        continue;
      }
      Reader reader = new Reader(line, numbers);
      switch (reader.kind) {
        case "sdpa" -> sdpa.add(reader.sdpa());
        case "mha" -> mha.add(reader.mha());
        default -> throw new IllegalStateException("unknown kind: " + line);
      }
    }
    if (numbers.hasRemaining()) {
      throw new IllegalStateException(numbers.remaining() + " bytes of cases.bin belong to no case");
    }
    return new GoldenCases(sdpa, mha);
  }

  private static byte[] resource(String name) {
    try (InputStream in = Objects.requireNonNull(GoldenCases.class.getResourceAsStream("/golden/" + name), name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads the case of one line, and its numbers off the front of the buffer. */
  private static final class Reader {
    private final String kind;
    private final String name;
    private final Map<String, String> settings = new HashMap<>();
    private final ByteBuffer numbers;

    Reader(String line, ByteBuffer numbers) {
      String[] words = line.split(" ");
      this.kind = words[0];
      this.name = words[1];
      this.numbers = numbers;
      for (String word : Arrays.asList(words).subList(2, words.length)) {
        int equals = word.indexOf('=');
        settings.put(word.substring(0, equals), word.substring(equals + 1));
      }
    }

    Sdpa sdpa() {
      int batch = size("B");
      Heads query = heads(size("H"), size("L"), size("D"));
      Heads key = heads(size("G"), size("S"), size("D"));
      Heads value = heads(size("G"), size("S"), size("Dv"));
      String scale = settings.get("scale");
      int rows = batch * size("H") * size("L");
      return new Sdpa(
          name,
          query,
          key,
          value,
          mask(),
          scale == null ? null : Float.valueOf(scale),
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
      Sequences query = sequences("L", "E");
      return switch (text("source")) {
        case "self" -> new Sources(query, query, query);
        case "memory" -> {
          Sequences memory = sequences("S", "E");
          yield new Sources(query, memory, memory);
        }
        case "separate" -> new Sources(query, sequences("S", "Ek"), sequences("S", "Ev"));
        default -> throw new IllegalStateException(name + ": unknown source " + text("source"));
      };
    }

    private Mask mask() {
      Mask causal =
          switch (settings.getOrDefault("causal", "")) {
            case "" -> Mask.none();
            case "top-left" -> Mask.causal(Mask.Alignment.TOP_LEFT);
            case "bottom-right" -> Mask.causal(Mask.Alignment.BOTTOM_RIGHT);
            default -> throw new IllegalStateException(name + ": unknown causal " + text("causal"));
          };
      String lengths = settings.get("lengths");
      return lengths == null
          ? causal
          : causal.and(Mask.keyLengths(Arrays.stream(lengths.split(",")).mapToInt(Integer::parseInt).toArray()));
    }

    private String text(String setting) {
      return Objects.requireNonNull(settings.get(setting), name + " has no " + setting);
    }

    private int size(String setting) {
      return Integer.parseInt(text(setting));
    }

    private Heads heads(int heads, int rows, int width) {
      return Heads.of(floats(size("B") * heads * rows * width), size("B"), heads, rows, width);
    }

    private Sequences sequences(String rows, String width) {
      return Sequences.of(floats(size("B") * size(rows) * size(width)), size("B"), size(rows), size(width));
    }

    private float[] floats(int length) {
      float[] result = new float[length];
      for (int i = 0; i < length; i++) {
        result[i] = numbers.getFloat();
      }
      return result;
    }

    private double[] doubles(int length) {
      double[] result = new double[length];
      for (int i = 0; i < length; i++) {
        result[i] = numbers.getDouble();
      }
      return result;
    }
  }
}
