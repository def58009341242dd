package dev.lanewise.core.pooling;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import java.util.Objects;

/**
 * A weighted mean of the rows of each sequence: each head has one learned query, which is compared with the keys; the softmax of its scores
 * gives the weights of the values ("Hierarchical Attention Networks", Yang et al., 2016; "Set Transformer", Lee et al., 2019). Keys and
 * values may come from different sources; this class projects nothing. Query head h reads the headDim columns of the keys from column h ·
 * headDim on. Immutable and thread-safe.
 *
 * <pre>{@code
 * AttentionPooling pooling = AttentionPooling.of(learnedQuery, numHeads, headDim);
 * pooling.apply(x, pooled); // keys and values are the rows themselves: width numHeads · headDim
 * pooling.apply(keys, values, pooledValues); // from two sources, of different widths
 * }</pre>
 */
public final class AttentionPooling implements Pooling {
  private final Heads query;
  private final Attention attention;

  private AttentionPooling(Heads query, Attention attention) {
    this.query = query;
    this.attention = attention;
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
    return new AttentionPooling(Heads.of(query.clone(), 1, numHeads, 1, headDim), Attention.standard());
  }

  /** Returns a copy with this factor on the scores instead of 1/√headDim. */
  public AttentionPooling withScale(float scale) {
    return new AttentionPooling(query, attention.withScale(scale));
  }

  /** Returns a copy whose calls share their work between this number of threads, including the caller's. */
  public AttentionPooling withThreads(int threads) {
    return new AttentionPooling(query, attention.withThreads(threads));
  }

  @Override
  public AttentionPooling withKernels(Kernels kernels) {
    return new AttentionPooling(query, attention.withKernels(kernels));
  }

  @Override
  public void apply(SequenceBatch x, SequenceBatch output) {
    pool("x", x, "x", x, output);
  }

  @Override
  public void apply(SequenceBatch x, int[] lengths, SequenceBatch output) {
    pool("x", x, "x", x, lengths, output);
  }

  @Override
  public void apply(SequenceBatch x, PackedSequences sequences, SequenceBatch output) {
    pool("x", x, "x", x, sequences, output);
  }

  /**
   * Pools sequences that fill all rows.
   *
   * @param key batch × rows × (numHeads · headDim)
   * @param value batch × rows × width; width is a multiple of numHeads, and each head pools its part
   * @param output batch × 1 × width, written
   * @throws IllegalArgumentException if shapes differ, or output shares elements with an input or with itself; nothing has been written
   *     then
   */
  public void apply(SequenceBatch key, SequenceBatch value, SequenceBatch output) {
    pool("key", key, "value", value, output);
  }

  private void pool(String keyName, SequenceBatch key, String valueName, SequenceBatch value, SequenceBatch output) {
    check(keyName, key, valueName, value);
    checkOutput(output, keyName + ".batch", key.batch(), keyName, key, valueName, value);
    attention.compute(query.broadcast(key.batch()), split(key), split(value), split(output));
  }

  /**
   * Pools padded sequences.
   *
   * @param lengths number of rows of each batch entry; later rows are never read
   */
  public void apply(SequenceBatch key, SequenceBatch value, int[] lengths, SequenceBatch output) {
    pool("key", key, "value", value, lengths, output);
  }

  private void pool(String keyName, SequenceBatch key, String valueName, SequenceBatch value, int[] lengths, SequenceBatch output) {
    check(keyName, key, valueName, value);
    Attention masked = padded(keyName, key, lengths);
    checkOutput(output, keyName + ".batch", key.batch(), keyName, key, valueName, value);
    masked.compute(query.broadcast(key.batch()), split(key), split(value), split(output));
  }

  /**
   * Pools packed sequences.
   *
   * @param key 1 × rows × (numHeads · headDim)
   * @param value 1 × rows × width
   * @param sequences the starts of the sequences, by their key rows
   * @param output sequences × 1 × width, written
   */
  public void apply(SequenceBatch key, SequenceBatch value, PackedSequences sequences, SequenceBatch output) {
    pool("key", key, "value", value, sequences, output);
  }

  private void pool(
      String keyName, SequenceBatch key, String valueName, SequenceBatch value, PackedSequences sequences, SequenceBatch output) {
    check(keyName, key, valueName, value);
    Attention attentionOfEach = packed(keyName, key, sequences);
    checkOutput(output, "the number of sequences", sequences.count(), keyName, key, valueName, value);
    // A sequence is a row of packed attention, and a batch entry of the caller's output.
    SequenceBatch rows = new SequenceBatch(output.data(), output.offset(), 1, output.batch(), output.width(), 0, output.batchStride());
    attentionOfEach.compute(repeated(sequences), split(key), split(value), split(rows));
  }

