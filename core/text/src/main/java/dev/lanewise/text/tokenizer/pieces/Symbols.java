package dev.lanewise.text.tokenizer.pieces;

import java.util.Arrays;

/**
 * The symbols of one word while they are merged: a linked list in flat arrays, and a heap of the pairs that may be merged. For one word and
 * one thread.
 */
final class Symbols {
  private static final int NONE = -1;

  private int[] ids;
  private int[] begins;
  private int[] ends;
  private int[] previous = {};
  private int[] next = {};
  private int size;

  /** Rank and place of pairs, the smallest first: a binary heap. An entry may be out of date. */
  private long[] heap = {};

  private int heapSize;

  Symbols(int expected) {
    ids = new int[expected];
    begins = new int[expected];
    ends = new int[expected];
  }

  /** Appends a symbol and its range of the word. */
  void add(int id, int begin, int end) {
    if (size == ids.length) {
      int capacity = size * 2 + 4;
      ids = Arrays.copyOf(ids, capacity);
      begins = Arrays.copyOf(begins, capacity);
      ends = Arrays.copyOf(ends, capacity);
    }
    ids[size] = id;
    begins[size] = begin;
    ends[size++] = end;
  }

  /** Merges until no rule applies. */
  void merge(Merges merges) {
    previous = new int[size];
    next = new int[size];
    heap = new long[size];
    for (int i = 0; i < size; i++) {
      previous[i] = i - 1;
      next[i] = i + 1 < size ? i + 1 : NONE;
    }
    for (int i = 0; i + 1 < size; i++) {
      offer(merges, i, i + 1);
    }
    while (heapSize > 0) {
      long top = poll();
      int left = (int) top;
      int right = ids[left] == NONE ? NONE : next[left];
      if (right == NONE) {
        continue;
      }
      int result = merges.result((int) (top >>> Integer.SIZE));
      int rank = merges.rank(ids[left], ids[right]);
      if (rank != Merges.NONE && merges.result(rank) == result) {
        join(left, right, result);
        if (previous[left] != NONE) {
          offer(merges, previous[left], left);
        }
        if (next[left] != NONE) {
          offer(merges, left, next[left]);
        }
      }
    }
  }

  private void join(int left, int right, int result) {
    ids[left] = result;
    ids[right] = NONE;
    begins[left] = Math.min(begins[left], begins[right]);
    ends[left] = Math.max(ends[left], ends[right]);
    next[left] = next[right];
    if (next[right] != NONE) {
      previous[next[right]] = left;
    }
  }

  /** Hands over the symbols that are left. */
  void copyTo(PieceModel.Pieces target) {
    for (int i = 0; i < size; i++) {
      if (ids[i] != NONE) {
        target.add(ids[i], begins[i], ends[i]);
      }
    }
  }

  private void offer(Merges merges, int left, int right) {
    int rank = merges.rank(ids[left], ids[right]);
    if (rank == Merges.NONE) {
      return;
    }
    if (heapSize == heap.length) {
      heap = Arrays.copyOf(heap, heapSize * 2);
    }
    long entry = (long) rank << Integer.SIZE | left;
    int at = heapSize++;
    while (at > 0 && heap[(at - 1) / 2] > entry) {
      heap[at] = heap[(at - 1) / 2];
      at = (at - 1) / 2;
    }
    heap[at] = entry;
  }

  private long poll() {
    long top = heap[0];
    long last = heap[--heapSize];
    int at = 0;
    for (int child = 1; child < heapSize; child = 2 * at + 1) {
      if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= last) {
        break;
      }
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return top;
  }
}
