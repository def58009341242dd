package dev.lanewise.core.learn;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.pooling.AttentionPooling;
import dev.lanewise.core.pooling.Pooling;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * One row for each sequence, made of all its rows, with its backward pass: the mean, the first row, or a weighted mean whose query is
 * learned. {@link #toLayer} makes the {@link Pooling} for inference. Packed sequences and lengths come from the {@link Trace}. The gradient
 * of rows after a length is 0.
 *
 * <pre>{@code
 * TrainablePooling pooling = TrainablePooling.attention(42, 4, 96); // a seed, heads, headDim
 * trace.setKeyLengths(17, 24);
 * pooling.forward(x, pooled, trace); // 2 × 24 × 384 to 2 × 1 × 384
 * pooling.backward(trace, pooledGradient, inputGradient);
 * }</pre>
 *
 * <p>The weighted mean has one parameter, {@code query}, numHeads × headDim; the others have none. Mutable, and for one thread at a time.
 */
public final class TrainablePooling implements TrainableLayer {
  private final Pooling unweighted;
  private final boolean takesFirst;
  private final @Nullable Parameter query;

  private TrainablePooling(boolean takesFirst, @Nullable Parameter query) {
    this.unweighted = takesFirst ? Pooling.firstToken() : Pooling.mean();
    this.takesFirst = takesFirst;
    this.query = query;
  }

  /** Pooling to the mean of all rows. */
  public static TrainablePooling mean() {
    return new TrainablePooling(false, null);
  }

  /** Pooling to the first row, such as BERT's [CLS]. */
  public static TrainablePooling firstToken() {
    return new TrainablePooling(true, null);
  }

  /**
   * Pooling by attention with one learned query for each head, and scale 1/√headDim; see {@link AttentionPooling}.
   *
   * @param query numHeads × headDim, dense; copied
   */
  public static TrainablePooling attention(float[] query, int numHeads, int headDim) {
    AttentionPooling.of(query, numHeads, headDim); // its checks
    return new TrainablePooling(false, Parameter.of("query", query.clone(), numHeads, headDim));
  }

  /** Pooling by attention whose queries are drawn from a normal distribution with variance 1 / headDim. */
  public static TrainablePooling attention(long seed, int numHeads, int headDim) {
    Checks.atLeast("headDim", headDim, 1);
    float[] query = new float[Checks.product("numHeads", numHeads, "headDim", headDim)];
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < query.length; i++) {
      query[i] = (float) (random.nextGaussian() / Math.sqrt(headDim));
    }
    return attention(query, numHeads, headDim);
  }

  @Override
  public List<Parameter> parameters() {
    return query == null ? List.of() : List.of(query);
  }

  /** The pooling for inference, on one thread. */
  public Pooling toLayer() {
    return query == null ? unweighted : AttentionPooling.of(query.values(), numHeads(query), headDim(query));
  }

  private static int numHeads(Parameter query) {
    return (int) query.shape()[0];
  }

  private static int headDim(Parameter query) {
    return (int) query.shape()[1];
  }

  /** What a forward pass keeps: its input, and for attention the call with its results. */
  private record Kept(SequenceBatch x, int @Nullable [] lengths, @Nullable PackedSequences packed, @Nullable Call call) {
    int count() {
      return packed == null ? x.batch() : packed.count();
    }

    int rows(int sequence) {
      return packed != null ? packed.keys(sequence) : lengths == null ? x.rows() : lengths[sequence];
    }

    /** Index of a row of a sequence in a view with the rows of x. */
    int index(SequenceBatch view, int sequence, int row) {
      return packed == null ? view.index(sequence, row) : view.index(0, packed.keyStart(sequence) + row);
    }
  }

  /** A call of attention with its results. */
  private record Call(AttentionPooling layer, SequenceBatch output, float[] logSumExp) {}

  /**
   * Pools sequences.
   *
   * @param x batch × rows × width; packed 1 × rows × width
   * @param y sequences × 1 × width, written
   * @throws IllegalArgumentException if shapes differ, or lengths or packed sequences do not fit; nothing has been written then
   */
  @Override
  public void forward(SequenceBatch x, SequenceBatch y, Trace trace) {
    Objects.requireNonNull(x, "x");
    Objects.requireNonNull(y, "y");
    int[] lengths = trace.packedSequences() == null ? trace.keyLengths() : null;
    Pooling layer = lengths == null ? toLayer() : toLayer().withLengths(lengths);
    layer = trace.packedSequences() == null ? layer : layer.withPackedSequences(trace.packedSequences());
    layer = layer.withThreads(trace.threads()).withKernels(trace.kernels());
    Call call = null;
    if (layer instanceof AttentionPooling attending) {
      call = new Call(attending, y, attending.forwardWithLogSumExp(x, y));
    } else {
      layer.forward(x, y);
    }
    trace.keep(new Kept(x, lengths, trace.packedSequences(), call));
  }

  /**
   * The backward pass of pooling.
   *
   * @param outputGradient the gradient of y: sequences × 1 × width
   * @param inputGradient written, with the shape of x; null if it is not wanted
   */
  @Override
  public void backward(Trace trace, SequenceBatch outputGradient, @Nullable SequenceBatch inputGradient) {
    Kept kept = trace.take(Kept.class);
    check(kept, outputGradient, inputGradient);
    Call call = kept.call;
    if (query != null && call != null) {
      attendBackward(query, kept, call, trace, outputGradient, inputGradient);
    } else if (inputGradient != null) {
      clear(inputGradient);
      for (int s = 0; s < kept.count(); s++) {
        spread(kept, s, outputGradient, inputGradient);
      }
    }
  }

  private static void check(Kept kept, SequenceBatch outputGradient, @Nullable SequenceBatch inputGradient) {
    LayerRows.checkWidth("outputGradient", outputGradient, "x", kept.x.width());
    Checks.same("outputGradient.batch", outputGradient.batch(), "the number of sequences", kept.count());
    Checks.same("outputGradient.rows", outputGradient.rows(), "the rows of a result", 1);
    if (inputGradient != null) {
      LayerRows.checkWidth("inputGradient", inputGradient, "x", kept.x.width());
      LayerRows.checkRows("inputGradient", inputGradient, "x", kept.x);
      ViewChecks.writable("inputGradient", inputGradient.split(1));
      ViewChecks.disjoint("inputGradient", inputGradient.split(1), "outputGradient", outputGradient.split(1));
    }
  }

  private static void clear(SequenceBatch view) {
    for (int b = 0; b < view.batch(); b++) {
      for (int row = 0; row < view.rows(); row++) {
        int from = view.index(b, row);
        Arrays.fill(view.data(), from, from + view.width(), 0);
      }
    }
  }

  /** Writes the gradient of a sequence's rows: that of the first row, or the same part for each row. */
  private void spread(Kept kept, int sequence, SequenceBatch outputGradient, SequenceBatch inputGradient) {
    int rows = kept.rows(sequence);
    int from = outputGradient.index(sequence, 0);
    for (int row = 0; row < (takesFirst ? Math.min(1, rows) : rows); row++) {
      int to = kept.index(inputGradient, sequence, row);
      for (int i = 0; i < inputGradient.width(); i++) {
        inputGradient.data()[to + i] = takesFirst ? outputGradient.data()[from + i] : outputGradient.data()[from + i] / rows;
      }
    }
  }

  /** The rows are keys and values, so their gradient is the sum of both. */
  private static void attendBackward(
      Parameter learned, Kept kept, Call call, Trace trace, SequenceBatch outputGradient, @Nullable SequenceBatch inputGradient) {
    int borrowed = trace.borrowed();
    SequenceBatch x = kept.x;
    SequenceBatch ofQueries = learned.isFrozen() ? null : trace.borrow(kept.count(), 1, learned.size());
    SequenceBatch ofValues = inputGradient == null ? null : trace.borrow(x.batch(), x.rows(), x.width());
    if (ofQueries != null || ofValues != null) {
      call.layer.backward(x, call.output, call.logSumExp, outputGradient, ofQueries, inputGradient, ofValues);
    }
    if (ofQueries != null) {
      LayerRows.columnSums(trace, ofQueries, learned.gradient());
    }
    if (inputGradient != null && ofValues != null) {
      LayerRows.add(trace, ofValues, inputGradient, inputGradient);
    }
    trace.release(borrowed);
  }
}
