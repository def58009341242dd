package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.fuzz.Numbers.Operand;
import dev.lanewise.bench.verify.oracle.Model;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RotaryTable;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Query, key and value of a plan, filled.
 *
 * @param query batch × queryHeads × queries × headDim
 * @param key batch × keyValueHeads × keys × headDim
 * @param value batch × keyValueHeads × keys × valueDim
 * @param output batch × queryHeads × queries × valueDim, to be written; part of the others' array, if that is packed
 * @param repeats whether elements of one of them share a place
 */
record Operands(Heads query, Heads key, Heads value, Heads output, boolean repeats) {
  /** What a result holds before a call, so that a stray write shows. */
  static final float UNTOUCHED = -12345.678f;

  /** The operands for so many rows. */
  static Operands of(Plan plan, Numbers numbers, int queries, int keys) {
    int batch = plan.get(Knob.BATCH);
    int keyValueHeads = plan.get(Knob.KEY_VALUE_HEADS);
    int heads = keyValueHeads * plan.get(Knob.GROUP);
    int headDim = plan.get(Knob.HEAD_DIM);
    int valueDim = plan.get(Knob.VALUE_DIM);
    Heads output = layout(plan, Knob.OUTPUT_LAYOUT).view(batch, heads, queries, valueDim, UNTOUCHED);
    Operands operands =
        switch (plan.get(Knob.SHARED)) {
          case Case.PACKED -> packed(batch, heads, keyValueHeads, queries, headDim, valueDim);
          case Case.SAME -> {
            Heads rows = Layout.of(0).view(batch, heads, queries, headDim, 0);
            yield new Operands(rows, rows, rows, output, true);
          }
          default ->
              new Operands(
                  layout(plan, Knob.QUERY_LAYOUT).view(batch, heads, queries, headDim, Float.NaN),
                  layout(plan, Knob.KEY_LAYOUT).view(batch, keyValueHeads, keys, headDim, Float.NaN),
                  layout(plan, Knob.VALUE_LAYOUT).view(batch, keyValueHeads, keys, valueDim, Float.NaN),
                  output,
                  plan.repeats());
        };
    fill(numbers, Operand.QUERY, operands.query);
    fill(numbers, Operand.KEY, operands.key);
    fill(numbers, Operand.VALUE, operands.value);
    if (plan.has(Knob.ROTARY) && !operands.repeats) {
      turn(plan, operands);
    }
    operands.poison(plan, numbers);
    return operands;
  }

  private static Layout layout(Plan plan, Knob knob) {
    return Layout.of(plan.get(knob));
  }

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

  /** Calls {@code action} for every element. */
  static void forEach(Heads view, Action action) {
    for (int b = 0; b < view.batch(); b++) {
      for (int head = 0; head < view.heads(); head++) {
        for (int row = 0; row < view.rows(); row++) {
          int at = view.offset() + b * view.batchStride() + head * view.headStride() + row * view.rowStride();
          for (int column = 0; column < view.width(); column++) {
            action.on(at + column * view.columnStride(), b, head, row, column);
          }
        }
      }
    }
  }

  /** Something done with an element and its index. */
  @FunctionalInterface
  interface Action {
    void on(int index, int b, int head, int row, int column);
  }

  private static void fill(Numbers numbers, Operand operand, Heads view) {
    int width = view.width();
    forEach(view, (index, b, head, row, column) -> view.data()[index] = numbers.element(operand, b, head, row, column, width));
  }

  private static void turn(Plan plan, Operands operands) {
    int dim = plan.get(Knob.HEAD_DIM);
    Turn turn =
        switch (plan.get(Knob.ROTARY)) {
          case 2 -> new Turn(dim, dim, RotaryTable.Form.INTERLEAVED);
          case 3 -> new Turn(dim, dim / 2 & ~1, RotaryTable.Form.HALF);
          default -> new Turn(dim, dim, RotaryTable.Form.HALF);
        };
    turn.apply(operands.key, 0);
    turn.apply(operands.query, Math.max(0, operands.key.rows() - operands.query.rows()));
  }

  private void poison(Plan plan, Numbers numbers) {
    int place = plan.get(Knob.POISON_PLACE);
    if (!plan.has(Knob.POISON) || place == Case.UNSEEN) {
      return;
    }
    Heads[] views = {query, key, value};
    for (int n = 0; n < views.length; n++) {
      Heads view = views[n];
      if ((place == n + 1 || place == Case.ANYWHERE) && !view.isEmpty()) {
        for (int count = numbers.below(3, Operand.OTHER, 70 + n); count >= 0; count--) {
          int b = numbers.below(view.batch(), Operand.OTHER, 100 + 10 * n + count);
          int head = numbers.below(view.heads(), Operand.OTHER, 200 + 10 * n + count);
          int row = numbers.below(view.rows(), Operand.OTHER, 300 + 10 * n + count);
          int column = numbers.below(view.width(), Operand.OTHER, 400 + 10 * n + count);
          view.data()[view.index(b, head, row, column)] = numbers.poison(plan.get(Knob.POISON), count);
        }
      }
    }
  }

  /** Puts NaN or infinities wherever no query looks: whole rows of keys and values, of sequences counted from their starts. */
  void poisonUnseen(Plan plan, Numbers numbers, Model model, int @Nullable [] starts) {
    if (!plan.has(Knob.POISON) || plan.get(Knob.POISON_PLACE) != Case.UNSEEN || repeats) {
      return;
    }
    for (int b = 0; b < model.extent.entries(); b++) {
      int entry = starts == null ? b : 0;
      int first = starts == null ? 0 : starts[b];
      for (int head = 0; head < model.keyValueHeads; head++) {
        for (int j = 0; j < model.extent.keys()[b]; j++) {
          if (unseen(model, b, head, j)) {
            poisonRow(key, entry, head, first + j, numbers, plan);
            poisonRow(value, entry, head, first + j, numbers, plan);
          }
        }
      }
    }
  }

  private static void poisonRow(Heads view, int b, int head, int row, Numbers numbers, Plan plan) {
    for (int column = 0; column < view.width(); column++) {
      view.data()[view.index(b, head, row, column)] = numbers.poison(plan.get(Knob.POISON), row + column);
    }
  }

  private static boolean unseen(Model model, int b, int keyValueHead, int j) {
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
