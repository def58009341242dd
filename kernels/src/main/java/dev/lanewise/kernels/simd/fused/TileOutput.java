package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Operand;
import dev.lanewise.kernels.simd.lanes.Packing;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.simd.product.AttentionMicroKernel;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.BiConsumer;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * The accumulated output of a tile of queries: accumulated[d][lane] += Σ V[key][d] · weights[key][lane], one tile of keys after the other.
 * V is read in place. Other rows can take the place of the values, and other factors that of the weights.
 */
final class TileOutput implements TileSink {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;
  private static final int MR = Tiles.ATTENTION_MR;
  private static final int QUERIES = Tiles.QUERIES;

  private final float[] edge = new float[Tiles.KEYS * MR];
  private final BiConsumer<QueryTile, ContiguousTile> source;
  private final ContiguousTile values = new ContiguousTile();
  private final LaneTransposer rows = new LaneTransposer();
  private @Nullable Heads target;
  private float[] accumulated = new float[0];

  /** The sums of earlier spans of keys, if {@link #spilled}. */
  private double[] far = new double[0];

  private boolean spilled;

  /** The span of the keys in {@link #accumulated}. */
  private int span;

  private boolean empty;
  private int width;
  private int wholeKeys;
  private int finiteFrom;
  private int finiteTo;

  /** Creates a sum over the rows that {@code source} selects for a tile of keys. */
  TileOutput(BiConsumer<QueryTile, ContiguousTile> source) {
    this.source = source;
  }

  /** Begins a unit, whose values have not been checked yet. */
  void openUnit(@Nullable Heads output) {
    target = output;
    finiteFrom = 0;
    finiteTo = 0;
  }

  @Override
  public void open(QueryTile tile) {
    Heads output = Objects.requireNonNull(target);
    rows.open(tile, output);
    width = output.width();
    empty = true;
    spilled = false;
    int size = Packing.roundUp(width, MR * LANES) * QUERIES;
    if (accumulated.length < size) {
      accumulated = new float[size];
    }
  }

  /**
   * Selects the values of the tile and finds those that are not finite, before scores become weights. A key that a lane does not see, or
   * whose score is −∞, has weight 0 there. Its product with the value is 0 unless the value is NaN or infinite; keys from such a value on
   * are added lane by lane.
   */
  @Override
  public void openTile(QueryTile tile, TileMask mask, float[] scores) {
    int newSpan = tile.key() / Tiles.SPAN;
    if (!empty && newSpan != span) {
      spill();
    }
    span = newSpan;
    source.accept(tile, values);
    wholeKeys = tile.keys();
    if (!isFinite(tile, tile.key(), tile.key() + tile.keys())) {
      wholeKeys = 0;
      while (wholeKeys < tile.keys() && rowIsFinite(wholeKeys)) {
        wholeKeys++;
      }
      // whole chains, so that a chain has the same bits in both ways
      wholeKeys = Math.max(0, wholeKeys - (tile.key() + wholeKeys) % Tiles.CHAIN);
      mask.hideInfinite(scores, tile.keys());
    }
  }

  /** Whether the values of these keys are finite. Values that were checked for an earlier tile of queries are not checked again. */
  private boolean isFinite(QueryTile tile, int from, int to) {
    if (from > finiteTo || to < finiteFrom) {
      finiteFrom = from;
      finiteTo = from;
    }
    while (finiteFrom > from && rowIsFinite(finiteFrom - 1 - tile.key())) {
      finiteFrom--;
    }
    while (finiteTo < to && rowIsFinite(finiteTo - tile.key())) {
      finiteTo++;
    }
    return finiteFrom <= from && finiteTo >= to;
  }

  private boolean rowIsFinite(int i) {
    return allFinite(values.data(), values.row(i), width);
  }

  /** Adds the weighted values of the tile. */
  @Override
  public void take(QueryTile tile, TileMask mask, float[] weights) {
    int strips = strips(wholeKeys);
    if (strips * MR < width) {
      copyEdge(strips * MR);
    }
    for (int key = 0; key < wholeKeys; key = tile.chainEnd(key)) {
      addChain(tile.scratch, weights, key, Math.min(wholeKeys, tile.chainEnd(key)), strips);
    }
    if (empty && wholeKeys < tile.keys()) {
      Arrays.fill(accumulated, 0, width * QUERIES, 0);
      empty = false;
    }
    for (int key = wholeKeys; key < tile.keys(); key = tile.chainEnd(key)) {
      addVisible(mask, weights, key, tile.chainEnd(key));
    }
  }

