package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;

/**
 * A table with a row for each token of a vocabulary, like PyTorch's {@code nn.Embedding}. Immutable and thread-safe.
 *
 * <pre>{@code
 * Embedding embedding = Embedding.of(table, vocabulary, embedDim);
 * embedding.forward(new int[] {101, 7592, 102}, x); // x is 1 × 3 × embedDim
 * }</pre>
 */
public final class Embedding {
  private final Rows rows;
  private final int vocabulary;
  private final int embedDim;

  private Embedding(Rows rows, int vocabulary, int embedDim) {
    this.rows = rows;
    this.vocabulary = vocabulary;
    this.embedDim = embedDim;
  }

  /** Copies rows of the table. */
  @FunctionalInterface
  private interface Rows {
    void copy(int id, float[] target, int to);
  }

  /**
   * Creates an embedding from a table.
   *
   * @param table dense vocabulary × embedDim; copied
   * @param vocabulary number of tokens, whose ids are 0 to vocabulary − 1
   * @param embedDim elements of a row
   */
  public static Embedding of(float[] table, int vocabulary, int embedDim) {
    Objects.requireNonNull(table, "table");
    Checks.atLeast("vocabulary", vocabulary, 1);
    Checks.atLeast("embedDim", embedDim, 1);
    Checks.same("table.length", table.length, "vocabulary * embedDim", (long) vocabulary * embedDim);
    float[] copy = table.clone();
    return new Embedding((id, target, to) -> System.arraycopy(copy, id * embedDim, target, to, embedDim), vocabulary, embedDim);
  }

  /**
   * Creates an embedding whose table is the weight of a projection onto the vocabulary ("Using the Output Embedding to Improve Language
   * Models", Press and Wolf, 2017). The weight is stored once, in the format of the projection.
   *
   * @param head projection from embedDim to one output for each token
   */
  public static Embedding tied(Linear head) {
    Objects.requireNonNull(head, "head");
    return new Embedding(head::row, head.outputs(), head.inputs());
  }

  /** Number of tokens. */
  public int vocabulary() {
    return vocabulary;
  }

  /** Elements of a row. */
  public int embedDim() {
    return embedDim;
  }

  /**
   * Copies the row of each token.
   *
   * @param ids dense batch × rows
   * @param output batch × rows × embedDim, written
   * @throws IllegalArgumentException if shapes differ, output shares elements with itself, or an id is not in the vocabulary; nothing has
   *     been written then
   */
  public void forward(int[] ids, SequenceBatch output) {
    Objects.requireNonNull(ids, "ids");
    Objects.requireNonNull(output, "output");
    Checks.same("ids.length", ids.length, "output.batch * output.rows", (long) output.batch() * output.rows());
    Checks.same("output.width", output.width(), "embedDim", embedDim);
    ViewChecks.writable("output", output.split(1));
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= vocabulary) {
        throw new IllegalArgumentException(
            "ids[" + i + "] is " + ids[i] + ", must be at least 0 and below the vocabulary of " + vocabulary);
      }
    }
    for (int i = 0; i < ids.length; i++) {
      rows.copy(ids[i], output.data(), output.index(i / output.rows(), i % output.rows()));
    }
  }
}
