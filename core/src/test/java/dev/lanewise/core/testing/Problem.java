package dev.lanewise.core.testing;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Results;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.kernels.data.Heads;

/** An attention problem with random inputs that depend only on its seed. Every failure prints it completely. */
public final class Problem {
  /** The seed of all random numbers of a run; {@code -Dlanewise.seed=…} sets another. */
  public static final long SEED = Long.getLong("lanewise.seed", 20261121);

  private final int queries;
  private final int keys;
  private int batch = 1;
  private int queryHeads = 1;
  private int keyValueHeads = 1;
  private int headDim = 16;
  private int valueDim = 16;
  private Layout layout = Layout.DENSE;
  private Mask mask = Mask.none();
  private float scale = Float.NaN;

  private Problem(int queries, int keys) {
    this.queries = queries;
    this.keys = keys;
  }

  public static Problem of(int queries, int keys) {
    return new Problem(queries, keys);
  }

  public Problem batch(int batch) {
    this.batch = batch;
    return this;
  }

  public Problem heads(int queryHeads, int keyValueHeads) {
    this.queryHeads = queryHeads;
    this.keyValueHeads = keyValueHeads;
    return this;
  }

  public Problem dims(int headDim, int valueDim) {
    this.headDim = headDim;
    this.valueDim = valueDim;
    return this;
  }

  public Problem layout(Layout layout) {
    this.layout = layout;
    return this;
  }

  public Problem mask(Mask mask) {
    this.mask = mask;
    return this;
  }

  public Problem scale(float scale) {
    this.scale = scale;
    return this;
  }

  public Mask mask() {
    return mask;
  }

  public Heads query() {
    return Views.random(layout, batch, queryHeads, queries, headDim, SEED + 1);
  }

  public Heads key() {
    return Views.random(layout, batch, keyValueHeads, keys, headDim, SEED + 2);
  }

  public Heads value() {
    return Views.random(layout, batch, keyValueHeads, keys, valueDim, SEED + 3);
  }

  public Heads emptyOutput() {
    return Views.filled(layout, batch, queryHeads, queries, valueDim, Views.SENTINEL);
  }

  public Heads emptyWeights() {
    return Views.filled(layout, batch, queryHeads, queries, keys, Views.SENTINEL);
  }

  /** The call under test. */
  public Attention attention() {
    Attention attention = Attention.standard().withMask(mask);
    return Float.isNaN(scale) ? attention : attention.withScale(scale);
  }

  public double scale() {
    return Float.isNaN(scale) ? 1 / Math.sqrt(headDim) : scale;
  }

  /** The expected result of the call under test. */
  public ReferenceAttention reference() {
    return ReferenceAttention.of(attention(), query(), key(), value());
  }

  /** The dense output of the call under test. */
  public float[] compute(Attention attention) {
    Heads output = emptyOutput();
    attention.compute(query(), key(), value(), output);
    return Views.dense(output);
  }

  /** Compares output and weights with the double reference, and checks the memory around both. */
  public void verify() {
    Heads query = query();
    Heads key = key();
    Heads value = value();
    Heads output = emptyOutput();
    attention().compute(query, key, value, output);
    Views.assertOnlyTheViewWritten(output, this);
    Views.assertSameBits(query.data(), query().data(), "query of " + this);
    Views.assertSameBits(key.data(), key().data(), "key of " + this);
    Views.assertSameBits(value.data(), value().data(), "value of " + this);
    Budget.assertWithin(this, Views.dense(output), reference().inFloat().output(), reference().output());

    Heads weights = emptyWeights();
    attention().compute(query, key, Results.of().withWeights(weights));
    Views.assertOnlyTheViewWritten(weights, "weights of " + this);
    Budget.assertWithin("weights of " + this, Views.dense(weights), reference().inFloat().weights(), reference().weights());
  }

  @Override
  public String toString() {
    return "batch "
        + batch
        + ", heads "
        + queryHeads
        + "/"
        + keyValueHeads
        + ", queries "
        + queries
        + ", keys "
        + keys
        + ", dims "
        + headDim
        + "/"
        + valueDim
        + ", "
        + layout
        + ", "
        + mask
        + ", scale "
        + scale()
        + ", seed "
        + SEED;
  }
}
