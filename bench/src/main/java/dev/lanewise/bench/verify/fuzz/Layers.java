package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.oracle.Model;
import dev.lanewise.core.Attention;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import java.util.ArrayList;
import java.util.List;

/** A call made by a layer whose projections are identities: whole, or step by step with a cache for each batch entry. */
record Layers(Case of, Asked asked) {

  /** Computes {@code output}. */
  void compute(Attention attention, int threads) {
    MultiHeadAttention layer = layer(attention, threads);
    Operands operands = of.operands;
    SequenceBatch query = sideBySide(operands.query());
    SequenceBatch output = SequenceBatch.zeros(query.batch(), query.rows(), query.width());
    if (of.plan.isStepwise()) {
      steps(layer, query, output);
    } else if (of.plan.has(Knob.SHARED)) {
      layer.self(query, output);
    } else {
      layer.forward(query, sideBySide(operands.key()), sideBySide(operands.value()), output);
    }
    Heads split = output.split(of.model.extent.heads());
    Heads target = asked.output;
    Operands.forEach(target, (index, b, head, row, column) -> target.data()[index] = split.get(b, head, row, column));
  }

  private MultiHeadAttention layer(Attention attention, int threads) {
    Model model = of.model;
    int width = model.extent.heads() * model.headDim;
    int keyWidth = model.keyValueHeads * model.headDim;
    MultiHeadAttention layer =
        MultiHeadAttention.builder(width, model.extent.heads())
            .keyValueHeads(model.keyValueHeads)
            .sources(keyWidth, keyWidth)
            .query(identity(width), null)
            .key(identity(keyWidth), null)
            .value(identity(keyWidth), null)
            .output(identity(width), null)
            .build()
            .withAttention(standard -> attention)
            .withPositions(new LayerPlaces(of).positions())
            .withThreads(threads);
    PackedSequences sequences = of.sequences;
    return sequences == null ? layer : layer.withPackedSequences(sequences);
  }

  private static float[] identity(int width) {
    float[] weight = new float[width * width];
    for (int n = 0; n < width; n++) {
      weight[n * width + n] = 1;
    }
    return weight;
  }

  /** Heads as parts of the rows of one sequence. */
  private static SequenceBatch sideBySide(Heads heads) {
    SequenceBatch rows = SequenceBatch.zeros(heads.batch(), heads.rows(), heads.heads() * heads.width());
    Heads target = rows.split(heads.heads());
    Operands.forEach(target, (index, b, head, row, column) -> target.data()[index] = heads.get(b, head, row, column));
    return rows;
  }

  private void steps(MultiHeadAttention layer, SequenceBatch x, SequenceBatch output) {
    List<KeyValueCache> caches = new ArrayList<>();
    try {
      for (int b = 0; b < x.batch(); b++) {
        boolean window = of.plan.get(Knob.LAYER) == Case.STEPS_IN_WINDOW;
        KeyValueCache.Builder builder = layer.cache();
        caches.add(
            (window ? builder.window(Caches.windowRows(of.numbers), Caches.sinks(of.numbers)) : builder.capacity(x.rows() + 1)).build());
      }
      int[] ends = of.stepEnds(x.rows());
      for (int step = 0, from = 0; step < ends.length; from = ends[step++]) {
        SequenceBatch rows = rows(x, from, ends[step]);
        SequenceBatch target = rows(output, from, ends[step]);
        boolean last = step == ends.length - 1;
        MultiHeadAttention now = last || of.model.tree.length == 0 ? layer : layer.withMask(Mask.causal());
        Attention attention = last || of.model.tree.length == 0 ? of.attention(1) : of.attention(1).withMask(Mask.causal());
        Failures.of(of, asked, caches, attention, (wrong, results) -> layer.withAttention(any -> wrong).self(rows, caches, target))
            .provoke();
        now.self(rows, caches, target);
      }
    } finally {
      caches.forEach(KeyValueCache::close);
    }
  }

  private static SequenceBatch rows(SequenceBatch x, int from, int to) {
    int offset = x.offset() + (from == to ? 0 : from * x.rowStride());
    return new SequenceBatch(x.data(), offset, x.batch(), to - from, x.width(), x.batchStride(), x.rowStride());
  }
}
