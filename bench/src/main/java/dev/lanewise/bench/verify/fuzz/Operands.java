package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.fuzz.Numbers.Operand;
import dev.lanewise.bench.verify.oracle.Model;
import dev.lanewise.bench.verify.oracle.Views;
import dev.lanewise.kernels.data.Heads;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Query, key and value of a plan, filled, and the output.
 *
 * @param query batch × queryHeads × queries × headDim
 * @param key batch × keyValueHeads × keys × headDim
 * @param value batch × keyValueHeads × keys × valueDim
 * @param output batch × queryHeads × queries × valueDim, to be written; it shares an array with the others if they are packed
 * @param repeats whether elements of one operand share a place
 */
record Operands(Heads query, Heads key, Heads value, Heads output, boolean repeats) {
  /** The content of a result before a call, which makes a stray write visible. */
  static final float UNTOUCHED = -12345.678f;

  /** How operands share an array. */
  enum Shared {
    NONE,
    PACKED,
    SAME
  }

  /** The input whose array a result overlaps, which the call must refuse. */
  enum Overlap {
    NONE,
    QUERY,
    KEY,
    VALUE,
    BIAS
  }

  /** Where NaN and infinities are put. */
  enum PoisonPlace {
    UNSEEN_KEYS,
    QUERY,
    KEY,
    VALUE,
    ANYWHERE
  }

  /** The operands for so many rows. */
  static Operands of(Plan plan, Numbers numbers, int queries, int keys) {
    int batch = plan.get(Options.BATCH);
    int keyValueHeads = plan.get(Options.KEY_VALUE_HEADS);
    int heads = keyValueHeads * plan.get(Options.GROUP);
    int headDim = plan.get(Options.HEAD_DIM);
    int valueDim = plan.get(Options.VALUE_DIM);
    Heads output = plan.get(Options.OUTPUT_LAYOUT).view(batch, heads, queries, valueDim, UNTOUCHED);
    Operands operands =
        switch (plan.get(Options.SHARED)) {
          case NONE ->
              new Operands(
                  plan.get(Options.QUERY_LAYOUT).view(batch, heads, queries, headDim, Float.NaN),
                  plan.get(Options.KEY_LAYOUT).view(batch, keyValueHeads, keys, headDim, Float.NaN),
                  plan.get(Options.VALUE_LAYOUT).view(batch, keyValueHeads, keys, valueDim, Float.NaN),
                  output,
                  plan.repeats());
          case PACKED -> packed(batch, heads, keyValueHeads, queries, headDim, valueDim);
          case SAME -> {
            Heads rows = Layout.DENSE.view(batch, heads, queries, headDim, 0);
            yield new Operands(rows, rows, rows, output, true);
          }
        };
    fill(numbers, Operand.QUERY, operands.query);
    fill(numbers, Operand.KEY, operands.key);
    fill(numbers, Operand.VALUE, operands.value);
    if (plan.has(Options.ROTARY) && !operands.repeats) {
      RotaryCheck rotary = RotaryCheck.of(plan.get(Options.ROTARY), headDim);
      rotary.apply(operands.key, 0);
      rotary.apply(operands.query, Math.max(0, keys - queries));
    }
    operands.poison(plan, numbers);
    return operands;
  }

  /** Rows of query, key, value and output side by side. */
  private static Operands packed(int batch, int heads, int keyValueHeads, int rows, int headDim, int valueDim) {
    int keyOffset = heads * headDim;
    int valueOffset = keyOffset + keyValueHeads * headDim;
    int outputOffset = valueOffset + keyValueHeads * valueDim;
    int rowStride = outputOffset + heads * valueDim;
    int batchStride = rows * rowStride;
    float[] data = new float[rowStride + batch * batchStride];
    Arrays.fill(data, UNTOUCHED);
    return new Operands(
        new Heads(data, 0, batch, heads, rows, headDim, batchStride, headDim, rowStride),
        new Heads(data, keyOffset, batch, keyValueHeads, rows, headDim, batchStride, headDim, rowStride),
        new Heads(data, valueOffset, batch, keyValueHeads, rows, valueDim, batchStride, valueDim, rowStride),
        new Heads(data, outputOffset, batch, heads, rows, valueDim, batchStride, valueDim, rowStride),
        false);
  }

  private static void fill(Numbers numbers, Operand operand, Heads view) {
    int width = view.width();
    Views.forEach(view, (place, b, head, row, column) -> view.data()[place] = numbers.element(operand, b, head, row, column, width));
  }

  private void poison(Plan plan, Numbers numbers) {
    if (plan.has(Options.POISON)) {
      PoisonPlace place = plan.get(Options.POISON_PLACE);
      poison(place == PoisonPlace.QUERY, 0, query, plan, numbers);
      poison(place == PoisonPlace.KEY, 1, key, plan, numbers);
      poison(place == PoisonPlace.VALUE, 2, value, plan, numbers);
    }
  }

  private static void poison(boolean here, int n, Heads view, Plan plan, Numbers numbers) {
    if ((here || plan.get(Options.POISON_PLACE) == PoisonPlace.ANYWHERE) && !view.isEmpty()) {
      for (int count = numbers.below(3, 70 + n); count >= 0; count--) {
        int salt = 10 * n + count;
        int b = numbers.below(view.batch(), 100 + salt);
        int head = numbers.below(view.heads(), 200 + salt);
        int row = numbers.below(view.rows(), 300 + salt);
        int column = numbers.below(view.width(), 400 + salt);
        view.data()[view.index(b, head, row, column)] = numbers.poison(plan.get(Options.POISON), count);
      }
    }
  }

  /** Puts NaN or infinities into the key and value rows that no query sees. */
  void poisonUnseen(Plan plan, Numbers numbers, Model model, int @Nullable [] starts) {
    if (!plan.has(Options.POISON) || plan.get(Options.POISON_PLACE) != PoisonPlace.UNSEEN_KEYS || repeats) {
      return;
    }
    for (int b = 0; b < model.extent.entries(); b++) {
      for (int head = 0; head < model.keyValueHeads; head++) {
        for (int j = 0; j < model.extent.keys()[b]; j++) {
          if (isUnseen(model, b, head, j)) {
            int row = starts == null ? j : starts[b] + j;
            for (Heads view : new Heads[] {key, value}) {
              for (int column = 0; column < view.width(); column++) {
                int place = view.index(starts == null ? b : 0, head, row, column);
                view.data()[place] = numbers.poison(plan.get(Options.POISON), row + column);
              }
            }
          }
        }
      }
    }
  }

  private static boolean isUnseen(Model model, int b, int keyValueHead, int j) {
    int group = model.extent.heads() / model.keyValueHeads;
    for (int head = keyValueHead * group; head < (keyValueHead + 1) * group; head++) {
      for (int i = 0; i < model.extent.queries()[b]; i++) {
        if (!model.hidden(b, head, i, j)) {
          return false;
        }
      }
    }
    return true;
  }
}
