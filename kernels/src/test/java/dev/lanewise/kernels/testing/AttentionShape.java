package dev.lanewise.kernels.testing;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.testing.Sample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The sizes of an attention call.
 *
 * @param queries of each batch entry
 * @param keys of each batch entry
 * @param heads a multiple of {@code keyValueHeads}
 * @param layout of the query, the output, and of keys and values that are not cached
 * @param format of cached keys and values
 */
public record AttentionShape(
    Storage storage,
    int[] queries,
    int[] keys,
    int heads,
    int keyValueHeads,
    int width,
    int valueWidth,
    HeadsLayout layout,
    KeyValueFormat format,
    long seed) {
  private static final long SEED = 20261129;

  /** Queries, keys, heads, key/value heads, width, width of a value: around tiles, panels, blocks and vectors. */
  private static final int[][] DENSE = {
    {0, 5, 1, 1, 8, 8},
    {5, 0, 2, 1, 8, 3},
    {1, 1, 1, 1, 1, 1},
    {1, 16, 2, 2, 16, 16},
    {16, 1, 3, 1, 5, 7},
    {59, 111, 1, 1, 64, 64},
    {111, 59, 3, 3, 33, 16},
    {113, 203, 2, 1, 16, 33},
    {203, 113, 1, 1, 5, 17},
    {3, 1023, 3, 3, 40, 1},
    {2, 1024, 2, 1, 7, 40},
    {65, 1025, 1, 1, 16, 5},
    {1025, 16, 1, 1, 3, 3}
  };

  /** The same of calls whose keys are cached: around blocks of 16, tiles of 64 and spans of 1280 keys. */
  private static final int[][] CACHED = {
    {1, 1, 1, 1, 1, 1},
    {1, 16, 3, 1, 16, 16},
    {2, 59, 2, 2, 7, 33},
    {4, 111, 4, 2, 64, 64},
    {16, 203, 1, 1, 40, 5},
    {1, 1023, 2, 1, 33, 17},
    {3, 1025, 3, 3, 16, 40},
    {2, 1281, 2, 1, 16, 7},
    {5, 513, 6, 2, 5, 16},
    {17, 113, 2, 1, 16, 33},
    {70, 395, 1, 1, 33, 8}
  };

  /** Where keys and values are. */
  public enum Storage {
    /** A batch of equal entries. */
    DENSE,
    /** Sequences one after the other. */
    PACKED,
    /** A cache for each batch entry. */
    CACHED
  }

  /** Batches of two equal entries. */
  public static List<AttentionShape> dense() {
    List<AttentionShape> shapes = new ArrayList<>();
    for (int[] size : DENSE) {
      HeadsLayout layout = HeadsLayout.values()[shapes.size() % HeadsLayout.values().length];
      shapes.add(of(Storage.DENSE, new int[] {size[0], size[0]}, new int[] {size[1], size[1]}, size, layout, shapes.size()));
    }
    return shapes;
  }

  /** Sequences of unlike lengths, some empty. */
  public static List<AttentionShape> packed() {
    return List.of(
        of(Storage.PACKED, new int[] {0, 59, 1, 16}, new int[] {3, 111, 1, 5}, DENSE[7], HeadsLayout.DENSE, 100),
        of(Storage.PACKED, new int[] {17, 0, 64, 130}, new int[] {0, 0, 330, 64}, DENSE[6], HeadsLayout.GAPS, 101),
        of(Storage.PACKED, new int[] {1, 2, 3}, new int[] {1025, 16, 59}, DENSE[9], HeadsLayout.APART, 102));
  }

  /** Batches of two caches of unlike lengths, each size in two formats. */
  public static List<AttentionShape> cached() {
    List<AttentionShape> shapes = new ArrayList<>();
    KeyValueFormat[] formats = KeyValueFormat.values();
    for (int[] size : CACHED) {
      for (int i = 0; i < 2; i++) {
        KeyValueFormat format = formats[(shapes.size() + shapes.size() / formats.length) % formats.length];
        HeadsLayout layout = HeadsLayout.values()[shapes.size() % HeadsLayout.values().length];
        AttentionShape shape = of(Storage.CACHED, new int[] {size[0], size[0]}, new int[] {size[1], 30}, size, layout, shapes.size());
        shapes.add(shape.in(format));
      }
    }
    return shapes;
  }

  /** Every shape with the variants of this run, shape by shape. */
  public static Stream<AttentionCase> cases(List<AttentionShape> shapes, List<AttentionVariant> variants) {
    return Sample.pairs(shapes, variants, AttentionCase::new);
  }

  private static AttentionShape of(Storage storage, int[] queries, int[] keys, int[] size, HeadsLayout layout, int number) {
    return new AttentionShape(storage, queries, keys, size[2], size[3], size[4], size[5], layout, KeyValueFormat.F32, SEED + number);
  }

  private AttentionShape in(KeyValueFormat newFormat) {
    return new AttentionShape(storage, queries, keys, heads, keyValueHeads, width, valueWidth, layout, newFormat, seed);
  }

  /** The entries as one operand in the layout of the shape: a batch, or one sequence behind the other. */
  Heads join(Heads[] entries, int heads, int width) {
    boolean packed = storage == Storage.PACKED;
    int rows = packed ? IntStream.range(0, entries.length).map(b -> entries[b].rows()).sum() : entries[0].rows();
    Heads joined = layout.blank(packed ? 1 : entries.length, heads, rows, width);
    int first = 0;
    for (int b = 0; b < entries.length; b++) {
      Heads entry = entries[b];
      int start = first;
      int batchEntry = packed ? 0 : b;
      HeadsLayout.forEach(
          entry, (e, head, row, d) -> joined.data()[joined.index(batchEntry, head, start + row, d)] = entry.get(e, head, row, d));
      first += packed ? entry.rows() : 0;
    }
    return joined;
  }

  /** Where the sequences of these lengths start, and the end of the last. */
  static int[] starts(int[] lengths) {
    int[] starts = new int[lengths.length + 1];
    for (int b = 0; b < lengths.length; b++) {
      starts[b + 1] = starts[b] + lengths[b];
    }
    return starts;
  }

  int mostQueries() {
    return Arrays.stream(queries).max().orElse(0);
  }

  int mostKeys() {
    return Arrays.stream(keys).max().orElse(0);
  }

  @Override
  public String toString() {
    String sizes = Arrays.toString(queries) + " x " + Arrays.toString(keys) + ", heads " + heads + "/" + keyValueHeads;
    String where = storage == Storage.CACHED ? storage + " " + format : storage.toString();
    return where + " " + sizes + ", widths " + width + " and " + valueWidth + ", " + layout + ", seed " + seed;
  }
}
