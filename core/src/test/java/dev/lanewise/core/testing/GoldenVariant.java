package dev.lanewise.core.testing;

import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.data.Stage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A case that {@code golden/variants.py} wrote; that script describes the layout.
 *
 * @param weights rows that are as long as the longest sequence has keys
 * @param logSumExp null if the normaliser has none
 * @param scores the scores at the stages before the normaliser, or empty
 */
@SuppressWarnings("ArrayRecordComponent")
public record GoldenVariant(
    String name,
    Heads query,
    Heads key,
    Heads value,
    Variant variant,
    double[] output,
    double[] weights,
    double @Nullable [] logSumExp,
    Map<Stage, double[]> scores) {

  @Override
  public String toString() {
    return name;
  }

  public static List<GoldenVariant> load() {
    ByteBuffer numbers = GoldenReader.numbers("variants.bin");
    List<GoldenVariant> cases = new ArrayList<>();
    for (String line : GoldenReader.lines("variants.txt")) {
      cases.add(new Reader(line, numbers).variant());
    }
    GoldenReader.assertAllRead(numbers, "variants.bin");
    return cases;
  }

  private static final class Reader extends GoldenReader {
    private final @Nullable PackedSequences sequences;
    private final int batch;
    private final int queries;
    private final int keys;

    Reader(String line, ByteBuffer numbers) {
      super(line, numbers);
      sequences = has("queryStarts") ? PackedSequences.of(ints("queryStarts"), ints("keyStarts")) : null;
      batch = sequences == null ? size("B") : sequences.count();
      queries = sequences == null ? size("L") : longest(ints("queryStarts"));
      keys = sequences == null ? size("S") : longest(ints("keyStarts"));
    }

    private static int longest(int[] starts) {
      int longest = 0;
      for (int i = 1; i < starts.length; i++) {
        longest = Math.max(longest, starts[i] - starts[i - 1]);
      }
      return longest;
    }

    GoldenVariant variant() {
      Heads query = heads(size("H"), size("L"), size("D"));
      Heads key = heads(size("G"), size("S"), size("D"));
      Heads value = heads(size("G"), size("S"), size("Dv"));
      Variant variant = settings();
      int rows = size("B") * size("H") * size("L");
      double[] output = doubles(rows * size("Dv"));
      double[] weights = doubles(rows * keys);
      double[] logSumExp = variant.normaliser.hasLogSumExp() ? doubles(rows) : null;
      Map<Stage, double[]> scores = new EnumMap<>(Stage.class);
      if (has("stages")) {
        for (Stage stage : List.of(Stage.RAW, Stage.CAPPED, Stage.CHANGED, Stage.MASKED)) {
          scores.put(stage, doubles(rows * keys));
        }
      }
      return new GoldenVariant(name, query, key, value, variant, output, weights, logSumExp, scores);
    }

    private Variant settings() {
      Variant variant = new Variant();
      variant.mask = mask();
      variant.scale = has("scale") ? Float.valueOf(text("scale")) : null;
      variant.softcap = has("softcap") ? Float.parseFloat(text("softcap")) : 0;
      variant.bias = has("bias") ? bias() : null;
      variant.slopes = has("slopes") ? listedFloats("slopes") : null;
      variant.normaliser = normaliser();
      variant.similarity = similarity();
      variant.sequences = sequences;
      return variant;
    }

    private Mask mask() {
      Mask mask = has("causal") ? Mask.causal(alignment()) : Mask.none();
      mask = has("offsets") ? mask.and(Mask.causal(Mask.Alignment.offsets(ints("offsets")))) : mask;
      mask = has("window") ? mask.and(window(ints("window")[0], ints("window")[1])) : mask;
      mask = has("lengths") ? mask.and(Mask.keyLengths(ints("lengths"))) : mask;
      mask = has("queryLengths") ? mask.and(Mask.queryLengths(ints("queryLengths"))) : mask;
      mask = has("prefix") ? mask.and(Mask.prefix(ints("prefix"))) : mask;
      mask = has("queryIds") ? mask.and(Mask.documents(batch, ints("queryIds"), ints("keyIds"))) : mask;
      mask = has("tree") ? mask.and(Mask.tree(ints("tree"))) : mask;
      return has("matrix") ? mask.and(matrix()) : mask;
    }

    /** In the files −1 is no limit. */
    private static Mask window(int left, int right) {
      Mask from = left == -1 ? Mask.none() : Mask.windowFrom(left);
      return right == -1 ? from : from.and(Mask.windowUpTo(right));
    }

    private Mask matrix() {
      String bits = text("bits");
      boolean[] data = new boolean[bits.length()];
      for (int i = 0; i < data.length; i++) {
        data[i] = bits.charAt(i) == '1';
      }
      int[] strides = strides("matrix");
      return Mask.matrix(data, 0, strides[0], strides[1], strides[2], strides[3]);
    }

    private Bias bias() {
      int[] strides = strides("bias");
      return new Bias(floats(elements("bias")), 0, strides[0], strides[1], strides[2], strides[3]);
    }

    /** Strides of batch, head, query and key in an array that is dense over the axes of the setting. */
    private int[] strides(String setting) {
      int[] sizes = {batch, size("H"), queries, keys};
      int[] strides = new int[sizes.length];
      int stride = 1;
      for (int axis = sizes.length - 1; axis >= 0; axis--) {
        if (text(setting).indexOf("bhqk".charAt(axis)) >= 0) {
          strides[axis] = stride;
          stride *= sizes[axis];
        }
      }
      return strides;
    }

    private int elements(String setting) {
      int[] strides = strides(setting);
      return 1 + (batch - 1) * strides[0] + (size("H") - 1) * strides[1] + (queries - 1) * strides[2] + (keys - 1) * strides[3];
    }

    private Normaliser normaliser() {
      Normaliser normaliser =
          switch (has("normaliser") ? text("normaliser") : "softmax") {
            case "softmax" -> has("sinks") ? Normaliser.softmaxWithSinks(listedFloats("sinks")) : Normaliser.softmax();
            case "relu" -> Normaliser.relu();
            case "squaredRelu" -> Normaliser.squaredRelu();
            case "sigmoid" -> Normaliser.sigmoid();
            case "linear" -> Normaliser.linear();
            default -> throw new IllegalStateException(name + ": unknown normaliser " + text("normaliser"));
          };
      return has("averages") ? normaliser.dividedByKeys() : normaliser;
    }

    private Similarity similarity() {
      return switch (has("similarity") ? text("similarity") : "dot") {
        case "dot" -> Similarity.dot();
        case "cosine" -> Similarity.cosine();
        case "additive" -> Similarity.additive(floats(size("D")));
        default -> throw new IllegalStateException(name + ": unknown similarity " + text("similarity"));
      };
    }
  }
}
