package dev.lanewise.core.mask.lowering;

import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.Visibility;
import java.util.Arrays;

/**
 * Numbered sets of keys. A set that is a range takes twelve bytes. A set with holes also takes bits, from the word of its first key to the
 * word of its last key. One thread fills the sets; any thread may read them afterwards.
 */
public final class KeySets {
  /** Marks a set that is a range and has no words. */
  private static final int NO_WORDS = -1;

  private int count;
  private int[] first = new int[16];
  private int[] end = new int[16];
  private int[] begin = new int[16];
  private int used;
  private long[] words = new long[16];

  /** Adds a set and returns its number. Key 64 · w + i is in the set if bit i of {@code row[w]} is set. */
  public int add(long[] row) {
    if (count == first.length) {
      first = Arrays.copyOf(first, 2 * count);
      end = Arrays.copyOf(end, 2 * count);
      begin = Arrays.copyOf(begin, 2 * count);
    }
    int from = 0;
    while (from < row.length && row[from] == 0) {
      from++;
    }
    int to = row.length;
    while (to > from && row[to - 1] == 0) {
      to--;
    }
    begin[count] = NO_WORDS;
    if (from < to) {
      first[count] = Long.SIZE * from + Long.numberOfTrailingZeros(row[from]);
      end[count] = Long.SIZE * to - Long.numberOfLeadingZeros(row[to - 1]);
      if (size(row, from, to) < end[count] - first[count]) {
        begin[count] = append(row, from, to);
      }
    }
    return count++;
  }

  private static long size(long[] row, int from, int to) {
    long size = 0;
    for (int word = from; word < to; word++) {
      size += Long.bitCount(row[word]);
    }
    return size;
  }

  private int append(long[] row, int from, int to) {
    int start = used;
    used = Math.addExact(used, to - from);
    if (used > words.length) {
      words = Arrays.copyOf(words, (int) Math.min(2L * used, Integer.MAX_VALUE - 8));
    }
    System.arraycopy(row, from, words, start, to - from);
    return start;
  }

  boolean contains(int set, int key) {
    return key >= first[set] && key < end[set] && (keys64(set, key / Long.SIZE) >>> key & 1) != 0;
  }

  /** 64 bits of a set. For a range, only the bits inside the range have a meaning. */
  private long keys64(int set, int word) {
    if (begin[set] == NO_WORDS) {
      return -1L;
    }
    int from = first[set] / Long.SIZE;
    return word < from || word > (end[set] - 1) / Long.SIZE ? 0 : words[begin[set] + word - from];
  }

  /** Visibility of a call in which each query sees one of the sets, cut at the number of keys of the batch entry. */
  public Visibility lower(Index index, CallShape shape) {
    return new Sets(this, index, shape);
  }

  /** Chooses the set that a query sees. */
  @FunctionalInterface
  public interface Index {
    /** The number of the set. */
    int set(int batchEntry, int queryHead, int query);
  }

  private record Sets(KeySets sets, Index index, CallShape shape) implements Visibility {
    @Override
    public int firstKey(int batchEntry, int queryHead, int query) {
      return Math.min(sets.first[index.set(batchEntry, queryHead, query)], shape.keys(batchEntry));
    }

    @Override
    public int endKey(int batchEntry, int queryHead, int query) {
      return Math.min(sets.end[index.set(batchEntry, queryHead, query)], shape.keys(batchEntry));
    }

    @Override
    public boolean hasHoles() {
      return sets.used > 0;
    }

    @Override
    public long keys64(int batchEntry, int queryHead, int query, int word) {
      return sets.keys64(index.set(batchEntry, queryHead, query), word);
    }
  }
}
