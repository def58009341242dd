package dev.lanewise.core.learn.loss;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The contrastive loss InfoNCE with in-batch negatives (van den Oord, Li and Vinyals, "Representation learning with contrastive predictive
 * coding", 2018): query i belongs to document i, and every other document of the batch is a wrong one for it. With the scores
 * s<sub>ij</sub> = cos(q<sub>i</sub>, d<sub>j</sub>) / temperature of n queries and m documents, the loss is
 *
 * <p>L = −(1/n) Σ<sub>i</sub> ln(e<sup>s<sub>ii</sub></sup> / Σ<sub>j</sub> e<sup>s<sub>ij</sub></sup>).
 *
 * <p>{@link #symmetric} also asks which query belongs to a document, as in CLIP (Radford et al., 2021): ½ L − (1/2n) Σ<sub>j&lt;n</sub>
 * ln(e<sup>s<sub>jj</sub></sup> / Σ<sub>i</sub> e<sup>s<sub>ij</sub></sup>). There may be more documents than queries: those behind the
 * n-th are wrong for all queries ("hard negatives").
 *
 * <p>A vector of length 0 has the cosine 0 with all others and the gradient 0. Immutable and thread-safe.
 *
 * <pre>{@code
 * InfoNce loss = InfoNce.of(0.05).symmetric();
 * double value = loss.compute(queries, documents, queryGradient, documentGradient); // pairs × 1 × width, as poolings give them
 * }</pre>
 */
public final class InfoNce {
  private static final ScratchPool<Scratch> BUFFERS = Scratch.pool(4, 0);

  private final double temperature;
  private final boolean symmetric;

  private InfoNce(double temperature, boolean symmetric) {
    this.temperature = temperature;
    this.symmetric = symmetric;
  }

  /**
   * The loss in one direction, from queries to documents.
   *
   * @param temperature the divisor of the cosines, above 0 and finite; 0.05 is usual for sentences
   */
  public static InfoNce of(double temperature) {
    if (!(temperature > 0 && temperature < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("temperature is " + temperature + ", must be above 0 and finite");
    }
    return new InfoNce(temperature, false);
  }

  /** Returns a copy that is the mean of both directions. */
  public InfoNce symmetric() {
    return new InfoNce(temperature, true);
  }

  /**
   * Computes the loss and its gradients. The vectors are the rows of all batch entries. All sums are in double: a step of training takes
   * much longer than n · m dot products.
   *
   * @param queries batch × rows × width: n = batch · rows vectors
   * @param documents batch × rows × width: m ≥ n vectors, of which the first n belong to the queries
   * @param queryGradient the gradient of queries, their shape, written; null if it is not wanted
   * @param documentGradient the gradient of documents, likewise
   * @return the loss; 0 if there is no query
   * @throws IllegalArgumentException if shapes differ, there are fewer documents than queries, or a gradient shares elements with another
   *     view; nothing has been written then
   */
  public double compute(
      SequenceBatch queries, SequenceBatch documents, @Nullable SequenceBatch queryGradient, @Nullable SequenceBatch documentGradient) {
    Objects.requireNonNull(queries, "queries");
    Objects.requireNonNull(documents, "documents");
    Checks.same("queries", "documents", ".width", queries.width(), documents.width());
    int n = Rows.count("queries", queries);
    int m = Rows.count("documents", documents);
    Checks.atLeast("documents.batch * documents.rows", m, n);
    Rows.gradient("queryGradient", queryGradient, "queries", queries);
    Rows.gradient("documentGradient", documentGradient, "documents", documents);
    Rows.disjoint("queryGradient", queryGradient, "queries", queries);
    Rows.disjoint("queryGradient", queryGradient, "documents", documents);
    Rows.disjoint("documentGradient", documentGradient, "queries", queries);
    Rows.disjoint("documentGradient", documentGradient, "documents", documents);
    Rows.disjoint("queryGradient", queryGradient, "documentGradient", documentGradient);
    Checks.product("documents", m, "queries + 2", n + 2L);
    Scratch scratch = BUFFERS.take();
    try {
      Scores scores = new Scores(n, m, scratch.zeros(Math.addExact((n + 2) * m, 2 * n)));
      scores.fill(queries, documents);
      double loss = n == 0 ? 0 : scores.loss();
      scores.write(queries, documents, queryGradient, documentGradient);
      return loss;
    } finally {
      BUFFERS.give(scratch);
    }
  }

  /** The scores of a call: cosines at first, and derivatives of the loss by the cosines in the end. */
  private final class Scores {
    private final int n;
    private final int m;

    /** n × m scores; then the inverse length of each query and document, and the logarithm of the sum of each row and column. */
    private final double[] all;

    private final int queryInverse;
    private final int documentInverse;
    private final int rowSum;
    private final int columnSum;

    Scores(int n, int m, double[] all) {
      this.n = n;
      this.m = m;
      this.all = all;
      queryInverse = n * m;
      documentInverse = queryInverse + n;
      rowSum = documentInverse + m;
      columnSum = rowSum + n;
    }

    void fill(SequenceBatch queries, SequenceBatch documents) {
      int width = queries.width();
      for (int i = 0; i < n; i++) {
        all[queryInverse + i] = Rows.inverseLength(queries.data(), Rows.index(queries, i), width);
      }
      for (int j = 0; j < m; j++) {
        all[documentInverse + j] = Rows.inverseLength(documents.data(), Rows.index(documents, j), width);
      }
      for (int i = 0; i < n; i++) {
        Interruption.check();
        int at = Rows.index(queries, i);
        for (int j = 0; j < m; j++) {
          double dot = Rows.dot(queries.data(), at, documents.data(), Rows.index(documents, j), width);
          all[i * m + j] = dot * all[queryInverse + i] * all[documentInverse + j] / temperature;
        }
      }
    }

    /**
     * Computes the loss, and replaces the scores by its derivatives by the cosines: (softmax − 1 at the own document, 0 elsewhere) / n /
     * temperature, halved and added for both directions if the loss is symmetric.
     */
    double loss() {
      double loss = 0;
      for (int i = 0; i < n; i++) {
        all[rowSum + i] = logSum(i * m, m, 1);
        loss += all[rowSum + i] - all[i * m + i];
      }
      for (int j = 0; symmetric && j < n; j++) {
        all[columnSum + j] = logSum(j, n, m);
        loss += all[columnSum + j] - all[j * m + j];
      }
      double share = symmetric ? 0.5 / n : 1.0 / n;
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < m; j++) {
          double score = all[i * m + j];
          double slope = Math.exp(score - all[rowSum + i]) - (i == j ? 1 : 0);
          if (symmetric && j < n) {
            slope += Math.exp(score - all[columnSum + j]) - (i == j ? 1 : 0);
          }
          all[i * m + j] = slope * share / temperature;
        }
      }
      return loss * share;
    }

    private double logSum(int first, int count, int stride) {
      double largest = Double.NEGATIVE_INFINITY;
      for (int i = 0; i < count; i++) {
        largest = Math.max(largest, all[first + i * stride]);
      }
      double sum = 0;
      for (int i = 0; i < count; i++) {
        sum += Math.exp(all[first + i * stride] - largest);
      }
      return largest + Math.log(sum);
    }

    void write(
        SequenceBatch queries, SequenceBatch documents, @Nullable SequenceBatch queryGradient, @Nullable SequenceBatch documentGradient) {
      double[] sum = new double[queries.width()];
      for (int i = 0; i < n && queryGradient != null; i++) {
        Arrays.fill(sum, 0);
        for (int j = 0; j < m; j++) {
          addRow(all[i * m + j] * all[documentInverse + j], documents, j, sum);
        }
        throughLength(queries, i, all[queryInverse + i], sum, queryGradient);
      }
      for (int j = 0; j < m && documentGradient != null; j++) {
        Arrays.fill(sum, 0);
        for (int i = 0; i < n; i++) {
          addRow(all[i * m + j] * all[queryInverse + i], queries, i, sum);
        }
        throughLength(documents, j, all[documentInverse + j], sum, documentGradient);
      }
    }
  }

  private static void addRow(double factor, SequenceBatch vectors, int row, double[] sum) {
    float[] data = vectors.data();
    int at = Rows.index(vectors, row);
    for (int c = 0; c < sum.length; c++) {
      sum[c] += factor * data[at + c];
    }
  }

  /** Writes the gradient of a vector x from the gradient g of u = x/|x|: (g − (g·u) u) / |x|. */
  private static void throughLength(SequenceBatch vectors, int row, double inverse, double[] slope, SequenceBatch gradient) {
    int at = Rows.index(vectors, row);
    double along = 0;
    for (int c = 0; c < slope.length; c++) {
      along += slope[c] * (vectors.data()[at + c] * inverse);
    }
    int to = Rows.index(gradient, row);
    for (int c = 0; c < slope.length; c++) {
      gradient.data()[to + c] = (float) ((slope[c] - along * (vectors.data()[at + c] * inverse)) * inverse);
    }
  }
}
