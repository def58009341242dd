package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.fuzz.Numbers.Operand;
import dev.lanewise.bench.verify.oracle.Model;
import dev.lanewise.bench.verify.oracle.Rotation;
import dev.lanewise.bench.verify.oracle.ScoreChange;
import dev.lanewise.core.Attention;
import dev.lanewise.core.position.LayerPositions;
import dev.lanewise.core.position.Positions;

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

    /** The rotation of queries and keys. */
    RotaryCheck.Kind rotary() {
      return switch (this) {
        case NONE, ALIBI, BUCKETS, BUCKETS_OF_KEYS_BEFORE -> RotaryCheck.Kind.NONE;
        case ROTARY -> RotaryCheck.Kind.HALF;
        case ROTARY_INTERLEAVED -> RotaryCheck.Kind.INTERLEAVED;
        case ROTARY_PART_OF_A_ROW -> RotaryCheck.Kind.PART_OF_A_ROW;
      };
    }

    boolean hasBuckets() {
      return this == BUCKETS || this == BUCKETS_OF_KEYS_BEFORE;
    }
  }

  private Kind kind() {
    return call.plan.get(Options.POSITIONS);
  }

  /** The positions of the library. */
  LayerPositions positions() {
    return switch (kind()) {
      case NONE -> Positions.none();
      case ROTARY, ROTARY_INTERLEAVED, ROTARY_PART_OF_A_ROW -> rotary().rotary();
      case ALIBI -> Positions.alibi(call.model.extent.heads());
      case BUCKETS -> Positions.relativeBuckets(table(), BUCKETS, MOST_DISTANCE, true);
      case BUCKETS_OF_KEYS_BEFORE -> Positions.relativeBuckets(table(), BUCKETS, MOST_DISTANCE, false);
    };
  }

  private RotaryCheck rotary() {
    return RotaryCheck.of(kind().rotary(), call.plan.get(Options.HEAD_DIM));
  }

  /** Puts the effect of positions into the plain data, after its queries and keys have been read. */
  void describe() {
    Model model = call.model;
    if (kind().rotary() != RotaryCheck.Kind.NONE) {
      rotate(model);
    }
    if (kind() == Kind.ALIBI) {
      model.add(FormulaOptions.alibi(Attention.standardSlopes(model.extent.heads()), model::behind));
    }
    if (kind().hasBuckets()) {
      float[] table = table();
      boolean bothSides = kind() == Kind.BUCKETS;
      model.add(new ScoreChange.Sum((b, head, i, j) -> table[bucket(model.behind(b, i, j), bothSides) * model.extent.heads() + head]));
    }
  }

  private void rotate(Model model) {
    Rotation rotation = rotary().rotation();
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
