package dev.lanewise.bench.throughput.options;

import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.core.cache.KeyValuePool;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/** Options of the cache of {@code --op decode} and {@code --op token}. */
public final class CacheOptions {
  /** The least seeded length. */
  public static final int SHORTEST = 17;

  @Option(
      names = "--kv",
      paramLabel = "FORMAT",
      defaultValue = "f32",
      description = "decode, token: how the cache stores elements, f32, f16, bf16 or int8 (default: f32).")
  public String kv = "f32";

  @Option(
      names = "--page",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "decode: rows of a page of a pool, a multiple of 16; the pages of a sequence are in seeded order;"
              + " 0 for contiguous memory (default: ${DEFAULT-VALUE}).")
  public int page;

  @Option(names = "--off-heap", description = "decode, token: the cache is outside of the heap.")
  public boolean offHeap;

  @Option(names = "--ragged", description = "decode: the sequences have seeded lengths from 17 to --keys; the last one has --keys.")
  public boolean ragged;

  /** The format that {@code --kv} names; to be called after {@link #check}. */
  public KeyValueFormat format() {
    return KeyValueFormat.valueOf(kv.toUpperCase(Locale.ROOT));
  }

  /**
   * Checks the options and how they fit together.
   *
   * @throws IllegalArgumentException naming the option
   */
  public void check(String op, ShapeOptions sizes) {
    String formats = Arrays.stream(KeyValueFormat.values()).map(CacheOptions::name).collect(Collectors.joining(", "));
    if (Arrays.stream(KeyValueFormat.values()).map(CacheOptions::name).noneMatch(kv::equals)) {
      throw new IllegalArgumentException("--kv is " + kv + ", must be one of " + formats);
    }
    for (String option : asked()) {
      boolean ofToken = option.equals("kv") || option.equals("off-heap");
      if (!op.equals("decode") && !(ofToken && op.equals("token"))) {
        throw new IllegalArgumentException("--" + option + " is for --op decode" + (ofToken ? " or token" : "") + ", not " + op);
      }
    }
    if (page < 0 || page % KeyValuePool.BLOCK_ROWS != 0) {
      throw new IllegalArgumentException("--page is " + page + ", must be 0 or a multiple of " + KeyValuePool.BLOCK_ROWS);
    }
    if (page > 0 && (long) sizes.batch * Math.ceilDiv(sizes.keys, page) > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("--batch " + sizes.batch + " of up to " + sizes.keys + " --keys needs too many pages of " + page);
    }
    if (ragged && sizes.keys < SHORTEST) {
      throw new IllegalArgumentException("--keys is " + sizes.keys + ", must be at least " + SHORTEST + " with --ragged");
    }
  }

  private static String name(KeyValueFormat format) {
    return format.name().toLowerCase(Locale.ROOT);
  }

  /** The names of the options that are given and differ from their defaults. */
  private List<String> asked() {
    List<String> asked = new ArrayList<>();
    if (!kv.equals("f32")) {
      asked.add("kv");
    }
    if (page != 0) {
      asked.add("page");
    }
    if (offHeap) {
      asked.add("off-heap");
    }
    if (ragged) {
      asked.add("ragged");
    }
    return asked;
  }

  /** The number of rows of each sequence. */
  public int[] lengths(ShapeOptions sizes, SeededData data) {
    int[] lengths = new int[sizes.batch];
    for (int b = 0; b < sizes.batch; b++) {
      lengths[b] = ragged && b < sizes.batch - 1 ? data.integer(SHORTEST, sizes.keys) : sizes.keys;
    }
    return lengths;
  }
}
