package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.Accuracy;
import dev.lanewise.bench.throughput.data.Accuracy.Meter;
import dev.lanewise.bench.throughput.data.DecoderModel;
import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.data.Shape;
import dev.lanewise.bench.throughput.options.CacheOptions;
import dev.lanewise.bench.throughput.options.ModelOptions;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.LanguageModel;
import dev.lanewise.core.layer.StackState;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.util.Map;

/**
 * A pass of a decoder-only model with random weights: new tokens of each sequence are appended to the cached rows, and the logits after the
 * last one are computed. With one new token that is a step of generating text, with many the reading of a prompt. Afterwards the new rows
 * are removed, so that every pass does the same; that is timed, too, but takes no time.
 *
 * <p>{@code maxAbsError} is the distance of the first sequence's logits from those of plain Java, which computes the last token alone, on
 * the same cached rows. A double reference of the whole model would take minutes.
 *
 * @param ids batch × new tokens
 * @param keys cached rows of a sequence before a pass
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record TokenOperation(LanguageModel model, StackState state, int[] ids, int keys, SequenceBatch logits) {
  static Operation of(Setup setup) {
    ShapeOptions sizes = setup.sizes();
    ModelOptions options = setup.model();
    DecoderModel decoder =
        new DecoderModel(
            options.layers,
            options.embedDim,
            sizes.heads,
            sizes.keyValueHeads(),
            sizes.headDim,
            sizes.valueDim,
            options.feedForward,
            options.vocabulary,
            options.tied);
    LanguageModel model =
        decoder
            .create(linear -> linear.withFormat(options.format()).withKernels(setup.kernels()))
            .withKernels(setup.kernels())
            .withThreads(setup.team().size());
    StackState state = state(setup, model);
    decoder.fill(state, sizes.keys);
    SeededData data = new SeededData();
    int[] ids = new int[sizes.batch * sizes.queries];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = data.integer(0, options.vocabulary - 1);
    }
    SequenceBatch logits = SequenceBatch.zeros(sizes.batch, 1, options.vocabulary);
    TokenOperation token = new TokenOperation(model, state, ids, sizes.keys, logits);
    return new Operation(
        shape(setup), token::run, 0, flops(decoder, sizes), bytes(decoder, setup), ids.length, token::accuracy, state::close);
  }

  private static StackState state(Setup setup, LanguageModel model) {
    ShapeOptions sizes = setup.sizes();
    StackState.Builder state = model.stack().state().batch(sizes.batch).capacity(sizes.keys + sizes.queries).format(setup.cache().format());
    return (setup.cache().offHeap ? state.offHeap() : state).build();
  }

  private static Map<String, Object> shape(Setup setup) {
    ShapeOptions sizes = setup.sizes();
    ModelOptions options = setup.model();
    CacheOptions cache = setup.cache();
    return Shape.of(
        "batch",
        sizes.batch,
        "layers",
        options.layers,
        "embedDim",
        options.embedDim,
        "heads",
        sizes.heads,
        "kvHeads",
        sizes.keyValueHeads(),
        "headDim",
        sizes.headDim,
        "valueDim",
        sizes.valueDim,
        "feedForward",
        options.feedForward,
        "vocabulary",
        options.vocabulary,
        "tied",
        options.tied,
        "weights",
        options.weights,
        "queries",
        sizes.queries,
        "keys",
        sizes.keys,
        "kv",
        cache.kv,
        "offHeap",
        cache.offHeap);
  }

  /** Operations of all products and of attention; the head computes one row of each sequence. */
  private static long flops(DecoderModel decoder, ShapeOptions sizes) {
    long queries = sizes.queries;
    long pairs = queries * sizes.keys + queries * (queries + 1) / 2;
    long attention = pairs * sizes.heads * (sizes.headDim + sizes.valueDim);
    return 2L * sizes.batch * (decoder.layers() * (queries * decoder.layerWeights() + attention) + decoder.headWeights());
  }

  /** Bytes of all weights and of the rows of all caches, each read once. */
  private static long bytes(DecoderModel decoder, Setup setup) {
    ShapeOptions sizes = setup.sizes();
    KeyValueFormat format = setup.cache().format();
    long row = (long) sizes.keyValueHeads() * (rowBytes(format, sizes.headDim) + rowBytes(format, sizes.valueDim));
    long caches = (long) sizes.batch * decoder.layers() * (sizes.keys + sizes.queries) * row;
    return decoder.projections().stream().mapToLong(shape -> setup.model().bytes(shape[0], shape[1])).sum() + caches;
  }

  private static int rowBytes(KeyValueFormat format, int width) {
    return switch (format) {
      case F32 -> Float.BYTES * width;
      case F16, BF16 -> Short.BYTES * width;
      case INT8 -> width + Float.BYTES;
    };
  }

  private void run() {
    model.forward(ids, state, logits);
    for (int b = 0; b < state.batch(); b++) {
      state.truncate(b, keys);
    }
  }

  private Accuracy accuracy() {
    int queries = ids.length / state.batch();
    int vocabulary = model.vocabulary();
    SequenceBatch plain = SequenceBatch.zeros(1, 1, vocabulary);
    try (StackState first = state.fork(0)) {
      if (queries > 1) {
        int[] before = new int[queries - 1];
        System.arraycopy(ids, 0, before, 0, before.length);
        model.forward(before, first, SequenceBatch.zeros(1, 0, vocabulary));
      }
      model.withKernels(Kernels.scalar()).forward(new int[] {ids[queries - 1]}, first, plain);
    }
    Meter meter = new Meter();
    for (int id = 0; id < vocabulary; id++) {
      meter.addPlain(plain.matrix(0, 0, 1, 0, vocabulary).get(0, id), logits.matrix(0, 0, 1, 0, vocabulary).get(0, id));
    }
    return meter.result();
  }
}
