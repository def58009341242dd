package dev.lanewise.text.tokenizer.normaliser;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.text.BreakIterator;
import java.util.Base64;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Replaces characters by a table that SentencePiece has compiled into a trie, for example full-width letters by plain ones. Corresponds to
 * the normalizer {@code Precompiled} of a tokenizer.json.
 *
 * <p>Follows Hugging Face's code, which differs from SentencePiece: what a reader sees as one character is looked up as a whole if it has
 * at most five bytes, and the shortest entry that it begins with replaces all of it. Longer ones are looked up code point by code point.
 */
public final class Precompiled implements Normaliser {
  /** The longest character of several code points that is looked up as a whole, in bytes. */
  private static final int MOST_BYTES = 5;

  /** Longest replacement in bytes; that of Unicode's longest ligature has 33. */
  private static final int LONGEST_REPLACEMENT = 256;

  /** Code points below combine with no other, except for a line end of two characters. */
  private static final char FIRST_COMBINING = 0x300;

  /**
   * The trie, a double array in Darts' format: each unit has a label, an offset to the units of its children, and whether it ends a key.
   */
  private final int[] units;

  /** The replacements in UTF-8, each up to a zero. */
  private final byte[] replacements;

  private Precompiled(int[] units, byte[] replacements) {
    this.units = units;
    this.replacements = replacements;
  }

  /**
   * Reads a table.
   *
   * @param charsmap the field {@code precompiled_charsmap} of a tokenizer.json
   */
  public static Precompiled ofBase64(String charsmap) {
    ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(charsmap)).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.remaining() < Integer.BYTES) {
      throw new IllegalArgumentException("charsmap has " + bytes.remaining() + " bytes, must have at least " + Integer.BYTES);
    }
    int size = bytes.getInt();
    if (size < Integer.BYTES || size > bytes.remaining()) {
      throw new IllegalArgumentException(
          "charsmap has a trie of " + size + " bytes, must be " + Integer.BYTES + " to " + bytes.remaining());
    }
    int[] units = new int[size / Integer.BYTES];
    for (int i = 0; i < units.length; i++) {
      units[i] = bytes.getInt();
    }
    byte[] replacements = new byte[bytes.remaining()];
    bytes.get(replacements);
    int begin = 0;
    for (int i = 0; i < replacements.length; i++) {
      begin = replacements[i] == 0 ? i + 1 : begin;
      if (i - begin > LONGEST_REPLACEMENT) {
        throw new IllegalArgumentException("charsmap has a replacement of more than " + LONGEST_REPLACEMENT + " bytes");
      }
    }
    return new Precompiled(units, replacements);
  }

  @Override
  public AlignedText apply(AlignedText text) {
    String source = text.text();
    Changes changes = new Changes(text);
    boolean combines = source.chars().anyMatch(c -> c >= FIRST_COMBINING);
    BreakIterator breaks = BreakIterator.getCharacterInstance(Locale.ROOT);
    if (combines) {
      breaks.setText(source);
    }
    boolean changed = false;
    for (int begin = 0; begin < source.length(); ) {
      int end = combines ? breaks.next() : begin + (source.startsWith("\r\n", begin) ? 2 : 1);
      changed |= replace(source, begin, end, changes);
      begin = end;
    }
    return changed ? changes.build() : text;
  }

  /** Appends the replacement of what a reader sees as one character. Returns false if there is none. */
  private boolean replace(String source, int begin, int end, Changes changes) {
    String whole = shortest(source, begin, end);
    if (whole != null) {
      changes.replace(source.codePointCount(begin, end), whole);
      return true;
    }
    boolean changed = false;
    for (int i = begin; i < end; ) {
      int c = source.codePointAt(i);
      int next = i + Character.charCount(c);
      String part = next - i == end - begin ? null : shortest(source, i, next);
      if (part == null) {
        changes.add(c, 1);
      } else {
        changes.replace(1, part);
        changed = true;
      }
      i = next;
    }
    return changed;
  }

  /** The replacement of the shortest key that a part of a text begins with; null if there is none, or the part is too long. */
  private @Nullable String shortest(String text, int begin, int end) {
    if (end - begin > MOST_BYTES) {
      return null;
    }
    byte[] key = text.substring(begin, end).getBytes(StandardCharsets.UTF_8);
    if (key.length > MOST_BYTES) {
      return null;
    }
    int node = offset(units[0]);
    for (byte one : key) {
      int label = one & 0xff;
      node ^= label;
      if (label == 0 || node >= units.length || node < 0) {
        return null;
      }
      int unit = units[node];
      if ((unit & 0x8000_00ff) != label) {
        return null;
      }
      node ^= offset(unit);
      if ((unit >> 8 & 1) == 1) {
        return node >= 0 && node < units.length ? replacement(units[node] & 0x7fff_ffff) : null;
      }
    }
    return null;
  }

  private static int offset(int unit) {
    return unit >>> 10 << ((unit & 0x200) >>> 6);
  }

  private @Nullable String replacement(int begin) {
    if (begin > replacements.length) {
      return null;
    }
    int end = begin;
    while (end < replacements.length && replacements[end] != 0) {
      end++;
    }
    return new String(replacements, begin, end - begin, StandardCharsets.UTF_8);
  }
}
