package dev.lanewise.text.tokenizer;

import java.util.ArrayList;
import java.util.List;

/**
 * A tokenised text, {@code [CLS]} first and {@code [SEP]} last.
 *
 * <p>For an example see {@link MiniLmTokenizer}.
 *
 * @param ids row of each token in the model's vocabulary
 * @param texts text of each token; a piece that continues a word begins with {@code ##}
 */
@SuppressWarnings("ArrayRecordComponent")
public record Tokens(int[] ids, List<String> texts) {

  /** Number of tokens. */
  public int length() {
    return ids.length;
  }

  /** Tells whether there is nothing between {@code [CLS]} and {@code [SEP]}. */
  public boolean isEmpty() {
    return length() <= 2;
  }

  /** Tells whether this token is {@code [CLS]} or {@code [SEP]}. */
  public boolean isFrame(int token) {
    return token == 0 || token == length() - 1;
  }

  /**
   * Returns a text of {@code length} tokens, including {@code [CLS]} and {@code [SEP]}: the tokens between the two are cut off or repeated
   * as necessary.
   */
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
