package dev.lanewise.spark.search;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;

/** The best rows for one query. */
final class Hits {
  private final int most;
  private final PriorityQueue<Hit> worstFirst = new PriorityQueue<>(Hit.BEST_FIRST.reversed());

  /** The lowest similarity that may still be among the best. */
  private float bar = Float.NEGATIVE_INFINITY;

  Hits(int most) {
    this.most = most;
  }

  /** Adds a row, if it is among the best. */
  void offer(float similarity, HeldRow row) {
    if (similarity < bar) {
      return; // true of almost every row
    }
    worstFirst.add(new Hit(similarity, row));
    if (worstFirst.size() > most) {
      worstFirst.remove();
    }
    if (worstFirst.size() == most) {
      bar = worstFirst.element().similarity();
    }
  }

  /** The rows, best first, ready to be sent. */
  List<Hit> sorted() {
    List<Hit> sorted = new ArrayList<>(worstFirst);
    sorted.sort(Hit.BEST_FIRST);
    sorted.forEach(hit -> hit.row().converted());
    return sorted;
  }

  /** The best rows of both lists, best first. */
  static List<Hit> merge(List<Hit> one, List<Hit> other, int most) {
    List<Hit> merged = new ArrayList<>(one);
    merged.addAll(other);
    merged.sort(Hit.BEST_FIRST);
    merged.subList(Math.min(most, merged.size()), merged.size()).clear();
    return merged;
  }
}
