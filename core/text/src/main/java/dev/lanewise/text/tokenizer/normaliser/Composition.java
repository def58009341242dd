package dev.lanewise.text.tokenizer.normaliser;

import java.text.Normalizer;

/** Canonical composition of decomposed text. */
final class Composition {
  /** Maximum number of code points that are composed at once; more than that of marks behind one letter stay as they are. */
  private static final int LONGEST = 1024;

  private Composition() {}

  /** Composes each letter with what follows it. */
  static CodePoints composed(CodePoints points) {
    CodePoints all = new CodePoints(points.size());
    for (int begin = 0; begin < points.size(); ) {
      int end = begin + 1;
      while (end < points.size() && end - begin < LONGEST && joins(points, end)) {
        end++;
      }
      add(points, begin, end, all);
      begin = end;
    }
    return all;
  }

  /** Tells whether a code point may become one with those in front of it: a mark, or a vowel or final consonant of Hangul. */
  private static boolean joins(CodePoints points, int index) {
    int c = points.point(index);
    return CodePoints.isMark(c)
        || (c >= 0x1161 && c <= 0x11c2)
        || !Normalizer.isNormalized(new StringBuilder().appendCodePoint(points.point(index - 1)).appendCodePoint(c), Normalizer.Form.NFC);
  }

  private static void add(CodePoints points, int begin, int end, CodePoints target) {
    StringBuilder text = new StringBuilder();
    for (int i = begin; i < end; i++) {
      text.appendCodePoint(points.point(i));
    }
    String composed = end - begin == 1 ? text.toString() : Normalizer.normalize(text, Normalizer.Form.NFC);
    boolean[] used = new boolean[end - begin];
    int from = 0;
    for (int i = 0; i < composed.length(); ) {
      int c = composed.codePointAt(i);
      i += Character.charCount(c);
      String parts = Decomposition.NFD.of(c);
      String needed = parts == null ? Character.toString(c) : parts;
      int takes = 0;
      for (int k = 0; k < needed.length(); ) {
        int part = needed.codePointAt(k);
        k += Character.charCount(part);
        int at = from;
        while (at < used.length && (used[at] || points.point(begin + at) != part)) {
          at++;
        }
        if (at < used.length) {
          used[at] = true;
          takes += points.taken(begin + at);
        }
      }
      while (from < used.length && used[from]) {
        from++;
      }
      target.add(c, takes);
    }
  }
}
