package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.fuzz.Numbers.Operand;
import dev.lanewise.bench.verify.oracle.Mismatch;
import dev.lanewise.core.Attention;
import dev.lanewise.core.Results;
import dev.lanewise.core.TopKeys;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Stage;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** What a call is asked for, in memory that shows a stray write. */
final class Asked {
  static final int TOP = 3;
  private static final Map<Knob, Stage> STAGES =
      new EnumMap<>(
          Map.of(
              Knob.RAW, Stage.RAW,
              Knob.CAPPED, Stage.CAPPED,
              Knob.CHANGED, Stage.CHANGED,
              Knob.MASKED, Stage.MASKED,
              Knob.WEIGHTS, Stage.WEIGHTS));

  final Map<Stage, Heads> scores = new EnumMap<>(Stage.class);
  final Heads output;
  final float[] logSumExp;
  final float[] columnSums;
  final int[] chosen;
  final Heads chosenWeights;
  TopKeys top;
  private final Case of;
  private final List<Heads> written = new ArrayList<>();
  private final List<float[]> arrays = new ArrayList<>();
  private final List<float[]> before = new ArrayList<>();

  Asked(Case of, Numbers numbers) {
    this.of = of;
    Heads query = of.operands.query();
    output = of.operands.output();
    logSumExp = new float[of.model.rows()];
    columnSums = new float[of.model.columns()];
    chosen = IntStream.range(0, query.rows()).filter(i -> numbers.below(3, Operand.OTHER, 800 + i) == 0).toArray();
    int keys = of.model.extent.mostKeys();
    Layout layout = Layout.of(of.plan.get(Knob.OUTPUT_LAYOUT));
    STAGES.forEach(
        (knob, stage) -> {
          if (of.plan.has(knob)) {
            scores.put(stage, layout.view(query.batch(), query.heads(), query.rows(), keys, Operands.UNTOUCHED));
          }
        });
    chosenWeights = layout.view(query.batch(), query.heads(), chosen.length, keys, Operands.UNTOUCHED);
    top = topKeys();
    remember();
  }

  Plan plan() {
    return of.plan;
  }

  private TopKeys topKeys() {
    Heads query = of.operands.query();
    return TopKeys.of(TOP, query.batch(), query.heads(), query.rows());
  }

  private boolean has(Knob knob) {
    return of.plan.has(knob);
  }

  /** Notes every array that the call reads or writes, as it is, and what it may write. */
  private void remember() {
    if (has(Knob.OUTPUT)) {
      written.add(output);
    }
    if (has(Knob.LOG_SUM_EXP)) {
      written.add(whole(logSumExp));
    }
    if (has(Knob.COLUMN_SUMS)) {
      written.add(whole(columnSums));
    }
    if (has(Knob.CHOSEN_ROWS)) {
      written.add(chosenWeights);
    }
    written.addAll(scores.values());
    Operands operands = of.operands;
    for (Heads view : List.of(operands.query(), operands.key(), operands.value(), output)) {
      remember(view.data());
    }
    if (of.model.bias != null) {
      remember(of.model.bias.data());
    }
    written.forEach(view -> remember(view.data()));
  }

  private static Heads whole(float[] array) {
    return Heads.of(array, 1, 1, 1, array.length);
  }

  private void remember(float[] array) {
    if (arrays.stream().noneMatch(known -> known == array)) {
      arrays.add(array);
      before.add(array.clone());
    }
  }

  /** Puts everything back as it was before the call. */
  void restore() {
    for (int n = 0; n < arrays.size(); n++) {
      System.arraycopy(before.get(n), 0, arrays.get(n), 0, before.get(n).length);
    }
    top = topKeys();
  }

  /** Every array as it is now. */
  List<float[]> memory() {
    return arrays.stream().map(float[]::clone).toList();
  }

  /** Makes the call. */
  void compute(Attention attention) {
    compute(attention, results());
  }

  /** Makes the call with these results, if it has a choice. */
  void compute(Attention attention, Results results) {
    Operands operands = of.operands;
    if (has(Knob.LAYER)) {
      new Layers(of, this).compute(attention, of.plan.get(Knob.THREADS));
    } else if (has(Knob.PARTS)) {
      new Parts(of, of.numbers).compute(attention, output, logSumExp);
    } else if (has(Knob.CHOSEN_ROWS)) {
      attention.weights(operands.query(), operands.key(), chosen, chosenWeights);
    } else {
      compute(attention, operands.query(), operands.key(), operands.value(), results);
    }
  }

  /** Makes the call with these operands and results. */
  void compute(Attention attention, Heads query, Heads key, Heads value, Results results) {
    if (of.caches != null) {
      attention.compute(query, of.caches.list(), results);
    } else if (has(Knob.OUTPUT)) {
      attention.compute(query, key, value, results);
    } else {
      attention.compute(query, key, results);
    }
  }

  /** Everything that the call is asked for. */
  Results results() {
    Results results = Results.of();
    if (has(Knob.OUTPUT)) {
      results.output(output);
    }
    if (has(Knob.LOG_SUM_EXP)) {
      results.logSumExp(logSumExp);
    }
    scores.forEach(results::scores);
    if (has(Knob.COLUMN_SUMS)) {
      results.columnSums(columnSums);
    }
    if (has(Knob.TOP_KEYS)) {
      results.topKeys(top);
    }
    return results;
  }

  /**
   * Looks at every element that the call had no business with.
   *
   * @throws Mismatch if one is not as it was
   */
  void checkUntouched() {
    for (int n = 0; n < arrays.size(); n++) {
      float[] array = arrays.get(n);
      float[] expected = before.get(n).clone();
      for (Heads view : written) {
        if (view.data() == array) {
          Operands.forEach(view, (index, b, head, row, column) -> expected[index] = array[index]);
        }
      }
      int at = firstDifference(array, expected);
      if (at >= 0) {
        String was = expected[at] + ", is " + array[at];
        throw new Mismatch("element " + at + " of " + array.length + ", which is outside of every result, was " + was);
      }
    }
  }

  /**
   * Looks at every element.
   *
   * @throws Mismatch if one is not as it was
   */
  void checkNothingWritten() {
    for (int n = 0; n < arrays.size(); n++) {
      int at = firstDifference(arrays.get(n), before.get(n));
      if (at >= 0) {
        throw new Mismatch("a call that failed wrote " + arrays.get(n)[at] + " over " + before.get(n)[at]);
      }
    }
  }

  /** The first element whose bits differ; −1 if none does. */
  static int firstDifference(float[] x, float[] y) {
    for (int n = 0; n < x.length; n++) {
      if (Float.floatToRawIntBits(x[n]) != Float.floatToRawIntBits(y[n])) {
        boolean bothNan = Float.isNaN(x[n]) && Float.isNaN(y[n]);
        if (!bothNan) {
          return n;
        }
      }
    }
    return -1;
  }

  /** Keys and weights of the largest, row by row. */
  String topText() {
    Heads query = of.operands.query();
    StringBuilder text = new StringBuilder();
    for (int n = 0; has(Knob.TOP_KEYS) && n < query.batch() * query.heads() * query.rows() * TOP; n++) {
      int row = n / TOP;
      int b = row / query.rows() / query.heads();
      int head = row / query.rows() % query.heads();
      text.append(top.key(b, head, row % query.rows(), n % TOP)).append(' ');
      text.append(top.weight(b, head, row % query.rows(), n % TOP)).append(", ");
    }
    return text.toString();
  }
}
