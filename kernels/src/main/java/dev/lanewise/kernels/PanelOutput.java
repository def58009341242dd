package dev.lanewise.kernels;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The output of a panel while it grows: accumulated[d][lane] += Σ V[key][d] · weights[key][lane], tile after tile; V is read as it lies.
 */
final class PanelOutput {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;
  private static final int STRIP = Tiles.STRIP;
  private static final int QUERIES = Tiles.QUERIES;

  private final float[] edge = new float[Tiles.KEYS * STRIP];
  private final DenseTile tile = new DenseTile();
  private float[] accumulated = new float[0];
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
    int size = Packing.roundUp(valueDim, STRIP * LANES) * QUERIES;
    if (accumulated.length < size) {
      accumulated = new float[size];
    }
  }

  /**
   * Looks for keys of the tile that must not simply be multiplied, before scores become weights. A key that a lane does not see, or whose
   * score is −∞, has weight 0 there, and 0 times its value is 0 unless the value is NaN or infinite: then the keys from there on go lane by
   * lane.
   */
  void openTile(Panel panel, PanelMask mask, float[] scores) {
    tile.openValues(panel);
    wholeKeys = panel.keys();
    if (!isFinite(panel, panel.key(), panel.key() + panel.keys())) {
      wholeKeys = 0;
      while (wholeKeys < panel.keys() && rowIsFinite(wholeKeys)) {
        wholeKeys++;
      }
      mask.hideInfinite(scores, panel.keys());
    }
  }

  /** Whether the values of these keys are finite; what has been looked at for an earlier panel is not looked at again. */
  private boolean isFinite(Panel panel, int from, int to) {
    if (from > finiteTo || to < finiteFrom) {
      finiteFrom = from;
      finiteTo = from;
    }
    while (finiteFrom > from && rowIsFinite(finiteFrom - 1 - panel.key())) {
      finiteFrom--;
    }
    while (finiteTo < to && rowIsFinite(finiteTo - panel.key())) {
      finiteTo++;
    }
    return finiteFrom <= from && finiteTo >= to;
  }

  private boolean rowIsFinite(int i) {
    return allFinite(tile.data(), tile.row(i), width);
  }

  /** Adds the values of the panel's tile. */
  void add(Panel panel, PanelMask mask, float[] weights) {
    Scratch scratch = panel.scratch;
    int strips = strips(wholeKeys);
    scratch.b.set(weights, 0, QUERIES);
    scratch.a.set(tile.data(), tile.row(0), tile.stride()).next(STRIP);
    scratch.c.set(accumulated, 0, QUERIES).next(STRIP * QUERIES);
    Strip start = empty ? scratch.start.set(scratch.zeros, 0, 0) : scratch.c;
    PanelKernel.multiply(scratch.a, scratch.b, start, scratch.c, wholeKeys, strips);
    int done = strips * STRIP;
    if (done < width) {
      copyEdge(done);
      scratch.a.set(edge, 0, STRIP);
      scratch.c.set(accumulated, done * QUERIES, QUERIES);
      PanelKernel.multiply(scratch.a, scratch.b, start, scratch.c, wholeKeys, 1);
    }
    empty = false;
    for (int i = wholeKeys; i < panel.keys(); i++) {
      addVisible(weights, i, mask.hidden(i));
    }
  }

  /**
   * How many strips of V can be read as they lie. The last one may be cut off by the end of the row: what lies behind it is read in its
   * place (the results are dropped) unless that is the end of the array.
   */
  private int strips(int keys) {
    int strips = Math.ceilDiv(width, STRIP);
    long end = tile.row(0) + (keys - 1L) * tile.stride() + (long) strips * STRIP;
    return keys > 0 && end <= tile.data().length ? strips : width / STRIP;
  }

  /** The last columns of V, fewer than a strip: a read past them could leave the array. */
  private void copyEdge(int from) {
    for (int key = 0; key < wholeKeys; key++) {
      System.arraycopy(tile.data(), tile.row(key) + from, edge, key * STRIP, width - from);
    }
  }

  private void addVisible(float[] weights, int key, long hidden) {
    float[] value = tile.data();
    int from = tile.row(key);
    for (int lane = 0; lane < QUERIES; lane++) {
      if ((hidden >>> lane & 1) == 0) {
        float weight = weights[key * QUERIES + lane];
        for (int d = 0; d < width; d++) {
          int at = d * QUERIES + lane;
          accumulated[at] = Math.fma(value[from + d], weight, accumulated[at]);
        }
      }
    }
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
  void rescale(PanelNormaliser normaliser) {
    if (!empty) {
      normaliser.rescale(accumulated, width);
    }
  }

  /** Brings the normaliser's last factor. */
  void normalise(PanelNormaliser normaliser) {
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
  void store(Heads output, PanelRows rows, Scratch scratch) {
    if (empty) {
      Arrays.fill(accumulated, 0, Packing.roundUp(width, LANES) * QUERIES, 0);
    }
    rows.store(output, accumulated, scratch);
  }

  /** Lets go of the caller's array. */
  void release() {
    tile.release();
  }
}
