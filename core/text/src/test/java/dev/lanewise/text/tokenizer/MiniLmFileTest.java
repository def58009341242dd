package dev.lanewise.text.tokenizer;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/** The published tokenizer.json of MiniLM. */
class MiniLmFileTest {
  private static final int SEED = 7;

  @Test
  void agrees() throws IOException {
    try (Agreement agreement = Agreement.of("MiniLM", NativeTokenizer.miniLm())) {
      agreement.on("The law will never be perfect, but its application should be just.");
      agreement.on("ΌΔΥΣΣΕΎΣ İI ıi ß ẞ ǅ K Å Ω");
      OddTexts texts = new OddTexts(SEED);
      for (int i = 0; i < Depth.texts(1000); i++) {
        agreement.on(texts.sentence());
      }
      for (int i = 0; i < Depth.texts(1000) / 10; i++) {
        agreement.on(texts.sentence(), texts.sentence());
      }
    }
  }

  @Test
  void agreesOnEveryCodePoint() throws IOException {
    try (Agreement agreement = Agreement.of("MiniLM", NativeTokenizer.miniLm().replace("\"max_length\": 128", "\"max_length\": 100000"))) {
      agreement.onEveryCodePoint(" ", " ", 0x34000);
      if (Depth.isWhole()) {
        agreement.onEveryCodePoint(" a", "b ", 0x34000);
        agreement.onEveryCodePoint("e", "\u0301", 0x34000);
      }
    }
  }
}
