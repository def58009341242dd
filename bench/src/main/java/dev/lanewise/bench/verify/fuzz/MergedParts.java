package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.oracle.Model;
import dev.lanewise.bench.verify.oracle.ScoreChange;
import dev.lanewise.bench.verify.oracle.Views;
import dev.lanewise.core.Attention;
import dev.lanewise.core.Merge;
import dev.lanewise.core.Results;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A call whose keys are attended to in several parts, some without keys, which are merged in some order. One part has the sinks. */
record MergedParts(Call call) {
  private static final float[] GARBAGE = {Float.NaN, Float.POSITIVE_INFINITY, -3e38f, 1};

  private record Part(Heads output, float[] logSumExp) {}

  /** Computes {@code output} and {@code logSumExp}. */
  void compute(Attention attention, Heads output, float[] logSumExp) {
    int keys = call.operands.key().rows();
    int count = call.plan.get(Options.PARTS) + 1;
    int[] ends = new int[count + 1];
    for (int part = 1; part < count; part++) {
      ends[part] = call.numbers.below(keys + 1, 900 + part);
    }
    ends[count] = keys;
    Arrays.sort(ends);
    int sinkPart = call.numbers.below(count, 910);
    int first = call.numbers.below(count, 911);
    List<Part> parts = new ArrayList<>();
    for (int n = 0; n < count; n++) {
      int part = (first + n) % count;
      boolean target = parts.isEmpty();
      Heads own = target ? output : Layout.DENSE.view(output.batch(), output.heads(), output.rows(), output.width(), Float.NaN);
      parts.add(new Part(own, target ? logSumExp : new float[logSumExp.length]));
      compute(part(attention, ends[part], ends[part + 1], part == sinkPart), ends[part], ends[part + 1], parts.getLast());
    }
    parts.forEach(part -> spoil(part, parts));
    for (Part part : parts.subList(1, count)) {
      Merge.into(output, logSumExp, part.output, part.logSumExp);
    }
  }

  private void compute(Attention attention, int from, int to, Part part) {
    Heads key = call.operands.key().rows(from, to);
    Heads value = call.operands.value().rows(from, to);
    attention.compute(call.operands.query(), key, value, Results.of().withOutput(part.output).withLogSumExp(part.logSumExp));
  }

  /** A bias over another array, without the keys before {@code firstKey}. */
  static Bias over(float[] data, Bias bias, int firstKey) {
    int start = bias.index(0, 0, 0);
    int offset = start + firstKey * bias.keyStride();
    return new Bias(data, offset, bias.index(1, 0, 0) - start, bias.index(0, 1, 0) - start, bias.index(0, 0, 1) - start, bias.keyStride());
  }

  private Attention part(Attention attention, int from, int to, boolean sinks) {
    Model model = call.model;
    Model.Extent extent = model.extent;
    Mask.Predicate sees = (b, head, i, j) -> model.sees(b, head, i, from + j);
    Mask mask = Mask.evaluate(sees, extent.entries(), extent.heads(), extent.mostQueries(), to - from);
    Attention part = attention.withMask(mask).withNormaliser(sinks ? model.normaliser : Normaliser.softmax());
    Bias bias = call.bias;
    if (bias != null) {
      part = part.withBias(over(bias.data(), bias, from == to ? 0 : from));
    }
    for (ScoreChange change : model.changes) {
      if (change instanceof ScoreChange.Function function) {
        part = part.withScoreFunction(FormulaOptions.function(function, from));
      }
    }
    return part;
  }

  /** Fills the outputs of rows without a key, which a merge must ignore, unless no part of the row has a key. */
  private static void spoil(Part part, List<Part> all) {
    Heads output = part.output;
    Views.forEach(
        output,
        (place, b, head, i, d) -> {
          int n = (b * output.heads() + head) * output.rows() + i;
          boolean anySees = all.stream().anyMatch(other -> other.logSumExp[n] != Float.NEGATIVE_INFINITY);
          if (part.logSumExp[n] == Float.NEGATIVE_INFINITY && anySees) {
            output.data()[place] = GARBAGE[(n + d) % GARBAGE.length];
          }
        });
  }
}
