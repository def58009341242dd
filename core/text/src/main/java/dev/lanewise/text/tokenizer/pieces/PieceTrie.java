package dev.lanewise.text.tokenizer.pieces;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * All pieces of a vocabulary by their first characters, for finding every piece that begins at a place of a text. Flat: ten bytes per
 * prefix. The nodes are in the order of their depth, so that the children of a node are neighbours, in the order of their characters.
 */
final class PieceTrie {
  /** The node without characters. */
  static final int ROOT = 0;

  /** Answer of {@link #child} where no piece goes on. */
  static final int NONE = -1;

  private char[] labels = new char[1024];

  /** First child of each node, and one more: the children of a node end where those of the next begin. */
  private int[] children = new int[1024];

  private int[] ids = new int[1024];
  private int size = 1;

  PieceTrie(Vocabulary vocabulary) {
    String[] sorted = sorted(vocabulary);
    ids[ROOT] = NONE;
    // The pieces of a node are sorted[first] to sorted[last - 1]: those of the node's characters.
    int[] first = new int[labels.length];
    int[] last = new int[labels.length];
    last[ROOT] = sorted.length;
    int depth = 0;
    int level = size;
    for (int node = 0; node < size; node++) {
      if (node == level) {
        depth++;
        level = size;
      }
      children[node] = size;
      int from = first[node];
      if (from < last[node] && sorted[from].length() == depth) {
        ids[node] = depth == 0 ? NONE : vocabulary.id(sorted[from]);
        from++;
      }
      while (from < last[node]) {
        int to = endOf(sorted, from, last[node], depth);
        if (size + 1 == labels.length) {
          grow();
          first = Arrays.copyOf(first, labels.length);
          last = Arrays.copyOf(last, labels.length);
        }
        labels[size] = sorted[from].charAt(depth);
        ids[size] = NONE;
        first[size] = from;
        last[size++] = to;
        from = to;
      }
    }
    children[size] = size;
  }

  private static String[] sorted(Vocabulary vocabulary) {
    String[] pieces = new String[vocabulary.size()];
    int count = 0;
    for (int id = 0; id < vocabulary.size(); id++) {
      @Nullable String piece = vocabulary.piece(id);
      if (piece != null && vocabulary.id(piece) == id) {
        pieces[count++] = piece;
      }
    }
    String[] sorted = Arrays.copyOf(pieces, count);
    Arrays.sort(sorted);
    return Objects.requireNonNull(sorted);
  }

  /** The end of the pieces that have the same character at an index as the first of them. */
  private static int endOf(String[] sorted, int from, int last, int index) {
    char label = sorted[from].charAt(index);
    int to = from + 1;
    while (to < last && sorted[to].charAt(index) == label) {
      to++;
    }
    return to;
  }

  private void grow() {
    int capacity = labels.length * 2;
    labels = Arrays.copyOf(labels, capacity);
    children = Arrays.copyOf(children, capacity);
    ids = Arrays.copyOf(ids, capacity);
  }

  /** The node after one more character, or {@link #NONE}. */
  int child(int node, char label) {
    int low = children[node];
    int high = children[node + 1] - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (labels[middle] < label) {
        low = middle + 1;
      } else if (labels[middle] > label) {
        high = middle - 1;
      } else {
        return middle;
      }
    }
    return NONE;
  }

  /** Id of the piece that ends at this node, or {@link #NONE}. */
  int id(int node) {
    return ids[node];
  }
}
