package dev.lanewise.core.testing;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Results;
import dev.lanewise.core.TopKeys;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.Stage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

/**
 * A call of attention whose scores are whole numbers, so that every path computes the same scores. Elements of int8 caches are stored
 * exactly.
 */
@SuppressWarnings("ArrayRecordComponent")
public record FunctionCall(
    Source source,
    Mask mask,
    int[] queries,
    int[] keys,
    Heads query,
    Heads[] key,
    Heads[] value,
    Map<List<Integer>, List<Integer>> seen,
    Map<List<Integer>, double[]> outputs) {
  public static final int HEADS = 4;
  public static final int WIDTH = 8;

  private static final long SEED = 20261129;
  private static final int KEY_HEADS = 2;

  /** The largest element of an int8 row: the scale of the row is then 1/32, which stores multiples of 1/32 exactly. */
  private static final float LARGEST = 127 / 32f;

  /** Layout and storage format of keys and values. */
  public enum Source {
    DENSE,
    PACKED,
    F32,
    F16,
    BF16,
    INT8,
    WINDOW
  }

  /** Results that a call requests besides its output. */
  public enum Extra {
    NOTHING,
    WEIGHTS,
    TOP_KEYS,
    COLUMN_SUMS,
    CHANGED_SCORES,
    WEIGHT_FUNCTION,
    SCORES_AND_WEIGHTS
  }

  public static FunctionCall of(Source source, Mask mask, int[] queries, int[] keys) {
    Random random = new Random(SEED);
    int entries = queries.length;
    int rows = Arrays.stream(queries).sum();
    Heads query =
        source == Source.PACKED ? whole(random, 1, HEADS, rows) : whole(random, entries, HEADS, Arrays.stream(queries).max().orElseThrow());
    Heads[] key = new Heads[entries];
    Heads[] value = new Heads[entries];
    for (int b = 0; b < entries; b++) {
      key[b] = whole(random, 1, KEY_HEADS, keys[b]);
      value[b] = whole(random, 1, KEY_HEADS, keys[b]);
    }
    if (source == Source.INT8) {
      firstColumn(query, 0);
      for (int b = 0; b < entries; b++) {
        firstColumn(key[b], LARGEST);
        firstColumn(value[b], LARGEST);
      }
    }
    FunctionCall call = new FunctionCall(source, mask, queries, keys, query, key, value, new HashMap<>(), new HashMap<>());
    if (source == Source.WINDOW) {
      call.findSeen();
    } else {
      call.listSeen();
    }
    return call;
  }

  private static void firstColumn(Heads heads, float x) {
    for (int i = 0; i < heads.data().length; i += WIDTH) {
      heads.data()[i] = x;
    }
  }

  private static Heads whole(Random random, int batch, int heads, int rows) {
    float[] x = new float[batch * heads * rows * WIDTH];
    for (int i = 0; i < x.length; i++) {
      x[i] = random.nextInt(5) - 2;
    }
    return Heads.of(x, batch, heads, rows, WIDTH);
  }

  /** Finds the keys that each query of a window cache sees by their weights. */
  private void findSeen() {
    int most = Arrays.stream(keys).max().orElseThrow();
    Heads weights = Heads.zeros(query.batch(), HEADS, query.rows(), most);
    cached(Attention.standard().withKernels(Kernels.scalar()).withMask(mask).withScale(1e-3f), Results.of().withWeights(weights));
    for (int b = 0; b < queries.length; b++) {
      for (int head = 0; head < HEADS; head++) {
        for (int i = 0; i < queries[b]; i++) {
          List<Integer> ofQuery = new ArrayList<>();
          for (int j = 0; j < most; j++) {
            if (weights.get(b, head, i, j) != 0) {
              ofQuery.add(j);
            }
          }
          seen.put(List.of(b, head, i), ofQuery);
        }
      }
    }
  }

  /** Lists the keys that the mask lets each query see. */
  private void listSeen() {
    for (int b = 0; b < queries.length; b++) {
      for (int head = 0; head < HEADS; head++) {
        for (int i = 0; i < queries[b]; i++) {
          List<Integer> ofQuery = new ArrayList<>();
          for (int j = 0; j < keys[b]; j++) {
            if (mask.visible(b, head, i, j, queries[b], keys[b])) {
              ofQuery.add(j);
            }
          }
          seen.put(List.of(b, head, i), ofQuery);
        }
      }
    }
  }

  /** The keys that a query sees. */
  public List<Integer> seen(int b, int head, int i) {
    return Objects.requireNonNull(seen.get(List.of(b, head, i)));
  }

  private PackedSequences starts() {
    int[] queryStarts = new int[queries.length + 1];
    int[] keyStarts = new int[queries.length + 1];
    for (int b = 0; b < queries.length; b++) {
      queryStarts[b + 1] = queryStarts[b] + queries[b];
      keyStarts[b + 1] = keyStarts[b] + keys[b];
    }
    return PackedSequences.of(queryStarts, keyStarts);
  }

  /** All keys, or values, of all batch entries in one view, along rows or batch. */
  private Heads together(Heads[] parts) {
    boolean packed = source == Source.PACKED;
    int rows = packed ? Arrays.stream(keys).sum() : keys[0];
    Heads all = Heads.zeros(packed ? 1 : parts.length, KEY_HEADS, rows, WIDTH);
    int first = 0;
    for (int b = 0; b < parts.length; b++) {
      for (int head = 0; head < KEY_HEADS; head++) {
        System.arraycopy(parts[b].data(), parts[b].index(0, head, 0), all.data(), all.index(packed ? 0 : b, head, first), keys[b] * WIDTH);
      }
      first += packed ? keys[b] : 0;
    }
    return all;
  }

  public Heads output() {
    return Heads.zeros(query.batch(), HEADS, query.rows(), WIDTH);
  }

  /** Index of the first element of an output row. */
  public int outputIndex(Heads output, int b, int head, int i) {
    return source == Source.PACKED ? output.index(0, head, starts().queryStart(b) + i) : output.index(b, head, i);
  }

  public void run(Attention attention, Extra extra, Heads output) {
    int most = Arrays.stream(keys).max().orElseThrow();
    Results plain = Results.of().withOutput(output);
    Results results =
        switch (extra) {
          case NOTHING, WEIGHT_FUNCTION -> plain;
          case WEIGHTS -> plain.withWeights(Heads.zeros(query.batch(), HEADS, query.rows(), most));
          case TOP_KEYS -> plain.withTopKeys(TopKeys.of(3, query.batch(), HEADS, query.rows()));
          case COLUMN_SUMS -> {
            int columns = source == Source.PACKED ? Arrays.stream(keys).sum() : queries.length * most;
            yield plain.withColumnSums(new float[HEADS * columns]);
          }
          case CHANGED_SCORES -> plain.withScores(Stage.CHANGED, Heads.zeros(query.batch(), HEADS, query.rows(), most));
          case SCORES_AND_WEIGHTS ->
              plain
                  .withScores(Stage.RAW, Heads.zeros(query.batch(), HEADS, query.rows(), most))
                  .withWeights(Heads.zeros(query.batch(), HEADS, query.rows(), most));
        };
    switch (source) {
      case DENSE -> attention.compute(query, together(key), together(value), results);
      case PACKED -> attention.withPackedSequences(starts()).compute(query, together(key), together(value), results);
      case F32, F16, BF16, INT8, WINDOW -> cached(attention, results);
    }
  }

  private void cached(Attention attention, Results results) {
    List<KeyValueCache> caches = new ArrayList<>();
    for (int b = 0; b < keys.length; b++) {
      KeyValueCache.Builder builder = KeyValueCache.builder(KEY_HEADS, WIDTH).capacity(Math.max(1, keys[b]));
      KeyValueCache cache =
          switch (source) {
            case F16 -> builder.format(KeyValueFormat.F16).build();
            case INT8 -> builder.format(KeyValueFormat.INT8).build();
            case BF16 -> builder.format(KeyValueFormat.BF16).build();
            case WINDOW -> KeyValueCache.builder(KEY_HEADS, WIDTH).window(500, 16).build();
            case DENSE, PACKED, F32 -> builder.build();
          };
      for (int row = 0; row < keys[b]; row += 100) {
        int rows = Math.min(100, keys[b] - row);
        cache.append(key[b].rows(row, row + rows), value[b].rows(row, row + rows));
      }
      caches.add(cache);
    }
    try {
      attention.compute(query, caches, results);
    } finally {
      caches.forEach(KeyValueCache::close);
    }
  }

  /** The output of a row, computed at the first request. */
  public double[] expected(int b, int head, int i, boolean reweighs) {
    return outputs.computeIfAbsent(List.of(b, head, i, reweighs ? 1 : 0), ignored -> output(b, head, i, reweighs));
  }

  /** Computes the output of a row in a loop over the keys that it sees. */
  private double[] output(int b, int head, int i, boolean reweighs) {
    int from = outputIndex(query, b, head, i);
    int keyHead = head / (HEADS / KEY_HEADS);
    List<Integer> ofQuery = seen(b, head, i);
    double[] weights = new double[ofQuery.size()];
    double sum = 0;
    int positive = 0;
    for (int n = 0; n < weights.length; n++) {
      float score = 0;
      int row = key[b].index(0, keyHead, ofQuery.get(n));
      for (int d = 0; d < WIDTH; d++) {
        score += query.data()[from + d] * key[b].data()[row + d];
      }
      score *= 0.25f;
      positive += score > 0 ? 1 : 0;
      weights[n] = Math.exp(score - 1e-3f * positive);
      sum += weights[n];
    }
    double[] output = new double[WIDTH];
    for (int n = 0; n < weights.length; n++) {
      double factor = weights[n] / sum * (reweighs && n % 2 == 1 ? 0 : 1);
      int row = value[b].index(0, keyHead, ofQuery.get(n));
      for (int d = 0; d < WIDTH; d++) {
        output[d] += factor * value[b].data()[row + d];
      }
    }
    return output;
  }
}
