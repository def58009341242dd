package dev.lanewise.core.pooling;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Gradients;
import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A weighted mean of the rows of each sequence: each head has one learned query, which is compared with the keys; the softmax of its scores
 * gives the weights of the values ("Hierarchical Attention Networks", Yang et al., 2016; "Set Transformer", Lee et al., 2019). Keys and
 * values may come from different sources; this class projects nothing. Query head h reads the headDim columns of the keys from column h ·
 * headDim on. Immutable and thread-safe.
 *
 * <pre>{@code
 * AttentionPooling pooling = AttentionPooling.of(learnedQuery, numHeads, headDim);
 * pooling.forward(x, pooled); // keys and values are the rows themselves: width numHeads · headDim
 * pooling.forward(keys, values, pooledValues); // from two sources, of different widths
 * }</pre>
 */
public final class AttentionPooling implements Pooling {
  private final Heads query;
  private final Attention attention;
  private final SequenceRanges ranges;

  private AttentionPooling(Heads query, Attention attention, SequenceRanges ranges) {
    this.query = query;
    this.attention = attention;
    this.ranges = ranges;
  }

  /**
   * Pooling with scale 1/√headDim, on one thread and the fastest kernels of this JVM.
   *
   * @param query dense numHeads × headDim; copied
   */
  public static AttentionPooling of(float[] query, int numHeads, int headDim) {
    Objects.requireNonNull(query, "query");
    Checks.atLeast("numHeads", numHeads, 1);
    Checks.atLeast("headDim", headDim, 1);
    Checks.same("query.length", query.length, "numHeads * headDim", (long) numHeads * headDim);
    return new AttentionPooling(Heads.of(query.clone(), 1, numHeads, 1, headDim), Attention.standard(), SequenceRanges.ALL);
  }

  /** Returns a copy with this factor on the scores instead of 1/√headDim. */
  public AttentionPooling withScale(float scale) {
    return new AttentionPooling(query, attention.withScale(scale), ranges);
  }

  @Override
  public AttentionPooling withLengths(int... lengths) {
    return new AttentionPooling(query, attention, SequenceRanges.ofLengths(lengths));
  }

  @Override
  public AttentionPooling withPackedSequences(PackedSequences sequences) {
    return new AttentionPooling(query, attention, SequenceRanges.of(sequences));
  }

  @Override
  public AttentionPooling withThreads(int threads) {
    return new AttentionPooling(query, attention.withThreads(threads), ranges);
  }

  @Override
  public AttentionPooling withKernels(Kernels kernels) {
    return new AttentionPooling(query, attention.withKernels(kernels), ranges);
  }

  @Override
  public void forward(SequenceBatch x, SequenceBatch output) {
    pool("x", x, "x", x, output);
  }

  /**
   * Pools values by the weights of keys from another source.
   *
   * @param key batch × rows × (numHeads · headDim); packed 1 × rows × (numHeads · headDim)
   * @param value batch × rows × width; width is a multiple of numHeads, and each head pools its part
   * @param output sequences × 1 × width, written
   * @throws IllegalArgumentException if shapes differ, or output shares elements with an input or with itself; nothing has been written
   *     then
   */
  public void forward(SequenceBatch key, SequenceBatch value, SequenceBatch output) {
    pool("key", key, "value", value, output);
  }

  private void pool(String keyName, SequenceBatch key, String valueName, SequenceBatch value, SequenceBatch output) {
    checkPool(keyName, key, valueName, value, output);
    ranges.applyTo(attention).compute(queries(key), split(key), split(value), split(ranges.eachRow(output)));
  }

  private void checkPool(String keyName, SequenceBatch key, String valueName, SequenceBatch value, SequenceBatch output) {
    check(keyName, key, valueName, value);
    ranges.checkOneRow(keyName, key, output, valueName + ".width", value.width());
    ViewChecks.disjoint("output", output.split(1), valueName, value.split(1));
  }

  /**
   * Pools rows, and returns what {@link #backward} needs besides: the log-sum-exp of each head of each sequence.
   *
   * @hidden
   */
  public float[] forwardWithLogSumExp(SequenceBatch x, SequenceBatch output) {
    checkPool("x", x, "x", x, output);
    float[] logSumExp = new float[Checks.product("sequences", ranges.count(x), "numHeads", query.heads())];
    Results results = Results.of().withOutput(split(ranges.eachRow(output))).withLogSumExp(logSumExp);
    ranges.applyTo(attention).compute(queries(x), split(x), split(x), results);
    return logSumExp;
  }

  /**
   * Computes gradients of a forward pass, of which at least one is wanted. The gradient of the rows is the sum of those of keys and values.
   *
   * @param logSumExp that of the forward pass
   * @param outputGradient sequences × 1 × width
   * @param queryGradient the gradient of each sequence's query, written: sequences × 1 × (numHeads · headDim); null if it is not wanted
   * @param keyGradient written, with the shape of x; null if it is not wanted
   * @param valueGradient written, with the shape of x; null if it is not wanted
   * @hidden
   */
  public void backward(
      SequenceBatch x,
      SequenceBatch output,
      float[] logSumExp,
      SequenceBatch outputGradient,
      @Nullable SequenceBatch queryGradient,
      @Nullable SequenceBatch keyGradient,
      @Nullable SequenceBatch valueGradient) {
    Gradients wanted = Gradients.of();
    wanted = queryGradient == null ? wanted : wanted.withQuery(split(ranges.eachRow(queryGradient)));
    wanted = keyGradient == null ? wanted : wanted.withKey(split(keyGradient));
    wanted = valueGradient == null ? wanted : wanted.withValue(split(valueGradient));
    Heads gradient = split(ranges.eachRow(outputGradient));
    ranges.applyTo(attention).backward(queries(x), split(x), split(x), split(ranges.eachRow(output)), logSumExp, gradient, wanted);
  }

  /**
   * Computes all results that {@code results} requests, such as weights: batch × numHeads × 1 × rows, where rows after a length get 0.
   * Packed sequences are the query rows of one batch entry: the weights are 1 × numHeads × sequences × rows of the longest, and row s
   * numbers rows from the start of sequence s.
   */
  public void forward(SequenceBatch key, SequenceBatch value, Results results) {
    check("key", key, "value", value);
    ranges.check("key", key);
    ranges.applyTo(attention).compute(queries(key), split(key), split(value), results);
  }

  private void check(String keyName, SequenceBatch key, String valueName, SequenceBatch value) {
    Objects.requireNonNull(key, keyName);
    Objects.requireNonNull(value, valueName);
    Checks.same(keyName + ".width", key.width(), "numHeads * headDim", (long) query.heads() * query.width());
    Checks.same(valueName + ".batch", value.batch(), keyName + ".batch", key.batch());
    Checks.same(valueName + ".rows", value.rows(), keyName + ".rows", key.rows());
    Checks.multiple(valueName + ".width", value.width(), "numHeads", query.heads());
  }

  /** The query of each batch entry; the queries of packed sequences are rows of the only batch entry. */
  private Heads queries(SequenceBatch key) {
    return ranges.packed() == null
        ? query.broadcast(key.batch())
        : new Heads(query.data(), 0, 1, query.heads(), ranges.count(key), query.width(), 0, query.headStride(), 0);
  }

  private Heads split(SequenceBatch rows) {
    return rows.split(query.heads());
  }

  @Override
  public String toString() {
    return "attentionPooling(" + query.heads() + " x " + query.width() + ")";
  }
}
