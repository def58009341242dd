package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.data.Dropout;
import dev.lanewise.kernels.runtime.Philox;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Tiles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Drops weights of a tile (keys × lanes), see {@link Dropout}. The generator multiplies words of 32 bits to 64 bits, so one vector of longs
 * holds the even lanes of a vector of floats and another the odd ones. A vector of ints then has the lanes of both in order.
 */
public final class TileDropout {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final VectorSpecies<Integer> INTS = SPECIES.withLanes(int.class);
  private static final VectorSpecies<Long> LONGS = SPECIES.withLanes(long.class);
  private static final int LANES = Lanes.COUNT;
  private static final long LOW = 0xFFFFFFFFL;
  private static final int WORDS = 4;

  /** Words of the counter of each lane, as unsigned numbers: even lanes of a vector, then its odd lanes. */
  private final long[] query = new long[Tiles.QUERIES];

  private final long[] head = new long[Tiles.QUERIES];

  /** The random words of a vector: [word][lane]. */
  private final int[] words = new int[WORDS * LANES];

  private int call;
  private int key0;
  private int key1;
  private int threshold;
  private float factor;

  /** Begins new query rows. */
  public void open(QueryTile tile, Dropout dropout) {
    call = (int) dropout.call();
    key0 = dropout.key0();
    key1 = dropout.key1();
    threshold = dropout.threshold();
    factor = dropout.factor();
    int heads = tile.problem().shape.queryHeads();
    for (int lane = 0; lane < tile.lanes(); lane++) {
      int at = lane / LANES * LANES + lane % 2 * (LANES / 2) + lane % LANES / 2;
      query[at] = tile.query(lane);
      head[at] = (long) tile.batchEntry() * heads + tile.queryHead(lane);
    }
  }

  /** Drops weights of the keys {@code from} (inclusive) to {@code to} (exclusive) of the tile. */
  public void apply(QueryTile tile, float[] weights, int from, int to) {
    int first = (tile.key() + from) / Dropout.KEYS;
    int last = (tile.key() + to - 1) / Dropout.KEYS;
    for (int lane = 0; lane < tile.lanes(); lane += LANES) {
      for (int block = first; block <= last; block++) {
        generate(lane, block);
        int start = block * Dropout.KEYS - tile.key();
        for (int key = Math.max(from, start); key < Math.min(to, start + Dropout.KEYS); key++) {
          drop(weights, LaneRows.index(LaneRows.KEYS, key, lane), key - start);
        }
      }
    }
  }

  private void drop(float[] weights, int at, int place) {
    IntVector word = IntVector.fromArray(INTS, words, place / 2 * LANES);
    IntVector bits = place % 2 == 0 ? word.and(0xFFFF) : word.lanewise(VectorOperators.LSHR, Short.SIZE);
    VectorMask<Float> kept = bits.compare(VectorOperators.GE, threshold).cast(SPECIES);
    FloatVector.zero(SPECIES).blend(FloatVector.fromArray(SPECIES, weights, at).mul(factor), kept).intoArray(weights, at);
  }

  /** Computes the words of a vector for a block of keys. */
  private void generate(int lane, int block) {
    LongVector first = LongVector.broadcast(LONGS, Philox.FIRST_FACTOR & LOW);
    LongVector second = LongVector.broadcast(LONGS, Philox.SECOND_FACTOR & LOW);
    LongVector even0 = LongVector.broadcast(LONGS, block);
    LongVector even1 = LongVector.fromArray(LONGS, query, lane);
    LongVector even2 = LongVector.fromArray(LONGS, head, lane);
    LongVector even3 = LongVector.broadcast(LONGS, call & LOW);
    LongVector odd0 = even0;
    LongVector odd1 = LongVector.fromArray(LONGS, query, lane + LANES / 2);
    LongVector odd2 = LongVector.fromArray(LONGS, head, lane + LANES / 2);
    LongVector odd3 = even3;
    int k0 = key0;
    int k1 = key1;
    for (int round = 0; round < Philox.ROUNDS; round++) {
      LongVector evenFirst = even0.and(LOW).mul(first);
      LongVector evenSecond = even2.and(LOW).mul(second);
      LongVector oddFirst = odd0.and(LOW).mul(first);
      LongVector oddSecond = odd2.and(LOW).mul(second);
      even0 =
          evenSecond
              .lanewise(VectorOperators.LSHR, Integer.SIZE)
              .lanewise(VectorOperators.XOR, even1)
              .lanewise(VectorOperators.XOR, k0 & LOW);
      odd0 =
          oddSecond
              .lanewise(VectorOperators.LSHR, Integer.SIZE)
              .lanewise(VectorOperators.XOR, odd1)
              .lanewise(VectorOperators.XOR, k0 & LOW);
      even2 =
          evenFirst
              .lanewise(VectorOperators.LSHR, Integer.SIZE)
              .lanewise(VectorOperators.XOR, even3)
              .lanewise(VectorOperators.XOR, k1 & LOW);
      odd2 =
          oddFirst.lanewise(VectorOperators.LSHR, Integer.SIZE).lanewise(VectorOperators.XOR, odd3).lanewise(VectorOperators.XOR, k1 & LOW);
      even1 = evenSecond; // only the low half is a word; the high half is masked before it is used
      odd1 = oddSecond;
      even3 = evenFirst;
      odd3 = oddFirst;
      k0 += Philox.FIRST_STEP;
      k1 += Philox.SECOND_STEP;
    }
    store(even0, odd0, 0);
    store(even1, odd1, 1);
    store(even2, odd2, 2);
    store(even3, odd3, 3);
  }

  private void store(LongVector even, LongVector odd, int word) {
    LongVector both = even.and(LOW).or(odd.lanewise(VectorOperators.LSHL, Integer.SIZE));
    both.reinterpretAsInts().intoArray(words, word * LANES);
  }
}
