package dev.lanewise.text.tokenizer;

import java.util.List;
import java.util.Random;

/** Random texts of many scripts, with characters that tokenizers often process wrongly. */
final class OddTexts {
  private static final List<String> WORDS =
      List.of(
          "The",
          "law",
          "WILL",
          "never",
          "perfect",
          "unaffable",
          "embeddings",
          "tokenization",
          "can't",
          "e.g.",
          "U.S.A.",
          "3.14",
          "1,000",
          "Straße",
          "café",
          "CAFE\u0301",
          "naïve",
          "Ångström",
          "İstanbul",
          "ΣΊΣΥΦΟΣ",
          "σοφός",
          "Привет",
          "мир",
          "Ёжик",
          "Việt",
          "Nguyễn",
          "שלום",
          "שָׁלוֹם",
          "مرحبا",
          "السَّلام",
          "नमस्ते",
          "हिन्दी",
          "বাংলা",
          "தமிழ்",
          "ไทย",
          "สวัสดี",
          "ภาษาไทย",
          "ქართული",
          "Հայերեն",
          "中文",
          "漢字かな",
          "カタカナ",
          "がぎ",
          "か\u3099",
          "한국어",
          "가\u11a8",
          "각",
          "조선말",
          "𠀀𠮷",
          "𪜀",
          "𫠠",
          "𫤠",
          "﨑",
          "豈",
          "丽",
          "㐀",
          "😀",
          "👩‍👩‍👧‍👦",
          "🏳️‍🌈",
          "👍🏽",
          "🇩🇪",
          "❤️",
          "𝓦𝓸𝓻𝓭",
          "ﬁ",
          "Ⅷ",
          "½",
          "㎏",
          "ＦＵＬＬ",
          "…",
          "—",
          "“x”",
          "«y»",
          "¿q?",
          "$5",
          "€",
          "a_b",
          "x^2",
          "[CLS]",
          "[SEP]",
          "[MASK]",
          "[PAD]",
          "[UNK]",
          "[mask]",
          "[MASK",
          "MASK]",
          "[[MASK]]",
          "a[MASK]b",
          "##ing",
          "[unused1]",
          "\u0000",
          "a\u0000b",
          "\u0007",
          "\u001b[0m",
          "\u007f",
          "\u0085",
          "\u00ad",
          "\u200b",
          "\u200d",
          "\u2060",
          "\ufeff",
          "\ufffd",
          "\ue000",
          "\t",
          "\r\n",
          "\u00a0",
          "\u2003",
          "\u3000",
          "\u2028",
          "\u1680",
          "\u180e",
          "\u202e",
          "\u0301",
          "\u0300\u0316",
          "ῼ",
          "ǆ",
          "ŉ",
          "Ω",
          "K",
          "Å",
          "\u0344",
          "\u0958",
          "\u2adc",
          "\u226e",
          "\u037e",
          "\u1fef",
          "\u302e",
          "\ud834\udd5e",
          "\ud804\ude2f",
          "word\u0334\u0301");

  private static final int[] SCRIPTS = {
    0x0020, 0x00c0, 0x0300, 0x0370, 0x0400, 0x0530, 0x0590, 0x0600, 0x0900, 0x0980, 0x0b80, 0x0e00, 0x0f00, 0x1000, 0x10a0, 0x1100, 0x1200,
    0x1780, 0x1e00, 0x1f00, 0x2000, 0x2080, 0x2100, 0x2200, 0x2e00, 0x3000, 0x3040, 0x30a0, 0x3130, 0x4e00, 0x9f80, 0xa640, 0xac00, 0xd780,
    0xf900, 0xfb00, 0xfe00, 0xff00, 0x10300, 0x11100, 0x1d100, 0x1d400, 0x1f300, 0x1f600, 0x20000, 0x2b800, 0x2b900, 0x2f800, 0xe0000
  };

  private final Random random;

  OddTexts(long seed) {
    random = new Random(seed);
  }

  /** One to forty words, separated in several ways or not at all. */
  String sentence() {
    StringBuilder text = new StringBuilder();
    for (int words = 1 + random.nextInt(40); words > 0; words--) {
      text.append(
          switch (random.nextInt(10)) {
            case 0 -> letters(1 + random.nextInt(12));
            case 1 -> anything();
            case 2 -> latin();
            default -> WORDS.get(random.nextInt(WORDS.size()));
          });
      text.append(random.nextInt(4) == 0 ? "" : random.nextInt(8) == 0 ? ", " : " ");
    }
    return text.toString();
  }

  /** Letters of one script: any code point of its block and the next. */
  private String letters(int count) {
    StringBuilder text = new StringBuilder();
    int script = SCRIPTS[random.nextInt(SCRIPTS.length)];
    for (int i = 0; i < count; i++) {
      int c = script + random.nextInt(256);
      text.appendCodePoint(c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 'x' : c);
    }
    return text.toString();
  }

  private String latin() {
    StringBuilder text = new StringBuilder();
    for (int i = 1 + random.nextInt(20); i > 0; i--) {
      text.append((char) ((random.nextInt(5) == 0 ? 'A' : 'a') + random.nextInt(26)));
    }
    return text.toString();
  }

  private String anything() {
    int c = random.nextInt(Character.MAX_CODE_POINT + 1);
    return c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? "" : Character.toString(c);
  }
}
