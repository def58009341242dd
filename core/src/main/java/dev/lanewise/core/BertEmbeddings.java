package dev.lanewise.core;

import dev.lanewise.kernels.data.SequenceStarts;
import dev.lanewise.kernels.runtime.Checks;
import org.jspecify.annotations.Nullable;

/**
 * BERT's input (Devlin et al., 2018, section 3): the sum of a token's, its segment's and its position's row, layer-normalised.
 *
 * @param words vocabulary × embedDim
 * @param positions position rows × embedDim
 * @param types token types (segments) × embedDim
 * @param firstPosition the row of {@code positions} that a sequence's first token has
 */
@SuppressWarnings("ArrayRecordComponent")
record BertEmbeddings(float[] words, LearnedRows positions, LearnedRows types, int firstPosition, Norm norm) {
  BertEmbeddings {
    Checks.atMost("firstPosition", firstPosition, "the position table's rows", positions.last() + 1);
  }

  int embedDim() {
    return norm.width();
  }

  int vocabulary() {
    return words.length / embedDim();
  }

  /** Tokens of the longest sequence that there are positions for. */
  int maxTokens() {
    return positions.last() + 1 - firstPosition;
  }

  void check(int[] ids, int @Nullable [] typeIds, SequenceStarts sequences) {
    Checks.same("ids.length", ids.length, "the tokens of texts", sequences.queryStart(sequences.count()));
    Checks.same("keyStarts[last]", sequences.keyStart(sequences.count()), "queryStarts[last]", ids.length);
    for (int s = 0; s < sequences.count(); s++) {
      Checks.same("keyStarts[" + s + "]", sequences.keyStart(s), "queryStarts[" + s + "]", sequences.queryStart(s));
      if (sequences.queries(s) > maxTokens()) {
        throw new IllegalArgumentException("text " + s + " has " + sequences.queries(s) + " tokens, but maxTokens is " + maxTokens());
      }
    }
    checkIds("ids", ids, "the vocabulary", vocabulary());
    if (typeIds != null) {
      Checks.same("types.length", typeIds.length, "ids.length", ids.length);
      checkIds("types", typeIds, "the number of types", types.last() + 1);
    }
  }

  private static void checkIds(String name, int[] ids, String limitName, int limit) {
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= limit) {
        throw new IllegalArgumentException(
            name + "[" + i + "] is " + ids[i] + ", must be at least 0 and below " + limitName + ", " + limit);
      }
    }
  }

  /** Writes a row for each token; the arguments have been checked. */
  void apply(int[] ids, int @Nullable [] typeIds, SequenceStarts sequences, Sequences x, int threads) {
    int width = embedDim();
    for (int s = 0; s < sequences.count(); s++) {
      int first = sequences.queryStart(s);
      for (int row = first; row < first + sequences.queries(s); row++) {
        int to = x.index(0, row);
        System.arraycopy(words, ids[row] * width, x.data(), to, width);
        types.add(typeIds == null ? 0 : typeIds[row], 1, x.data(), to, 0);
      }
      if (sequences.queries(s) > 0) {
        positions.add(firstPosition, sequences.queries(s), x.data(), x.index(0, first), x.rowStride());
      }
    }
    norm.apply(x, x, threads);
  }
}
