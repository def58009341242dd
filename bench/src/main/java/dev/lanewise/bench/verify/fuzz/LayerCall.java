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

/** A call of a layer whose projections are identities: a forward pass, or steps with a cache for each batch entry. */
record LayerCall(Call call, ResultBuffers results) {
  /** How a layer is used. */
  enum Kind {
    NONE,
    FORWARD,
    STEPS,
    STEPS_IN_WINDOW;

    boolean isStepwise() {
      return this == STEPS || this == STEPS_IN_WINDOW;
    }
  }

  /** Computes the output. */
  void compute(Attention attention) {
    MultiHeadAttention layer = layer(attention);
    Operands operands = call.operands;
    SequenceBatch query = sideBySide(operands.query());
    SequenceBatch output = SequenceBatch.zeros(query.batch(), query.rows(), query.width());
    if (call.plan.isStepwise()) {
      steps(layer, query, output);
    } else if (call.plan.has(Options.SHARED)) {
      layer.forward(query, output);
    } else {
      layer.forward(query, sideBySide(operands.key()), sideBySide(operands.value()), output);
    }
    output.split(call.model.extent.heads()).copyTo(operands.output());
  }

  private MultiHeadAttention layer(Attention attention) {
    Model model = call.model;
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
            .withPositions(new LayerPositionsModel(call).positions())
            .withThreads(call.plan.get(Options.THREADS));
    PackedSequences sequences = call.sequences;
    return sequences == null ? layer : layer.withPackedSequences(sequences);
  }

  private static float[] identity(int width) {
    float[] weight = new float[width * width];
    for (int n = 0; n < width; n++) {
      weight[n * width + n] = 1;
    }
    return weight;
  }

  /** The heads of each row side by side. */
  private static SequenceBatch sideBySide(Heads heads) {
    SequenceBatch rows = SequenceBatch.zeros(heads.batch(), heads.rows(), heads.heads() * heads.width());
    heads.copyTo(rows.split(heads.heads()));
    return rows;
  }

  /** Takes the rows in steps. A tree masks the last step; the steps before it are causal. */
  private void steps(MultiHeadAttention layer, SequenceBatch x, SequenceBatch output) {
    List<KeyValueCache> caches = new ArrayList<>();
    try {
      for (int b = 0; b < x.batch(); b++) {
        boolean window = call.plan.get(Options.LAYER) == Kind.STEPS_IN_WINDOW;
        KeyValueCache.Builder builder = layer.cache();
        caches.add(
            (window ? builder.window(Caches.windowRows(call.numbers), Caches.sinks(call.numbers)) : builder.capacity(x.rows() + 1))
                .build());
      }
      int[] ends = call.stepEnds(x.rows());
      for (int step = 0, from = 0; step < ends.length; from = ends[step++]) {
        SequenceBatch rows = x.rows(from, ends[step]);
        SequenceBatch target = output.rows(from, ends[step]);
        boolean ownMask = step == ends.length - 1 || call.model.tree.length == 0;
        Attention attention = ownMask ? call.attention(1) : call.attention(1).withMask(Mask.causal());
        new FailingCalls(
                call, results, caches, attention, (failing, any) -> layer.withAttention(own -> failing).forward(rows, caches, target))
            .provoke();
        (ownMask ? layer : layer.withMask(Mask.causal())).forward(rows, caches, target);
      }
    } finally {
      caches.forEach(KeyValueCache::close);
    }
  }
}
