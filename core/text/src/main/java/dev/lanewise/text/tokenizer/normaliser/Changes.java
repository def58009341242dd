package dev.lanewise.text.tokenizer.normaliser;

import java.util.Arrays;

/**
 * A new text as a list of code points, each with how many code points of the source it stands for: one if it replaces one, none if it was
 * added, more if others behind it were removed. Ranges follow from that as in Hugging Face's code: an added code point has the range of the
 * one before it. Code points that were removed at the beginning are left out, where that code forgets them.
 */
final class Changes {
  private final AlignedText source;
  private int[] codePoints;
  private int[] replaced;
  private int size;

  /** Code points of the source in front of the first one of the new text. */
  private int removed;

  Changes(AlignedText source) {
    this.source = source;
    codePoints = new int[source.length() + 16];
    replaced = new int[codePoints.length];
  }

  /** Appends a code point that stands for some of the source. */
  void add(int codePoint, int standsFor) {
    if (size == codePoints.length) {
      TextBudget.checkMade(size, source.originalLength());
      codePoints = Arrays.copyOf(codePoints, size * 2);
      replaced = Arrays.copyOf(replaced, size * 2);
    }
    codePoints[size] = codePoint;
    replaced[size++] = standsFor;
  }

  /** Appends a text in place of the next code points of the source, whose number is given. */
  void replace(int count, String text) {
    int left = count;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      add(c, left > 0 ? 1 : 0);
      left = Math.max(0, left - 1);
      i += Character.charCount(c);
    }
    if (size == 0) {
      removed += left;
    } else {
      replaced[size - 1] += left;
    }
  }

  /** The new text. */
  AlignedText build() {
    String text = source.text();
    AlignedText.Builder target = source.builder();
    int next = text.offsetByCodePoints(0, removed);
    int last = 0;
    for (int i = 0; i < size; i++) {
      if (replaced[i] > 0) {
        target.put(codePoints[i], next, next + Character.charCount(text.codePointAt(next)));
        next = text.offsetByCodePoints(next, replaced[i]);
        last = text.offsetByCodePoints(next, -1);
      } else {
        target.put(codePoints[i], last, last + Character.charCount(text.codePointAt(last)));
      }
    }
    return target.build();
  }
}
