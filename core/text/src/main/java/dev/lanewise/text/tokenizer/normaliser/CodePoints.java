package dev.lanewise.text.tokenizer.normaliser;

import java.text.Normalizer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * A growing list of code points, each with the number of source code points that it stands for: 1 for the first of a decomposition, 0 for
 * the others. Hugging Face's tokenizers align normalised text by these numbers, from left to right, and so does this.
 */
final class CodePoints {
  /** Maximum length of a run of marks that is ordered at once. Ordering takes quadratic time: 158 s for 1 MB of them. */
  private static final int MOST_MARKS = 1024;

  private int[] points;
  private int[] taken;
  private int size;

  CodePoints(int capacity) {
    points = new int[capacity + 8];
    taken = new int[capacity + 8];
  }

  int size() {
    return size;
  }

  int point(int index) {
    return points[index];
  }

  int taken(int index) {
    return taken[index];
  }

  void add(int point, int takes) {
    if (size == points.length) {
      points = Arrays.copyOf(points, 2 * size);
      taken = Arrays.copyOf(taken, 2 * size);
    }
    points[size] = point;
    taken[size++] = takes;
  }

  /** Adds a decomposed text. */
  static CodePoints decomposed(String text, Decomposition decomposition) {
    CodePoints all = new CodePoints(text.length());
    boolean marks = false;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      String parts = decomposition.of(c);
      if (parts == null) {
        marks |= isMark(c);
        all.add(c, 1);
        continue;
      }
      for (int k = 0; k < parts.length(); ) {
        int part = parts.codePointAt(k);
        marks |= isMark(part);
        all.add(part, k == 0 ? 1 : 0);
        k += Character.charCount(part);
      }
    }
    if (marks) {
      all.orderMarks();
    }
    return all;
  }

  /** Tells whether a text has more marks after one another than are ordered at once. The JDK takes quadratic time for them. */
  static boolean hasLongRun(String text) {
    int run = 0;
    for (int i = 0; i < text.length() && run <= MOST_MARKS; ) {
      int c = text.codePointAt(i);
      run = isMark(c) ? run + 1 : 0;
      i += Character.charCount(c);
    }
    return run > MOST_MARKS;
  }

  /** Puts each run of marks into canonical order. */
  private void orderMarks() {
    for (int i = 0; i < size; ) {
      int end = i;
      while (end < size && end - i < MOST_MARKS && isMark(points[end])) {
        end++;
      }
      if (end - i > 1) {
        order(i, end);
      }
      i = Math.max(end, i + 1);
    }
  }

  private void order(int begin, int end) {
    String run = new String(points, begin, end - begin);
    if (Normalizer.isNormalized(run, Normalizer.Form.NFD)) {
      return;
    }
    Map<Integer, Deque<Integer>> takes = new HashMap<>();
    for (int i = begin; i < end; i++) {
      takes.computeIfAbsent(points[i], c -> new ArrayDeque<>()).add(taken[i]);
    }
    int[] ordered = Normalizer.normalize(run, Normalizer.Form.NFD).codePoints().toArray();
    for (int i = 0; i < ordered.length; i++) {
      points[begin + i] = ordered[i];
      taken[begin + i] = takes.getOrDefault(ordered[i], new ArrayDeque<>()).remove();
    }
  }

  /** Tells whether a code point may change places with its neighbours in canonical order. */
  static boolean isMark(int codePoint) {
    return CombiningMarks.contains(codePoint);
  }

  /** Aligns these code points with the text that they were made of. */
  AlignedText align(AlignedText source) {
    String given = source.text();
    AlignedText.Builder builder = source.builder();
    int begin = 0;
    int end = 0;
    for (int i = 0; i < size; i++) {
      if (taken[i] > 0 && end < given.length()) {
        begin = end;
        end += Character.charCount(given.codePointAt(begin));
      }
      builder.put(points[i], begin, end);
      for (int more = 1; more < taken[i] && end < given.length(); more++) {
        begin = end;
        end += Character.charCount(given.codePointAt(begin));
      }
    }
    return builder.build();
  }
}
