package dev.lanewise.text.tokenizer.normaliser;

import java.text.Normalizer;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** What each code point decomposes into. Tables are made as they are needed, in blocks of 256 code points. */
final class Decomposition {
  /** Canonical decomposition. */
  static final Decomposition NFD = new Decomposition(Normalizer.Form.NFD);

  /** Compatibility decomposition. */
  static final Decomposition NFKD = new Decomposition(Normalizer.Form.NFKD);

  /** Characters below have no canonical decomposition, and those of ASCII have none at all. */
  private static final int FIRST = 0x80;

  /** No code point from here on decomposes. */
  private static final int END = 0x30000;

  private static final int BLOCK = 256;

  /** First and last code points of ranges that the JDK decomposes, but Hugging Face's tokenizers, of an older Unicode version, do not. */
  private static final int[] NEWER = {
    0x32ff, 0x32ff, 0xa7f2, 0xa7f4, 0xab69, 0xab69, 0x105c9, 0x105c9, 0x105e4, 0x105e4, 0x10781, 0x107ba, 0x11383, 0x11391, 0x113c5,
    0x113c8, 0x11938, 0x11938, 0x16121, 0x16128, 0x16d68, 0x16d6a, 0x1ccd6, 0x1ccf9, 0x1e030, 0x1e06d, 0x1f16c, 0x1f16c, 0x1fbf0, 0x1fbf9
  };

  private final Normalizer.Form form;
  private final AtomicReferenceArray<@Nullable String[]> blocks = new AtomicReferenceArray<>(END / BLOCK);

  private Decomposition(Normalizer.Form form) {
    this.form = form;
  }

  /** The form that this decomposes to. */
  Normalizer.Form form() {
    return form;
  }

  /** What a code point decomposes into; null if it stays as it is. */
  @Nullable String of(int codePoint) {
    if (codePoint < FIRST || codePoint >= END) {
      return null;
    }
    @Nullable String[] block = blocks.get(codePoint / BLOCK);
    if (block == null) {
      block = made(codePoint / BLOCK * BLOCK);
      blocks.set(codePoint / BLOCK, block);
    }
    return block[codePoint % BLOCK];
  }

  private @Nullable String[] made(int first) {
    @Nullable String[] block = new String[BLOCK];
    for (int i = 0; i < BLOCK; i++) {
      String letter = Character.toString(first + i);
      String decomposed = Normalizer.normalize(letter, form);
      block[i] = decomposed.equals(letter) || isNewer(first + i) ? null : decomposed;
    }
    return block;
  }

  private static boolean isNewer(int codePoint) {
    for (int i = 0; i < NEWER.length; i += 2) {
      if (codePoint >= NEWER[i] && codePoint <= NEWER[i + 1]) {
        return true;
      }
    }
    return false;
  }
}
