package dev.lanewise.bench.cli.train.data;

import java.util.Locale;

/**
 * How well texts are found: for each query all texts are ranked by the dot product of their vectors, and the rank of its own text counts. A
 * text of the same score as the own one, or of a score that is NaN, comes before it.
 *
 * @param queries number of queries, each with one text of its own
 * @param recallAt1 the part of the queries whose own text is the first
 * @param recallAt10 the part of the queries whose own text is among the first ten
 * @param meanReciprocalRank the mean of 1 / rank
 */
public record Retrieval(int queries, double recallAt1, double recallAt10, double meanReciprocalRank) {

  /**
   * Ranks texts.
   *
   * @param queries vectors
   * @param texts as many vectors of the same width; text i belongs to query i
   */
  public static Retrieval of(float[][] queries, float[][] texts) {
    if (queries.length != texts.length || queries.length == 0) {
      throw new IllegalArgumentException("queries.length is " + queries.length + ", must be texts.length, " + texts.length + ", and not 0");
    }
    int first = 0;
    int firstTen = 0;
    double reciprocals = 0;
    for (int query = 0; query < queries.length; query++) {
      int rank = rank(queries[query], texts, query);
      first += rank == 1 ? 1 : 0;
      firstTen += rank <= 10 ? 1 : 0;
      reciprocals += 1.0 / rank;
    }
    double count = queries.length;
    return new Retrieval(queries.length, first / count, firstTen / count, reciprocals / count);
  }

  private static int rank(float[] query, float[][] texts, int own) {
    double score = dot(query, texts[own]);
    int rank = 1;
    for (int text = 0; text < texts.length; text++) {
      rank += text != own && !(dot(query, texts[text]) < score) ? 1 : 0;
    }
    return rank;
  }

  private static double dot(float[] x, float[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += (double) x[i] * y[i];
    }
    return sum;
  }

  /** The figures on a line. */
  public String line() {
    return String.format(
        Locale.ROOT, "recall@1 %.3f, recall@10 %.3f, MRR %.3f of %d pairs", recallAt1, recallAt10, meanReciprocalRank, queries);
  }
}
