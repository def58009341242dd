package dev.lanewise.text.bert;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * BERT's input (Devlin et al., 2018, section 3): the sum of the rows of a token, its segment and its position, layer-normalised.
 *
 * @param words vocabulary × embedDim
 * @param positions position rows × embedDim
 * @param types token types (segments) × embedDim
 * @param firstPosition row of {@code positions} for the first token of a sequence
 */
@SuppressWarnings("ArrayRecordComponent")
record BertEmbeddings(float[] words, float[] positions, float[] types, int firstPosition, Norm norm) {
  BertEmbeddings {
    Checks.atMost("firstPosition", firstPosition, "the position table's rows", positions.length / norm.width());
  }

  int embedDim() {
    return norm.width();
  }

  /** Returns embeddings whose norm is changed by a function. */
  BertEmbeddings with(UnaryOperator<Norm> change) {
    return new BertEmbeddings(words, positions, types, firstPosition, change.apply(norm));
  }

  private int rows(float[] table) {
    return table.length / norm.width();
  }

  int vocabulary() {
    return rows(words);
  }

  int tokenTypes() {
    return rows(types);
  }

  /** Maximum number of tokens of a sequence, limited by the positions. */
  int maxTokens() {
    return rows(positions) - firstPosition;
  }

  void check(int[] ids, int @Nullable [] typeIds, PackedSequences sequences) {
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
      checkIds("types", typeIds, "the number of types", tokenTypes());
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

  /** Writes a row for each token. The arguments must have been checked. */
  void apply(int[] ids, int @Nullable [] typeIds, PackedSequences sequences, SequenceBatch x) {
    sum(ids, typeIds, sequences, x);
    norm.forward(x, x);
  }

  /** Writes the sum of the rows of each token, without the norm. The arguments must have been checked. */
  void sum(int[] ids, int @Nullable [] typeIds, PackedSequences sequences, SequenceBatch x) {
    int width = embedDim();
    for (int s = 0; s < sequences.count(); s++) {
      int first = sequences.queryStart(s);
      for (int row = first; row < first + sequences.queries(s); row++) {
        int to = x.index(0, row);
        System.arraycopy(words, ids[row] * width, x.data(), to, width);
        add(types, typeIds == null ? 0 : typeIds[row], x.data(), to);
        add(positions, firstPosition + row - first, x.data(), to);
      }
    }
  }

  /** Adds a row of a table. */
  private void add(float[] table, int row, float[] x, int to) {
    int width = embedDim();
    for (int i = 0; i < width; i++) {
      x[to + i] += table[row * width + i];
    }
  }
}
