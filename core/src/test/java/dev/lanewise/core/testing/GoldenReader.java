package dev.lanewise.core.testing;

import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.data.Heads;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Reads a golden case: its line (kind, name, settings), and its numbers from a buffer. */
public class GoldenReader {
  public final String kind;
  public final String name;
  private final Map<String, String> settings = new HashMap<>();
  private final ByteBuffer numbers;

  public GoldenReader(String line, ByteBuffer numbers) {
    String[] words = line.split(" ");
    this.kind = words[0];
    this.name = words[1];
    this.numbers = numbers;
    for (String word : Arrays.asList(words).subList(2, words.length)) {
      int equals = word.indexOf('=');
      settings.put(word.substring(0, equals), word.substring(equals + 1));
    }
  }

  /** The lines of a file beside the scripts, one for each case. */
  public static List<String> lines(String file) {
    return new String(resource(file), StandardCharsets.US_ASCII).lines().filter(line -> !line.startsWith("#")).toList();
  }

  /** The numbers of a file beside the scripts. */
  public static ByteBuffer numbers(String file) {
    return ByteBuffer.wrap(resource(file)).order(ByteOrder.LITTLE_ENDIAN);
  }

  public static void assertAllRead(ByteBuffer numbers, String file) {
    if (numbers.hasRemaining()) {
      throw new IllegalStateException(numbers.remaining() + " bytes of " + file + " belong to no case");
    }
  }

  private static byte[] resource(String name) {
    try (InputStream in = Objects.requireNonNull(GoldenCases.class.getResourceAsStream("/golden/" + name), name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public boolean has(String setting) {
    return settings.containsKey(setting);
  }

  public int[] ints(String setting) {
    return Arrays.stream(text(setting).split(",", -1)).mapToInt(Integer::parseInt).toArray();
  }

  public float[] listedFloats(String setting) {
    double[] listed = Arrays.stream(text(setting).split(",", -1)).mapToDouble(Double::parseDouble).toArray();
    float[] result = new float[listed.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = (float) listed[i];
    }
    return result;
  }

  public Mask.Alignment alignment() {
    return switch (text("causal")) {
      case "top-left" -> Mask.Alignment.topLeft();
      case "bottom-right" -> Mask.Alignment.bottomRight();
      default -> throw new IllegalStateException(name + ": unknown causal " + text("causal"));
    };
  }

  public String text(String setting) {
    return Objects.requireNonNull(settings.get(setting), name + " has no " + setting);
  }

  public int size(String setting) {
    return Integer.parseInt(text(setting));
  }

  public Heads heads(int heads, int rows, int width) {
    return Heads.of(floats(size("B") * heads * rows * width), size("B"), heads, rows, width);
  }

  public float[] floats(int length) {
    float[] result = new float[length];
    for (int i = 0; i < length; i++) {
      result[i] = numbers.getFloat();
    }
    return result;
  }

  public double[] doubles(int length) {
    double[] result = new double[length];
    for (int i = 0; i < length; i++) {
      result[i] = numbers.getDouble();
    }
    return result;
  }
}
