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
      block[i] = decomposed.equals(letter) ? null : decomposed;
    }
    return block;
  }
}
