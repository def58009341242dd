package dev.lanewise.core.testing;

import static org.assertj.core.api.Assertions.fail;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Results;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.testing.EdgeNumbers;
import dev.lanewise.testing.TestedKernels;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Numbers at the edges of float, and the paths and checks of the tests that use them. */
public final class FloatEdges {
  public static final float INFINITY = Float.POSITIVE_INFINITY;
  private static final float[] EDGES = EdgeNumbers.all();
  private static final float[] SIZES = {
    Float.MIN_VALUE, 1e-39f, 1e-38f, Float.MIN_NORMAL, 1e-20f, 0.5f, 1, 30, 1e6f, 3e38f, Float.MAX_VALUE
  };

  /** The code that reads the keys: the fused kernel, the decoding loops, or the fused kernel over a cache. */
  public enum Path {
    DENSE(1),
    DECODED(1),
    CACHED(20);

    public final int queries;

    Path(int queries) {
      this.queries = queries;
    }
  }

  public record Setting(Kernels kernels, Path path) {
    public Attention attention() {
      return Attention.standard().withKernels(kernels);
    }

    @Override
    public String toString() {
      return kernels.path() + " " + path;
    }
  }

  private FloatEdges() {}

  /** Floats at the edges of the format, of both signs, and some usual ones. */
  public static float[] edges() {
    return EDGES.clone();
  }

  /** Positive and finite floats of all magnitudes. */
  public static float[] sizes() {
    return SIZES.clone();
  }

  public static Stream<Setting> settings() {
    return TestedKernels.all().stream().flatMap(kernels -> Arrays.stream(Path.values()).map(path -> new Setting(kernels, path)));
  }

  public static Heads rows(int count, float... row) {
    Heads rows = Heads.zeros(1, 1, count, row.length);
    for (int i = 0; i < rows.data().length; i++) {
      rows.data()[i] = row[i % row.length];
    }
    return rows;
  }

  public static Heads column(float... data) {
    return Heads.of(data, 1, 1, data.length, 1);
  }

  public static void compute(Setting setting, Attention attention, Heads query, Heads key, Heads value, Results results) {
    if (setting.path == Path.DENSE) {
      attention.compute(query, key, value, results);
      return;
    }
    try (KeyValueCache cache =
        KeyValueCache.builder(1, key.width()).valueDim(value.width()).format(KeyValueFormat.F32).capacity(20).build()) {
      cache.append(key, value);
      attention.compute(query, List.of(cache), results);
    }
  }

  /** The log-sum-exp of the last query. */
  public static float logSumExp(Setting setting, Attention attention, float[] query, Heads key) {
    float[] logSumExp = new float[setting.path.queries];
    compute(
        setting, attention, rows(setting.path.queries, query), key, column(new float[key.rows()]), Results.of().withLogSumExp(logSumExp));
    return logSumExp[logSumExp.length - 1];
  }

  public static void assertClose(String what, float actual, double expected, double tolerance) {
    float rounded = (float) expected;
    boolean nearTheEnd = Math.abs(expected) * (1 + 1e-6) >= Float.MAX_VALUE && Math.abs(actual) >= Float.MAX_VALUE * (1 - 1e-6f);
    boolean close =
        actual == rounded
            || Float.compare(actual, rounded) == 0
            || (Double.isFinite(expected) && Math.abs(actual - expected) <= tolerance)
            || (nearTheEnd && Math.signum(actual) == Math.signum(rounded));
    if (!close) {
      fail("%s is %s, expected %s ± %s", what, actual, expected, tolerance);
    }
  }

  /** Checks the score of a single key. A score of +∞ gives NaN, since its weight is the exponential of ∞ − ∞. */
  public static void assertScore(Setting setting, String what, float actual, double score, double tolerance) {
    float rounded = (float) score;
    assertClose(setting + ": " + what, actual, rounded == INFINITY ? Double.NaN : score, tolerance);
  }

  /** The edges, and some multiples of a size around the thresholds of tanh. */
  public static float[] edgesAround(float size) {
    float[] around = Arrays.copyOf(EDGES, EDGES.length + 8);
    int n = EDGES.length;
    for (float factor : new float[] {0.3f, 0.599f, 0.601f, 1, 3, 9.1f, -0.6f, -2}) {
      around[n++] = size * factor;
    }
    return around;
  }
}
