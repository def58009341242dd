package dev.lanewise.text;

import org.jspecify.annotations.Nullable;

/**
 * Tokens that pass through an encoder as one sequence: those of a text, of a pair of texts, or of a part of a long text.
 *
 * @param types the type of each token; null if all are 0, or the encoder has no others
 * @param weight number of the text's own tokens, without those of the template; at least 1
 */
@SuppressWarnings("ArrayRecordComponent")
record TokenSequence(int[] ids, int @Nullable [] types, int weight) {
  int length() {
    return ids.length;
  }
}
