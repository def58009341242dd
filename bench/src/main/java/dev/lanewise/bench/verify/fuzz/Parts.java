package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.fuzz.Numbers.Operand;
import dev.lanewise.bench.verify.oracle.Model;
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

/** A call made in parts of its keys, some of them without any, and merged in some order. The sink belongs to one part. */
record Parts(Case of, Numbers numbers) {
  private static final float[] GARBAGE = {Float.NaN, Float.POSITIVE_INFINITY, -3e38f, 1};

  private record Part(Heads output, float[] logSumExp) {}

  /** Computes {@code output} and {@code logSumExp}. */
  void compute(Attention attention, Heads output, float[] logSumExp) {
    int keys = of.operands.key().rows();
    int count = of.plan.get(Knob.PARTS) + 1;
    int[] ends = new int[count + 1];
    for (int part = 1; part < count; part++) {
      ends[part] = numbers.below(keys + 1, Operand.OTHER, 900 + part);
    }
    ends[count] = keys;
    Arrays.sort(ends);
    int sinkPart = numbers.below(count, Operand.OTHER, 910);
    int first = numbers.below(count, Operand.OTHER, 911);
    List<Part> parts = new ArrayList<>();
    for (int n = 0; n < count; n++) {
      int part = (first + n) % count;
      boolean whole = parts.isEmpty();
      Heads target = whole ? output : Layout.of(0).view(output.batch(), output.heads(), output.rows(), output.width(), Float.NaN);
      float[] sums = whole ? logSumExp : new float[logSumExp.length];
      compute(part(attention, ends[part], ends[part + 1], part == sinkPart), ends[part], ends[part + 1], target, sums);
      parts.add(new Part(target, sums));
    }
    parts.forEach(part -> spoil(part, parts));
    for (Part part : parts.subList(1, count)) {
      Merge.into(output, logSumExp, part.output, part.logSumExp);
    }
  }

  private void compute(Attention attention, int from, int to, Heads output, float[] logSumExp) {
    Results results = Results.of().output(output).logSumExp(logSumExp);
    attention.compute(of.operands.query(), rows(of.operands.key(), from, to), rows(of.operands.value(), from, to), results);
  }

  private static Heads rows(Heads view, int from, int to) {
    int offset = view.offset() + (from == to ? 0 : from * view.rowStride());
    return new Heads(
        view.data(),
        offset,
        view.batch(),
        view.heads(),
        to - from,
        view.width(),
        view.batchStride(),
        view.headStride(),
        view.rowStride(),
        view.columnStride());
  }

  private Attention part(Attention attention, int from, int to, boolean sink) {
    Model model = of.model;
    Model.Extent extent = model.extent;
    Mask mask =
        Mask.evaluate(
            (b, head, i, j) -> model.sees(b, head, i, from + j), extent.entries(), extent.heads(), extent.mostQueries(), to - from);
    Attention part = attention.withMask(mask).withNormaliser(sink ? model.normaliser : Normaliser.softmax());
    Bias bias = model.bias;
    if (bias != null) {
      int offset = bias.offset() + (from == to ? 0 : from * bias.keyStride());
      part = part.withBias(new Bias(bias.data(), offset, bias.batchStride(), bias.headStride(), bias.queryStride(), bias.keyStride()));
    }
    if (model.scoreFunction != null) {
      part =
          part.withScoreFunction(
              (row, offset, length, b, head, i, first) -> {
                for (int n = 0; n < length; n++) {
                  row[offset + n] = (float) model.scoreOf(row[offset + n], b, head, i, from + first + n);
                }
              });
    }
    return part;
  }

  /** Fills the output of rows that saw no key, unless no part saw one: it says nothing. */
  private void spoil(Part part, List<Part> all) {
    for (int n = 0; n < part.logSumExp.length; n++) {
      int row = n;
      boolean anySees = all.stream().anyMatch(other -> other.logSumExp[row] != Float.NEGATIVE_INFINITY);
      if (part.logSumExp[n] == Float.NEGATIVE_INFINITY && anySees) {
        Heads output = part.output;
        int i = n % output.rows();
        int head = n / output.rows() % output.heads();
        for (int d = 0; d < output.width(); d++) {
          output.data()[output.index(n / output.rows() / output.heads(), head, i, d)] = GARBAGE[(n + d) % GARBAGE.length];
        }
      }
    }
  }
}
