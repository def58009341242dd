package dev.lanewise.kernels.testing;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.AttentionTasks;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.testing.AttentionShape.Storage;
import dev.lanewise.kernels.testing.AttentionVariant.Feature;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;

/** One attention call: its operands, each element of which is read without the library's indexing, its run and its check. */
public final class AttentionCase {
  static final float SOFTCAP = 3;

  private final AttentionShape shape;
  private final AttentionVariant variant;

  /** Operands of each batch entry, dense. */
  private final Heads[] query;

  private final Heads[] key;
  private final Heads[] value;
  private final ShuffledCache[] caches;
  private final float[] vector;
  private final float[] slopes;
  private final float[] bias;
  private final float[] positionBias;
  private final Normaliser normaliser;

  AttentionCase(AttentionShape shape, AttentionVariant variant) {
    this.shape = shape;
    this.variant = variant;
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(shape.seed());
    int batch = shape.queries().length;
    query = new Heads[batch];
    key = new Heads[batch];
    value = new Heads[batch];
    caches = new ShuffledCache[shape.storage() == Storage.CACHED ? batch : 0];
    for (int b = 0; b < batch; b++) {
      query[b] = HeadsLayout.DENSE.random(1, shape.heads(), queries(b), width(), random);
      key[b] = HeadsLayout.DENSE.random(1, shape.keyValueHeads(), keys(b), width(), random);
      value[b] = HeadsLayout.DENSE.random(1, shape.keyValueHeads(), keys(b), valueWidth(), random);
      if (variant.has(Feature.NAN)) {
        poison(key[b], keys(b) / 2);
        poison(value[b], keys(b) / 2);
      }
    }
    boolean dropped = variant.has(Feature.DROPPED);
    for (int b = 0; b < caches.length; b++) {
      caches[b] = ShuffledCache.of(shape.format(), key[b], value[b], shape.seed() % 2 == 0, dropped, random);
      key[b] = caches[b].stored(true, key[b]);
      value[b] = caches[b].stored(false, value[b]);
    }
    vector = random(random, width(), 1);
    slopes = random(random, shape.heads(), 0.1f);
    bias = random(random, batch * shape.heads() * shape.mostQueries() * shape.mostKeys() + 3, 1);
    for (int i = 0; i < bias.length; i += 13) {
      bias[i] = Float.NEGATIVE_INFINITY;
    }
    positionBias = random(random, shape.mostQueries() * shape.mostKeys() * 2, 1);
    normaliser = variant.has(Feature.SINKS) ? Normaliser.softmaxWithSinks(random(random, shape.heads(), 2)) : variant.normaliser();
  }

  private static float[] random(RandomGenerator random, int length, float factor) {
    float[] x = new float[length];
    for (int i = 0; i < length; i++) {
      x[i] = factor * (float) random.nextGaussian();
    }
    return x;
  }

  private static void poison(Heads heads, int poisoned) {
    for (int head = 0; heads.rows() > 0 && head < heads.heads(); head++) {
      for (int d = 0; d < heads.width(); d++) {
        heads.data()[(head * heads.rows() + poisoned) * heads.width() + d] = Float.NaN;
      }
    }
  }

  AttentionVariant variant() {
    return variant;
  }

  Normaliser normaliser() {
    return normaliser;
  }

  float[] vector() {
    return vector;
  }

  float[] slopes() {
    return slopes;
  }

  /** Batch entries. */
  public int batch() {
    return shape.queries().length;
  }

  /** Queries of a batch entry. */
  public int queries(int b) {
    return shape.queries()[b];
  }

  /** Query heads. */
  public int heads() {
    return shape.heads();
  }

  int keys(int b) {
    return shape.keys()[b];
  }

  int width() {
    return shape.width();
  }

  int valueWidth() {
    return shape.valueWidth();
  }

  float scale() {
    return variant.has(Feature.COSINE) ? 4 : (float) (1 / Math.sqrt(width()));
  }

  boolean sees(int b, int head, int query, int key) {
    boolean dropped = shape.storage() == Storage.CACHED && caches[b].isDropped(key);
    return !dropped && variant.mask().sees(head, query, key, queries(b), keys(b));
  }

  float query(int b, int head, int row, int d) {
    return query[b].data()[(head * queries(b) + row) * width() + d];
  }

  float key(int b, int head, int row, int d) {
    return key[b].data()[(head / (shape.heads() / shape.keyValueHeads()) * keys(b) + row) * width() + d];
  }

  float value(int b, int head, int row, int d) {
    return value[b].data()[(head / (shape.heads() / shape.keyValueHeads()) * keys(b) + row) * valueWidth() + d];
  }

  float bias(int b, int head, int query, int key) {
    return bias[3 + ((b * shape.heads() + head) * shape.mostQueries() + query) * shape.mostKeys() + key];
  }

  float positionBias(int query, int key) {
    return positionBias[(query * shape.mostKeys() + key) * 2];
  }

  static double changedScore(double score, int key) {
    return key % 11 == 3 ? Double.NEGATIVE_INFINITY : score * 0.5 + key % 3;
  }

  static double changedWeight(double weight, int key) {
    return weight * (1 + key % 3);
  }

  /** In which order tasks run. */
  public enum Order {
    FIRST_TO_LAST,
    LAST_TO_FIRST,
    /** On several threads at once. */
    PARALLEL
  }

