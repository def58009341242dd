package dev.lanewise.bench.verify.files;

import dev.lanewise.core.Attention;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.layer.StackState;
import dev.lanewise.core.layer.TransformerStack;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.weights.Initialisation;
import dev.lanewise.core.weights.TorchWeights;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Files of cached rows: of one cache whose window has dropped rows, and of the caches of a stack. */
final class SeedCaches {
  private static final String ONE = "one.kv";
  private static final String STACK = "stack.kv";
  private static final int HEAD_DIM = SeedTensors.WIDTH / SeedTensors.HEADS;
  private static final int VALUE_DIM = 6;
  private static final int ROWS = 60;

  private SeedCaches() {}

  /** The reader of both files; the folder is used to write them. */
  static Subject subject(Path folder) throws IOException {
    Files.createDirectories(folder);
    try (KeyValueCache cache = cache();
        StackState state = state()) {
      cache.append(rows(ROWS, HEAD_DIM), rows(ROWS, VALUE_DIM));
      cache.save(folder.resolve(ONE));
      stack().forward(SequenceBatch.zeros(1, ROWS, SeedTensors.WIDTH), state, SequenceBatch.zeros(1, ROWS, SeedTensors.WIDTH));
      state.save(0, folder.resolve(STACK));
    }
    Map<String, byte[]> files = new LinkedHashMap<>();
    for (String name : List.of(ONE, STACK)) {
      files.put(name, Files.readAllBytes(folder.resolve(name)));
    }
    return new Subject("cache", files, List.copyOf(files.keySet()), SeedCaches::read);
  }

  private static Runnable read(Path folder) throws IOException {
    KeyValueCache cache = cache();
    StackState state = state();
    cache.load(folder.resolve(ONE));
    state.load(0, folder.resolve(STACK));
    return () -> {
      Attention.standard().withMask(Mask.causal()).compute(rows(1, HEAD_DIM), cache, Heads.zeros(1, SeedTensors.HEADS, 1, VALUE_DIM));
      stack().forward(SequenceBatch.zeros(1, 1, SeedTensors.WIDTH), state, SequenceBatch.zeros(1, 1, SeedTensors.WIDTH));
      cache.close();
      state.close();
    };
  }

  private static KeyValueCache cache() {
    float[] channels = SeedTensors.elements(SeedTensors.WIDTH);
    for (int i = 0; i < channels.length; i++) {
      channels[i] = 1 + Math.abs(channels[i]);
    }
    KeyValueCache.Builder builder = KeyValueCache.builder(SeedTensors.HEADS, HEAD_DIM).valueDim(VALUE_DIM);
    return builder.format(KeyValueFormat.INT8).keyChannels(channels).window(20, 3).build();
  }

  private static TransformerStack stack() {
    return TorchWeights.of(Initialisation.xavier(1).encoder(SeedTensors.WIDTH, SeedTensors.HIDDEN, 2), SeedTensors.HEADS)
        .encoder("")
        .withMask(Mask.causal());
  }

  private static StackState state() {
    return stack().state().capacity(ROWS).growing().format(0, KeyValueFormat.F16).build();
  }

  private static Heads rows(int count, int width) {
    Heads rows = Heads.zeros(1, SeedTensors.HEADS, count, width);
    float[] elements = SeedTensors.elements(rows.data().length);
    System.arraycopy(elements, 0, rows.data(), 0, elements.length);
    return rows;
  }
}
