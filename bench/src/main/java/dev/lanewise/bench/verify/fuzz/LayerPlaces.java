package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.fuzz.Numbers.Operand;
import dev.lanewise.bench.verify.oracle.Model;
import dev.lanewise.core.Attention;
import dev.lanewise.core.position.LayerPositions;
import dev.lanewise.core.position.Positions;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.kernels.data.RotaryTable;
import java.util.Arrays;

/** The positions of a layer, and in the plain data what they do to its queries, keys and scores. */
record LayerPlaces(Case of) {
  private static final double BASE = 10_000;
  private static final double TURNED = 32 * 0x1p-24;
  private static final int BUCKETS = 8;
  private static final int MOST_DISTANCE = 20;

  /** How rows are told apart. */
  enum Kind {
    NONE(""),
    ROTARY("rotary"),
    INTERLEAVED("rotary, interleaved"),
    PART("rotary, part of a row"),
    ALIBI("alibi"),
    BUCKETS("buckets"),
    ONE_SIDED("buckets of keys before");

    private final String text;

    Kind(String text) {
      this.text = text;
    }

    boolean fits(int headDim) {
      return !turns() || (headDim % 2 == 0 && (this != PART || headDim >= 4));
    }

    boolean turns() {
      return this == ROTARY || this == INTERLEAVED || this == PART;
    }

    boolean asksForBuckets() {
      return this == BUCKETS || this == ONE_SIDED;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** The library's. */
  LayerPositions positions() {
    int dim = of.plan.get(Knob.HEAD_DIM);
    int heads = of.model.extent.heads();
    return switch (of.plan.positions()) {
      case NONE -> Positions.none();
      case ROTARY -> Rotary.of(dim);
      case INTERLEAVED -> Rotary.of(dim).withForm(RotaryTable.Form.INTERLEAVED);
      case PART -> Rotary.of(dim, turning());
      case ALIBI -> Positions.alibi(heads);
      case BUCKETS -> Positions.relativeBuckets(table(), BUCKETS, MOST_DISTANCE, true);
      case ONE_SIDED -> Positions.relativeBuckets(table(), BUCKETS, MOST_DISTANCE, false);
    };
  }

  /** Puts what they do into the plain data, whose queries and keys have been read. */
  void describe() {
    Model model = of.model;
    Kind kind = of.plan.positions();
    if (kind.turns()) {
      model.turned = TURNED;
      for (int b = 0; b < model.extent.entries(); b++) {
        int queries = model.extent.queries()[b];
        int keys = model.extent.keys()[b];
        for (int row = 0; row < model.extent.heads() * queries; row++) {
          turn(model.query[b], row * model.headDim, model.queryPosition(b, row % queries));
        }
        for (int row = 0; row < model.keyValueHeads * keys; row++) {
          turn(model.key[b], row * model.headDim, model.keyPosition(b, row % keys));
        }
      }
    }
    if (kind == Kind.ALIBI) {
      float[] slopes = Attention.standardSlopes(model.extent.heads());
      float[] others = model.slopes;
      for (int head = 0; head < slopes.length && others != null; head++) {
        slopes[head] += others[head];
      }
      model.slopes = slopes;
    }
    if (kind.asksForBuckets()) {
      float[] table = table();
      model.relative = (head, behind) -> table[bucket(behind, kind == Kind.BUCKETS) * model.extent.heads() + head];
    }
  }

  private int turning() {
    int dim = of.plan.get(Knob.HEAD_DIM);
    return of.plan.positions() == Kind.PART ? dim / 2 & ~1 : dim;
  }

  private void turn(float[] rows, int from, int position) {
    int width = turning();
    float[] x = Arrays.copyOfRange(rows, from, from + width);
    for (int pair = 0; pair < width / 2; pair++) {
      boolean together = of.plan.positions() == Kind.INTERLEAVED;
      int left = together ? 2 * pair : pair;
      int right = together ? left + 1 : pair + width / 2;
      double angle = position * Math.pow(BASE, -2.0 * pair / width);
      rows[from + left] = (float) (x[left] * Math.cos(angle) - x[right] * Math.sin(angle));
      rows[from + right] = (float) (x[right] * Math.cos(angle) + x[left] * Math.sin(angle));
    }
  }

  private float[] table() {
    float[] table = new float[BUCKETS * of.model.extent.heads()];
    for (int n = 0; n < table.length; n++) {
      table[n] = of.numbers.normal(Operand.OTHER, 950 + n);
    }
    return table;
  }

  /** T5's, as its code has it, in float. */
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
