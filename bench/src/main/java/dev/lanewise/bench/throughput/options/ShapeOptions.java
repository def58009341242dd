package dev.lanewise.bench.throughput.options;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** The sizes of the problem; an operation reads those that concern it. */
public final class ShapeOptions {
  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "1",
      description = "Batch entries of attention, sequences of decode and token (default: ${DEFAULT-VALUE}).")
  public int batch;

  @Option(
      names = "--heads",
      paramLabel = "N",
      defaultValue = "12",
      description = "Query heads of attention (default: ${DEFAULT-VALUE}; token: 16).")
  public int heads;

  @Option(
      names = "--kv-heads",
      paramLabel = "N",
      description = "Key/value heads of attention, a divisor of --heads (default: as many as --heads; token without --heads: 4).")
  public int keyValueHeads = AS_MANY_AS_HEADS;

  @Option(
      names = "--queries",
      paramLabel = "N",
      defaultValue = "512",
      description = "Query rows of a head, new tokens of a sequence (default: ${DEFAULT-VALUE}; decode and token: 1).")
  public int queries;

  @Option(
      names = "--keys",
      paramLabel = "N",
      defaultValue = "512",
      description = "Key and value rows of a head; token: those in the cache before, may be 0 (default: ${DEFAULT-VALUE}).")
  public int keys;

  @Option(
      names = "--head-dim",
      paramLabel = "N",
      defaultValue = "64",
      description = "Elements of a query or key row (default: ${DEFAULT-VALUE}).")
  public int headDim;

  @Option(
      names = "--value-dim",
      paramLabel = "N",
      defaultValue = "64",
      description = "Elements of a value or output row (default: ${DEFAULT-VALUE}; decode and token: as --head-dim).")
  public int valueDim;

  @Option(names = "--causal", description = "A query sees only the keys up to its own position; the last query is at the last key.")
  public boolean causal;

  @Option(
      names = "--m",
      paramLabel = "N",
      defaultValue = "512",
      description = "gemm: rows of the input and the result (default: ${DEFAULT-VALUE}).")
  public int m;

  @Option(names = "--k", paramLabel = "N", defaultValue = "384", description = "gemm: columns of the input (default: ${DEFAULT-VALUE}).")
  public int k;

  @Option(names = "--n", paramLabel = "N", defaultValue = "1536", description = "gemm: columns of the result (default: ${DEFAULT-VALUE}).")
  public int n;

  private static final int AS_MANY_AS_HEADS = Integer.MIN_VALUE;

  /** Creates the command; picocli sets the options. */
  public ShapeOptions() {}

  /** Key/value heads: as many as query heads unless given. */
  public int keyValueHeads() {
    return keyValueHeads == AS_MANY_AS_HEADS ? heads : keyValueHeads;
  }

  /** The sizes of attention, by their names in the report. */
  public Map<String, Object> attention() {
    Map<String, Object> sizes = new LinkedHashMap<>();
    sizes.put("batch", batch);
    sizes.put("heads", heads);
    sizes.put("kvHeads", keyValueHeads());
    sizes.put("queries", queries);
    sizes.put("keys", keys);
    sizes.put("headDim", headDim);
    sizes.put("valueDim", valueDim);
    sizes.put("causal", causal);
    return sizes;
  }

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException naming the option
   */
  public void check(String op) {
    Map<String, Integer> sizes = new LinkedHashMap<>();
    sizes.put("--batch", batch);
    sizes.put("--heads", heads);
    sizes.put("--kv-heads", keyValueHeads());
    sizes.put("--queries", queries);
    sizes.put("--keys", keys);
    sizes.put("--head-dim", headDim);
    sizes.put("--value-dim", valueDim);
    sizes.put("--m", m);
    sizes.put("--k", k);
    sizes.put("--n", n);
    sizes.forEach(
        (option, size) -> {
          int least = op.equals("token") && option.equals("--keys") ? 0 : 1;
          if (size < least) {
            throw new IllegalArgumentException(option + " is " + size + ", must be at least " + least);
          }
        });
    if (heads % keyValueHeads() != 0) {
      throw new IllegalArgumentException("--heads is " + heads + ", which is not a multiple of --kv-heads " + keyValueHeads());
    }
  }
}
