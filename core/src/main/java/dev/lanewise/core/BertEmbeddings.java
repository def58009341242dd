package dev.lanewise.core;

import dev.lanewise.kernels.SequenceStarts;
import dev.lanewise.kernels.internal.Checks;
import java.util.Arrays;
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
record BertEmbeddings(float[] words, float[] positions, float[] types, int firstPosition, Norm norm) {
  BertEmbeddings {
    Checks.atMost("firstPosition", firstPosition, "the position table's rows", positions.length / norm.width());
  }

  int embedDim() {
    return norm.width();
  }

  int vocabulary() {
    return words.length / embedDim();
  }

  /** Tokens of the longest sequence that there are positions for. */
  int maxTokens() {
    return positions.length / embedDim() - firstPosition;
  }

  void check(int[] ids, int @Nullable [] typeIds, SequenceStarts sequences) {
    Checks.same("ids.length", ids.length, "rows of sequences", sequences.queryStart(sequences.count()));
    Checks.same("keyStarts[last]", sequences.keyStart(sequences.count()), "queryStarts[last]", ids.length);
    for (int s = 0; s < sequences.count(); s++) {
      if (sequences.queries(s) > maxTokens()) {
        throw new IllegalArgumentException("sequence " + s + " has " + sequences.queries(s) + " tokens, but maxTokens is " + maxTokens());
      }
    }
    checkIds("ids", ids, "the vocabulary", vocabulary());
    if (typeIds != null) {
      Checks.same("types.length", typeIds.length, "ids.length", ids.length);
      checkIds("types", typeIds, "the number of types", types.length / embedDim());
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
      for (int i = 0; i < sequences.queries(s); i++) {
        int row = sequences.queryStart(s) + i;
        int to = x.index(0, row);
        System.arraycopy(words, ids[row] * width, x.data(), to, width);
        add(types, (typeIds == null ? 0 : typeIds[row]) * width, x.data(), to, width);
        add(positions, (firstPosition + i) * width, x.data(), to, width);
      }
    }
    norm.apply(x, x, threads);
  }

  private static void add(float[] from, int at, float[] x, int to, int width) {
    for (int c = 0; c < width; c++) {
      x[to + c] += from[at + c];
    }
  }

  @Override
  public String toString() {
    return Arrays.toString(new int[] {vocabulary(), maxTokens(), embedDim()});
  }
}
