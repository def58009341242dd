package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.fuzz.Numbers.Operand;
import dev.lanewise.bench.verify.oracle.Model;
import dev.lanewise.bench.verify.oracle.Rotation;
import dev.lanewise.core.Attention;
import dev.lanewise.core.position.LayerPositions;
import dev.lanewise.core.position.Positions;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.kernels.data.RotaryTable;

/** The positions of a layer: those of the library, and their effect on queries, keys and scores in the plain data. */
record LayerPositionsModel(Call call) {
  /** The error of a rotated element, relative to the length of its row. */
  private static final double ROTATION_ERROR = 32 * 0x1p-24;

  private static final int BUCKETS = 8;
  private static final int MOST_DISTANCE = 20;

  /** The kinds of positions. */
  enum Kind {
    NONE,
    ROTARY,
    ROTARY_INTERLEAVED,
    ROTARY_PART_OF_A_ROW,
    ALIBI,
    BUCKETS,
    BUCKETS_OF_KEYS_BEFORE;

    boolean fits(int headDim) {
      return !isRotary() || (headDim % 2 == 0 && (this != ROTARY_PART_OF_A_ROW || headDim >= 4));
    }

    boolean isRotary() {
      return this == ROTARY || this == ROTARY_INTERLEAVED || this == ROTARY_PART_OF_A_ROW;
    }

    boolean hasBuckets() {
      return this == BUCKETS || this == BUCKETS_OF_KEYS_BEFORE;
    }
  }

  private Kind kind() {
    return call.plan.get(Option.POSITIONS);
  }

  /** The positions of the library. */
  LayerPositions positions() {
    int dim = call.plan.get(Option.HEAD_DIM);
    return switch (kind()) {
      case NONE -> Positions.none();
      case ROTARY -> Rotary.of(dim);
      case ROTARY_INTERLEAVED -> Rotary.of(dim).withForm(RotaryTable.Form.INTERLEAVED);
      case ROTARY_PART_OF_A_ROW -> Rotary.of(dim, rotation().width());
      case ALIBI -> Positions.alibi(call.model.extent.heads());
      case BUCKETS -> Positions.relativeBuckets(table(), BUCKETS, MOST_DISTANCE, true);
      case BUCKETS_OF_KEYS_BEFORE -> Positions.relativeBuckets(table(), BUCKETS, MOST_DISTANCE, false);
    };
  }

  private Rotation rotation() {
    int dim = call.plan.get(Option.HEAD_DIM);
    return new Rotation(kind() == Kind.ROTARY_PART_OF_A_ROW ? dim / 2 & ~1 : dim, kind() == Kind.ROTARY_INTERLEAVED);
  }

  /** Puts the effect of positions into the plain data, after its queries and keys have been read. */
  void describe() {
    Model model = call.model;
    if (kind().isRotary()) {
      rotate(model);
    }
    if (kind() == Kind.ALIBI) {
      float[] slopes = Attention.standardSlopes(model.extent.heads());
      float[] others = model.slopes;
      for (int head = 0; head < slopes.length && others != null; head++) {
        slopes[head] += others[head];
      }
      model.slopes = slopes;
    }
    if (kind().hasBuckets()) {
      float[] table = table();
      model.relative = (head, behind) -> table[bucket(behind, kind() == Kind.BUCKETS) * model.extent.heads() + head];
    }
  }

  private void rotate(Model model) {
    Rotation rotation = rotation();
    model.rotationError = ROTATION_ERROR;
    for (int b = 0; b < model.extent.entries(); b++) {
      int queries = model.extent.queries()[b];
      int keys = model.extent.keys()[b];
      for (int row = 0; row < model.extent.heads() * queries; row++) {
        rotation.apply(model.query[b], row * model.headDim, model.queryPosition(b, row % queries));
      }
      for (int row = 0; row < model.keyValueHeads * keys; row++) {
        rotation.apply(model.key[b], row * model.headDim, model.keyPosition(b, row % keys));
      }
    }
  }

  private float[] table() {
    float[] table = new float[BUCKETS * call.model.extent.heads()];
    for (int n = 0; n < table.length; n++) {
      table[n] = call.numbers.normal(Operand.OTHER, 950 + n);
    }
    return table;
  }

  /** The bucket of a distance by T5's code, in float. */
  private static int bucket(int behind, boolean bothSides) {
    int buckets = bothSides ? BUCKETS / 2 : BUCKETS;
    int first = bothSides && behind > 0 ? buckets : 0;
    int distance = bothSides ? Math.abs(behind) : -Math.min(behind, 0);
    int exact = buckets / 2;
    if (distance < exact) {
      return first + distance;
    }
    float large = (float) Math.log((float) distance / exact) / (float) Math.log(MOST_DISTANCE / (double) exact) * (buckets - exact);
    return first + Math.min(exact + (int) large, buckets - 1);
  }
}
