package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Operand;
import dev.lanewise.kernels.simd.lanes.Packing;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.simd.product.AttentionMicroKernel;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The output of a panel while it grows: accumulated[d][lane] += Σ V[key][d] · weights[key][lane], tile after tile; V is read as it lies.
 */
final class TileOutput {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;
  private static final int MR = Tiles.ATTENTION_MR;
  private static final int QUERIES = Tiles.QUERIES;

  private final float[] edge = new float[Tiles.KEYS * MR];
  private final ContiguousTile values = new ContiguousTile();
  private float[] accumulated = new float[0];

  /** What earlier groups of keys accumulated, if {@link #spilled}. */
  private double[] far = new double[0];

  private boolean spilled;

  /** Of the keys that {@link #accumulated} holds. */
  private int group;

  private boolean empty;
  private int width;
  private int wholeKeys;
  private int finiteFrom;
  private int finiteTo;

  /** Turns to a unit: its values have not been looked at. */
  void openUnit() {
    finiteFrom = 0;
    finiteTo = 0;
  }

  /** Turns to a panel whose values are so wide. */
  void open(int valueDim) {
    width = valueDim;
    empty = true;
    spilled = false;
    int size = Packing.roundUp(valueDim, MR * LANES) * QUERIES;
    if (accumulated.length < size) {
      accumulated = new float[size];
    }
  }

  /**
   * Looks for keys of the tile that must not simply be multiplied, before scores become weights. A key that a lane does not see, or whose
   * score is −∞, has weight 0 there, and 0 times its value is 0 unless the value is NaN or infinite: then the keys from there on go lane by
   * lane.
   */
  void openTile(QueryTile tile, TileMask mask, float[] scores) {
    int newGroup = tile.key() / Tiles.SPAN;
    if (!empty && newGroup != group) {
      spill();
    }
    group = newGroup;
    values.openValues(tile);
    wholeKeys = tile.keys();
    if (!isFinite(tile, tile.key(), tile.key() + tile.keys())) {
      wholeKeys = 0;
      while (wholeKeys < tile.keys() && rowIsFinite(wholeKeys)) {
        wholeKeys++;
      }
      // whole pieces, so that a piece is one chain whichever way it is added
      wholeKeys = Math.max(0, wholeKeys - (tile.key() + wholeKeys) % Tiles.CHAIN);
      mask.hideInfinite(scores, tile.keys());
    }
  }

  /** Whether the values of these keys are finite; what has been looked at for an earlier panel is not looked at again. */
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

  /** Adds the values of the panel's tile. */
  void add(QueryTile tile, TileMask mask, float[] weights) {
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

  /** Adds keys {@code from} (inclusive) to {@code to} (exclusive) of the tile. */
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
   * How many strips of V can be read as they lie. The last one may be cut off by the end of the row: what lies behind it is read in its
   * place (the results are dropped) unless that is the end of the array.
   */
  private int strips(int keys) {
    int strips = Math.ceilDiv(width, MR);
    long end = values.row(0) + (keys - 1L) * values.stride() + (long) strips * MR;
    return keys > 0 && end <= values.data().length ? strips : width / MR;
  }

  /** The last columns of V, fewer than a strip: a read past them could leave the array. */
  private void copyEdge(int from) {
    for (int key = 0; key < wholeKeys; key++) {
      System.arraycopy(values.data(), values.row(key) + from, edge, key * MR, width - from);
    }
  }

  /** The same, of the keys that a lane sees. */
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

  /** Adds what is accumulated to what earlier groups left; the next keys start from zeros. */
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

  /** Brings back what earlier groups left, after the last key. */
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

  /** x · 0 is 0 for every finite x, and NaN for the rest. */
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

  /** Multiplies what is there with the factors of the lanes, because their maximum moved. */
  void rescale(TileNormaliser normaliser) {
    float[] factors = normaliser.factors();
    if (!empty) {
      LaneTransposer.multiply(accumulated, width, factors);
    }
    for (int d = 0; spilled && d < width; d++) {
      for (int lane = 0; lane < QUERIES; lane++) {
        far[d * QUERIES + lane] *= factors[lane];
      }
    }
  }

  /** Brings the normaliser's last factor. */
  void normalise(TileNormaliser normaliser) {
    gather();
    if (!empty) {
      normaliser.normalise(accumulated, width);
    }
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

  /** Writes the rows; 0 if no key was seen. */
  void store(Heads output, LaneTransposer rows, Scratch scratch) {
    gather();
    if (empty) {
      Arrays.fill(accumulated, 0, Packing.roundUp(width, LANES) * QUERIES, 0);
    }
    rows.store(output, accumulated, scratch);
  }

  /** Lets go of the caller's array. */
  void release() {
    values.release();
  }
}