  /** Adds the chain of keys {@code from} (inclusive) to {@code to} (exclusive) of the tile. */
  private void addChain(Scratch scratch, float[] weights, int from, int to, int strips) {
    scratch.b.set(weights, from * QUERIES, QUERIES);
    scratch.a.set(values.data(), values.row(from), values.stride()).next(MR);
    scratch.c.set(accumulated, 0, QUERIES).next(MR * QUERIES);
    Operand start = empty ? scratch.start.set(scratch.zeros, 0, 0) : scratch.c;
    AttentionMicroKernel.multiply(scratch.a, scratch.b, start, scratch.c, to - from, strips);
    int done = strips * MR;
    if (done < width) {
      scratch.a.set(edge, from * MR, MR);
      scratch.c.set(accumulated, done * QUERIES, QUERIES);
      AttentionMicroKernel.multiply(scratch.a, scratch.b, start, scratch.c, to - from, 1);
    }
    empty = false;
  }

  /**
   * Number of strips of V that can be read in place. The last strip may extend past the end of a row. The elements behind the row are then
   * read too (their results are dropped), unless the array ends there.
   */
  private int strips(int keys) {
    int strips = Math.ceilDiv(width, MR);
    long end = values.row(0) + (keys - 1L) * values.stride() + (long) strips * MR;
    return keys > 0 && end <= values.data().length ? strips : width / MR;
  }

  /** Copies the last columns of V, fewer than a strip, because a read past them could leave the array. */
  private void copyEdge(int from) {
    for (int key = 0; key < wholeKeys; key++) {
      System.arraycopy(values.data(), values.row(key) + from, edge, key * MR, width - from);
    }
  }

  /** Adds a chain of keys, lane by lane, without the keys that a lane does not see. */
  private void addVisible(TileMask mask, float[] weights, int from, int to) {
    float[] value = values.data();
    for (int d = 0; d < width; d++) {
      for (int lane = 0; lane < QUERIES; lane++) {
        float sum = 0;
        for (int key = from; key < to; key++) {
          if ((mask.hidden(key) >>> lane & 1) == 0) {
            sum = Math.fma(value[values.row(key) + d], weights[key * QUERIES + lane], sum);
          }
        }
        accumulated[d * QUERIES + lane] += sum;
      }
    }
  }

  /** Adds the current span to the sums in double; the next span starts from zeros. */
  private void spill() {
    int size = width * QUERIES;
    if (far.length < size) {
      far = new double[size];
    }
    if (!spilled) {
      Arrays.fill(far, 0, size, 0);
      spilled = true;
    }
    for (int i = 0; i < size; i++) {
      far[i] += accumulated[i];
    }
    empty = true;
  }

  /** Writes the sums of all spans to {@link #accumulated}, after the last key. */
  private void gather() {
    if (!spilled) {
      return;
    }
    if (!empty) {
      spill();
    }
    for (int i = 0; i < width * QUERIES; i++) {
      accumulated[i] = (float) far[i];
    }
    spilled = false;
    empty = false;
  }

  /** Whether all elements are finite: x · 0 is 0 for every finite x and NaN for any other. */
  private static boolean allFinite(float[] x, int from, int length) {
    FloatVector zeros = FloatVector.zero(SPECIES);
    int bound = SPECIES.loopBound(length);
    for (int i = 0; i < bound; i += LANES) {
      zeros = FloatVector.fromArray(SPECIES, x, from + i).fma(FloatVector.zero(SPECIES), zeros);
    }
    float rest = 0;
    for (int i = bound; i < length; i++) {
      rest += x[from + i] * 0;
    }
    return rest == 0 && FloatVector.zero(SPECIES).compare(VectorOperators.EQ, zeros).allTrue();
  }

  @Override
  public void rescale(float[] factors) {
    if (!empty) {
      LaneTransposer.multiply(accumulated, width, factors);
    }
    for (int d = 0; spilled && d < width; d++) {
      for (int lane = 0; lane < QUERIES; lane++) {
        far[d * QUERIES + lane] *= factors[lane];
      }
    }
  }

  /** Writes the rows; 0 if no key has been seen. */
  @Override
  public void close(QueryTile tile, float @Nullable [] factors) {
    gather();
    if (empty) {
      Arrays.fill(accumulated, 0, Packing.roundUp(width, LANES) * QUERIES, 0);
    } else if (factors != null) {
      LaneTransposer.multiply(accumulated, width, factors);
    }
    rows.store(Objects.requireNonNull(target), accumulated, tile.scratch);
  }

  /** Whether all of a lane's output is finite. */
  boolean isFinite(int lane) {
    for (int d = 0; d < width && !empty; d++) {
      if (!Float.isFinite(accumulated[d * QUERIES + lane])) {
        return false;
      }
    }
    return true;
  }

  /** Whether the output of all lanes is finite. */
  boolean isFinite() {
    return empty || allFinite(accumulated, 0, width * QUERIES);
  }

  /** Drops the references to the caller's arrays. */
  void release() {
    values.release();
    target = null;
  }
}
