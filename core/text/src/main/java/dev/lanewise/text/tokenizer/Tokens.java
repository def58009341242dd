package dev.lanewise.text.tokenizer;

import java.util.ArrayList;
import java.util.List;

/**
 * A tokenised text, {@code [CLS]} first and {@code [SEP]} last.
 *
 * @param ids row of each token in the model's vocabulary
 * @param texts what each token looks like; {@code ##} starts a piece that continues a word
 */
@SuppressWarnings("ArrayRecordComponent")
public record Tokens(int[] ids, List<String> texts) {

  /** Number of tokens. */
  public int length() {
    return ids.length;
  }

  /** Whether there is nothing between {@code [CLS]} and {@code [SEP]}. */
  public boolean isEmpty() {
    return length() <= 2;
  }

  /** Whether this token frames the text. */
  public boolean isFrame(int token) {
    return token == 0 || token == length() - 1;
  }

  /** What stands between {@code [CLS]} and {@code [SEP]}, cut or repeated as often as it takes to make so many tokens with the two. */
  public Tokens withLength(int length) {
    if (length < 3 || isEmpty()) {
      throw new IllegalArgumentException("length is " + length + " for a text of " + (length() - 2) + " tokens, must be at least 3 for 1");
    }
    int[] newIds = new int[length];
    List<String> newTexts = new ArrayList<>(length);
    for (int i = 0; i < length; i++) {
      int from = i == 0 ? 0 : i == length - 1 ? length() - 1 : 1 + (i - 1) % (length() - 2);
      newIds[i] = ids[from];
      newTexts.add(texts.get(from));
    }
    return new Tokens(newIds, newTexts);
  }
}