  /**
   * Computes only the weights of the rows.
   *
   * @param key batch × rows × (numHeads · headDim)
   * @param weights batch × numHeads × 1 × rows, written
   */
  public void weights(SequenceBatch key, Heads weights) {
    checkKey("key", key);
    checkWeights(weights, "key.batch", key.batch(), "the rows of a query", 1, "key.rows", key.rows());
    attention.compute(query.broadcast(key.batch()), split(key), Results.of().withWeights(weights));
  }

  /** Computes only the weights of padded rows; rows after a length get 0. */
  public void weights(SequenceBatch key, int[] lengths, Heads weights) {
    checkKey("key", key);
    Attention masked = padded("key", key, lengths);
    checkWeights(weights, "key.batch", key.batch(), "the rows of a query", 1, "key.rows", key.rows());
    masked.compute(query.broadcast(key.batch()), split(key), Results.of().withWeights(weights));
  }

  /**
   * Computes only the weights of packed rows.
   *
   * @param weights 1 × numHeads × sequences × rows of the longest, written; row s numbers rows from the start of sequence s
   */
  public void weights(SequenceBatch key, PackedSequences sequences, Heads weights) {
    checkKey("key", key);
    Attention attentionOfEach = packed("key", key, sequences);
    int count = sequences.count();
    checkWeights(weights, "key.batch", 1, "the number of sequences", count, "the rows of the longest sequence", sequences.mostKeys());
    attentionOfEach.compute(repeated(sequences), split(key), Results.of().withWeights(weights));
  }

  private Heads split(SequenceBatch rows) {
    return rows.split(query.heads());
  }

  private void checkKey(String name, SequenceBatch key) {
    Objects.requireNonNull(key, name);
    Checks.same(name + ".width", key.width(), "numHeads * headDim", (long) query.heads() * query.width());
  }

  private void check(String keyName, SequenceBatch key, String valueName, SequenceBatch value) {
    checkKey(keyName, key);
    Objects.requireNonNull(value, valueName);
    Checks.same(valueName + ".batch", value.batch(), keyName + ".batch", key.batch());
    Checks.same(valueName + ".rows", value.rows(), keyName + ".rows", key.rows());
    Checks.multiple(valueName + ".width", value.width(), "numHeads", query.heads());
  }

  private static void checkOutput(
      SequenceBatch output, String countName, int count, String keyName, SequenceBatch key, String valueName, SequenceBatch value) {
    Objects.requireNonNull(output, "output");
    Checks.same("output.batch", output.batch(), countName, count);
    Checks.same("output.rows", output.rows(), "the rows of a result", 1);
    Checks.same("output.width", output.width(), valueName + ".width", value.width());
    ViewChecks.writable("output", output.split(1));
    ViewChecks.disjoint("output", output.split(1), keyName, key.split(1));
    ViewChecks.disjoint("output", output.split(1), valueName, value.split(1));
  }

  private void checkWeights(Heads weights, String batchName, int batch, String rowsName, int rows, String widthName, int width) {
    Objects.requireNonNull(weights, "weights");
    Checks.same("weights.batch", weights.batch(), batchName, batch);
    Checks.same("weights.heads", weights.heads(), "numHeads", query.heads());
    Checks.same("weights.rows", weights.rows(), rowsName, rows);
    Checks.same("weights.width", weights.width(), widthName, width);
  }

  private Attention padded(String keyName, SequenceBatch key, int[] lengths) {
    SequenceRanges.checkLengths(lengths, keyName, key);
    return attention.withMask(Mask.keyLengths(lengths));
  }

  private Attention packed(String keyName, SequenceBatch key, PackedSequences sequences) {
    Objects.requireNonNull(sequences, "sequences");
    Checks.same(keyName + ".batch", key.batch(), "the batch of packed sequences,", 1);
    Checks.same("keyStarts[last]", sequences.keyStart(sequences.count()), keyName + ".rows", key.rows());
    int[] queryStarts = new int[sequences.count() + 1];
    int[] keyStarts = new int[sequences.count() + 1];
    Arrays.setAll(queryStarts, s -> s);
    Arrays.setAll(keyStarts, sequences::keyStart);
    return attention.withPackedSequences(PackedSequences.of(queryStarts, keyStarts));
  }

  /** The query, repeated for each sequence. */
  private Heads repeated(PackedSequences sequences) {
    return new Heads(query.data(), 0, 1, query.heads(), sequences.count(), query.width(), 0, query.headStride(), 0);
  }

  @Override
  public String toString() {
    return "attentionPooling(" + query.heads() + " x " + query.width() + ")";
  }
}
