package dev.lanewise.bench.peers;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** The sizes of a duel; it reads those that concern it. */
final class DuelShape {
  private static final int AS_MANY_AS_HEADS = -1;

  /** Beyond it the arrays of a contest might pass what an array holds. */
  private static final long MOST_ELEMENTS = 1 << 28;

  @Option(names = "--batch", defaultValue = "1", description = "Batch entries of attention and layer (default: ${DEFAULT-VALUE}).")
  int batch;

  @Option(names = "--heads", defaultValue = "12", description = "Query heads (default: ${DEFAULT-VALUE}).")
  int heads;

  @Option(names = "--kv-heads", description = "Key/value heads of attention, a divisor of --heads (default: as many as --heads).")
  private int keyValueHeads = AS_MANY_AS_HEADS;

  @Option(names = "--queries", defaultValue = "512", description = "Query rows (default: ${DEFAULT-VALUE}).")
  int queries;

  @Option(names = "--keys", defaultValue = "512", description = "Key and value rows (default: ${DEFAULT-VALUE}).")
  int keys;

  @Option(names = "--head-dim", defaultValue = "64", description = "Elements of a row of a head (default: ${DEFAULT-VALUE}).")
  int headDim;

  @Option(names = "--causal", description = "Each query sees the keys up to its own position; --queries and --keys are equal.")
  boolean causal;

  @Option(names = "--m", defaultValue = "512", description = "gemm: rows of the input (default: ${DEFAULT-VALUE}).")
  int m;

  @Option(names = "--k", defaultValue = "384", description = "gemm: columns of the input (default: ${DEFAULT-VALUE}).")
  int k;

  @Option(names = "--n", defaultValue = "1536", description = "gemm: columns of the result (default: ${DEFAULT-VALUE}).")
  int n;

  int keyValueHeads() {
    return keyValueHeads == AS_MANY_AS_HEADS ? heads : keyValueHeads;
  }

  /**
   * Checks all sizes.
   *
   * @throws IllegalArgumentException naming the option
   */
  void check() {
    Map<String, Integer> sizes = new LinkedHashMap<>();
    sizes.put("--batch", batch);
    sizes.put("--heads", heads);
    sizes.put("--kv-heads", keyValueHeads());
    sizes.put("--queries", queries);
    sizes.put("--keys", keys);
    sizes.put("--head-dim", headDim);
    sizes.put("--m", m);
    sizes.put("--k", k);
    sizes.put("--n", n);
    sizes.forEach(
        (option, size) -> {
          if (size < 1 || size > 1 << 20) {
            throw new IllegalArgumentException(option + " is " + size + ", must be from 1 to " + (1 << 20));
          }
        });
    if (heads % keyValueHeads() != 0) {
      throw new IllegalArgumentException("--heads is " + heads + ", which is no multiple of --kv-heads " + keyValueHeads());
    }
    if (causal && queries != keys) {
      throw new IllegalArgumentException("--queries is " + queries + ", must be as --keys " + keys + " with --causal");
    }
    double elements = (double) batch * heads * Math.max(queries, keys) * headDim;
    double largest = Math.max(elements, Math.max((double) m * k, Math.max((double) k * n, (double) m * n)));
    if (largest > MOST_ELEMENTS) {
      throw new IllegalArgumentException("an array of this shape has " + (long) largest + " elements, must have at most " + MOST_ELEMENTS);
    }
  }
}