  /**
   * Runs the call, cut for {@code threads} threads. A row for each batch entry, head and query, in this order: output, then log-sum-exp.
   */
  public float[][] run(Kernels kernels, int threads, Order order) {
    Heads query = shape.join(this.query, shape.heads(), width());
    Heads output = shape.layout().blank(query.batch(), shape.heads(), query.rows(), valueWidth());
    float[] logSumExp = new float[normaliser.hasLogSumExp() ? query.batch() * shape.heads() * query.rows() : 0];
    AttentionTasks tasks = kernels.plan(problem(query, output, logSumExp), threads);
    IntStream numbers = IntStream.range(0, tasks.count());
    switch (order) {
      case FIRST_TO_LAST -> numbers.forEach(tasks::run);
      case LAST_TO_FIRST -> numbers.forEach(task -> tasks.run(tasks.count() - 1 - task));
      case PARALLEL -> numbers.parallel().forEach(tasks::run);
    }
    HeadsLayout.assertFrameIntact(this, output);
    boolean packed = shape.storage() == Storage.PACKED;
    float[][] rows = new float[IntStream.of(shape.queries()).sum() * shape.heads()][valueWidth() + 1];
    int row = 0;
    for (int b = 0; b < batch(); b++) {
      for (int head = 0; head < shape.heads(); head++) {
        for (int i = 0; i < queries(b); i++, row++) {
          int entry = packed ? 0 : b;
          int at = packed ? IntStream.of(shape.queries()).limit(b).sum() + i : i;
          for (int d = 0; d < valueWidth(); d++) {
            rows[row][d] = output.get(entry, head, at, d);
          }
          rows[row][valueWidth()] = logSumExp.length == 0 ? Float.NaN : logSumExp[(entry * shape.heads() + head) * query.rows() + at];
        }
      }
    }
    return rows;
  }

  /** Whether the SIMD path decodes the call, if it is cached. */
  public boolean decodes() {
    return variant.decodes() && shape.mostQueries() <= 16;
  }

  /** The call with an output and a log-sum-exp that nobody reads. */
  public AttentionProblem problem() {
    Heads joined = shape.join(query, shape.heads(), width());
    Heads output = shape.layout().blank(joined.batch(), shape.heads(), joined.rows(), valueWidth());
    return problem(joined, output, new float[joined.batch() * shape.heads() * joined.rows()]);
  }

  private AttentionProblem problem(Heads query, Heads output, float[] logSumExp) {
    AttentionCall builder;
    if (shape.storage() == Storage.CACHED) {
      builder = AttentionCall.of(query, caches).output(output);
    } else {
      Heads joinedKey = shape.join(key, shape.keyValueHeads(), width());
      builder = AttentionCall.of(query, joinedKey).output(shape.join(value, shape.keyValueHeads(), valueWidth()), output);
    }
    if (shape.storage() == Storage.PACKED) {
      builder.sequences(PackedSequences.of(AttentionShape.starts(shape.queries()), AttentionShape.starts(shape.keys())));
    }
    if (normaliser.hasLogSumExp()) {
      builder.logSumExp(logSumExp);
    }
    builder.scale(scale()).normaliser(normaliser);
    if (variant.mask() != AttentionMask.ALL) {
      builder.visibility(variant.mask().visibility(shape.queries(), shape.keys()));
    }
    variant.features().forEach(feature -> add(builder, feature));
    return builder.build();
  }

  private void add(AttentionCall builder, Feature feature) {
    int keyRow = Math.max(1, shape.mostKeys());
    int queryRows = Math.max(1, shape.mostQueries()) * keyRow;
    switch (feature) {
      case SOFTCAP -> builder.softcap(SOFTCAP);
      case BIAS -> builder.bias(new Bias(bias, 3, shape.heads() * queryRows, queryRows, keyRow, 1));
      case POSITION_BIAS -> builder.positionBias(new Bias(positionBias, 0, 0, 0, 2 * keyRow, 2));
      case SLOPES -> builder.slopes(slopes);
      case COSINE -> builder.similarity(Similarity.cosine());
      case ADDITIVE -> builder.similarity(Similarity.additive(vector));
      case SCORE_FUNCTION ->
          builder.scoreFunction(
              (row, offset, length, b, head, i, firstKey) -> {
                for (int k = 0; k < length; k++) {
                  row[offset + k] = (float) changedScore(row[offset + k], firstKey + k);
                }
              });
      case WEIGHT_FUNCTION ->
          builder.weightFunction(
              (row, offset, length, b, head, i, firstKey) -> {
                for (int k = 0; k < length; k++) {
                  row[offset + k] = (float) changedWeight(row[offset + k], firstKey + k);
                }
              });
      case SINKS, NAN, DROPPED -> {}
    }
  }

  /**
   * Fails unless the results on these kernels are within the error budget: 2 × the error of plain float code + 1e-6 of the largest value.
   */
  public void assertWithinBudget(Kernels kernels) {
    float[][] actual = run(kernels, 3, Order.FIRST_TO_LAST);
    AttentionReference reference = new AttentionReference(this, x -> x);
    AttentionReference plain = new AttentionReference(this, x -> (float) x);
    ErrorBudget output = new ErrorBudget(this + " on " + kernels.path() + ", output");
    ErrorBudget logSumExp = new ErrorBudget(this + " on " + kernels.path() + ", log-sum-exp");
    int row = 0;
    for (int b = 0; b < batch(); b++) {
      for (int head = 0; head < shape.heads(); head++) {
        for (int i = 0; i < queries(b); i++, row++) {
          double[] expected = reference.row(b, head, i);
          double[] rounded = plain.row(b, head, i);
          for (int d = 0; d < expected.length; d++) {
            (d < valueWidth() ? output : logSumExp).add(expected[d], rounded[d], actual[row][d], row, d);
          }
        }
      }
    }
    output.check();
    logSumExp.check();
  }

  @Override
  public String toString() {
    return shape + ": " + variant;
  }
}
