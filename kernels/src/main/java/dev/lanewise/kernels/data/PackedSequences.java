package dev.lanewise.kernels.data;

import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;

/**
 * Several sequences, one after the other in one array, without padding (varlen). Sequence b has the queries {@code queryStarts[b]}
 * (inclusive) to {@code queryStarts[b + 1]} (exclusive), and the keys likewise; other libraries call these starts {@code cu_seqlens}. A
 * sequence attends to itself only and counts as a batch entry. The operands have batch 1.
 *
 * <pre>{@code
 * PackedSequences two = PackedSequences.of(0, 17, 41); // 17 and 24 rows
 * attention.withPackedSequences(two).compute(query, key, value, output); // 1 × heads × 41 × headDim
 * }</pre>
 */
public final class PackedSequences {
  private final int[] queryStarts;
  private final int[] keyStarts;

  private PackedSequences(int[] queryStarts, int[] keyStarts) {
    this.queryStarts = queryStarts;
    this.keyStarts = keyStarts;
  }

  /**
   * Sequences whose queries and keys begin at the given rows.
   *
   * @param queryStarts one more than there are sequences, from 0 to the number of query rows; copied
   * @param keyStarts the same for keys
   * @throws IllegalArgumentException if one of them is empty, decreases or does not start at 0, or their lengths differ
   */
  public static PackedSequences of(int[] queryStarts, int[] keyStarts) {
    int[] queries = checked("queryStarts", queryStarts);
    int[] keys = checked("keyStarts", keyStarts);
    Checks.same("keyStarts.length", keys.length, "queryStarts.length", queries.length);
    return new PackedSequences(queries, keys);
  }

  /**
   * Sequences with as many keys as queries.
   *
   * @param starts one more than there are sequences, from 0 to the number of rows; copied
   * @throws IllegalArgumentException if they decrease or do not start at 0
   */
  public static PackedSequences of(int... starts) {
    int[] rows = checked("starts", starts);
    return new PackedSequences(rows, rows);
  }

  /**
   * One sequence of so many queries and keys.
   *
   * @hidden
   */
  public static PackedSequences single(int queries, int keys) {
    return new PackedSequences(new int[] {0, queries}, new int[] {0, keys});
  }

  /** Returns a copy of the starts after checking them. */
  private static int[] checked(String name, int[] given) {
    int[] starts = Objects.requireNonNull(given, name).clone();
    Checks.atLeast(name + ".length", starts.length, 1);
    Checks.same(name + "[0]", starts[0], "the first row", 0);
    for (int i = 1; i < starts.length; i++) {
      Checks.atLeast(name + "[" + i + "]", starts[i], starts[i - 1]);
    }
    return starts;
  }

  /** Number of sequences. */
  public int count() {
    return queryStarts.length - 1;
  }

  /** Queries of a sequence. */
  public int queries(int sequence) {
    return queryStarts[sequence + 1] - queryStarts[sequence];
  }

  /** Keys of a sequence. */
  public int keys(int sequence) {
    return keyStarts[sequence + 1] - keyStarts[sequence];
  }

  /** The first query row of a sequence; for {@link #count}, the number of all query rows. */
  public int queryStart(int sequence) {
    return queryStarts[sequence];
  }

  /** The first key row of a sequence; for {@link #count}, the number of all key rows. */
  public int keyStart(int sequence) {
    return keyStarts[sequence];
  }

  /** Queries of the longest sequence. */
  public int mostQueries() {
    return most(queryStarts);
  }

  /** Keys of the longest sequence. */
  public int mostKeys() {
    return most(keyStarts);
  }

  private static int most(int[] starts) {
    int most = 0;
    for (int i = 1; i < starts.length; i++) {
      most = Math.max(most, starts[i] - starts[i - 1]);
    }
    return most;
  }
}
