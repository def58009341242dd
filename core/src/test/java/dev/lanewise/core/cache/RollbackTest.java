package dev.lanewise.core.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.Attention;
import dev.lanewise.core.cache.page.PageTable;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.testing.Interrupts;
import dev.lanewise.testing.Sample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * After rows have been removed, whatever they held, a cache behaves like one that never had them: it gives the same bits and takes the same
 * path.
 */
@Tag("twice")
class RollbackTest {
  private static final int HEADS = 2;
  private static final int DIM = 16;

  /** A fault stays in the cache, so the comparison need not follow each operation. */
  private static final int COMPARED_EVERY = Sample.extent() == Sample.Extent.THOROUGH ? 1 : 4;

  /** Numbers that no fast loop accepts, that overflow halves, and that fit all formats. */
  private static final float[] SPECIALS = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 1e5f, -3e38f, 1e-40f};

  private static Heads rows(int count, long seed) {
    return Views.random(Views.Layout.DENSE, 1, HEADS, count, DIM, seed);
  }

  private static Heads special(int count, Random random) {
    Heads rows = rows(count, random.nextLong());
    for (int i = 0; i < count; i++) {
      rows.data()[rows.index(0, random.nextInt(HEADS), i, random.nextInt(DIM))] = SPECIALS[random.nextInt(SPECIALS.length)];
    }
    return rows;
  }

  private static boolean holdsSpecial(KeyValueCache cache) {
    CachedSequence rows = cache.acquireShared();
    boolean found = false;
    for (int row = 0; row < rows.rows(); row += KeyValueLayout.BLOCK_ROWS) {
      int block = row / KeyValueLayout.BLOCK_ROWS;
      boolean dropped = row >= rows.droppedFrom() && row < rows.droppedTo();
      found |= !dropped && rows.memory(block).isSpecialFrom(rows.physicalBlock(block), 0);
    }
    cache.releaseShared();
    return found;
  }

  private static void assertSame(KeyValueCache cache, KeyValueCache fresh, Random random, String about) {
    assertThat(cache.rows()).as(about).isEqualTo(fresh.rows());
    assertThat(holdsSpecial(cache)).as(about + ": special").isEqualTo(holdsSpecial(fresh));
    for (int queries : new int[] {1, 3, 20}) {
      if (queries > fresh.rows()) {
        continue;
      }
      Heads query = rows(queries, random.nextLong());
      Heads output = Heads.zeros(1, HEADS, queries, DIM);
      Heads expected = Heads.zeros(1, HEADS, queries, DIM);
      Attention.standard().withMask(Mask.causal()).compute(query, cache, output);
      Attention.standard().withMask(Mask.causal()).compute(query, fresh, expected);
      Views.assertSameBits(output.data(), expected.data(), about + ", " + queries + " queries");
    }
  }

  @ParameterizedTest
  @EnumSource(KeyValueFormat.class)
  void theReportedExample(KeyValueFormat format) {
    for (boolean failed : new boolean[] {false, true}) {
      for (int before : new int[] {37, 32, 1}) {
        KeyValueCache cache = KeyValueCache.builder(HEADS, DIM).format(format).capacity(100).build();
        KeyValueCache fresh = KeyValueCache.builder(HEADS, DIM).format(format).capacity(100).build();
        cache.append(rows(before, 1), rows(before, 2));
        fresh.append(rows(before, 1), rows(before, 2));
        Heads poison = rows(40, 3);
        Arrays.fill(poison.data(), Float.NaN);
        if (failed) {
          CachedSequence held = fail(cache, poison);
          assertThat(held.rows()).isEqualTo(before);
        } else {
          cache.append(poison, poison);
          assertThat(holdsSpecial(cache)).isTrue();
          cache.truncate(before);
        }
        assertSame(cache, fresh, new Random(4), format + ", " + before + ", failed " + failed);
        cache.append(rows(30, 5), rows(30, 6));
        fresh.append(rows(30, 5), rows(30, 6));
        assertSame(cache, fresh, new Random(7), format + ", " + before + " and 30, failed " + failed);
      }
    }
  }

  /** An append that is interrupted after it has written its first rows. */
  private static CachedSequence fail(KeyValueCache cache, Heads rows) {
    PageTable table = cache.table();
    table.reserve(rows.rows());
    table.add(rows, rows, 0);
    table.rollback();
    Interrupts.assertCancels(() -> cache.append(rows, rows));
    return table;
  }

  /** Caches of one pool that fork each other, and plain caches that never had the removed rows. */
  private record Twin(KeyValueCache cache, List<Long> seeds) {}

  @ParameterizedTest
  @EnumSource(KeyValueFormat.class)
  void sharedPagesDoNotTellOfEachOther(KeyValueFormat format) {
    for (int pageRows : new int[] {16, 48}) {
      for (boolean offHeap : new boolean[] {false, true}) {
        long seed = Problem.SEED + pageRows + (offHeap ? 1 : 0);
        Random random = new Random(seed);
        var builder = KeyValuePool.builder(HEADS, DIM).format(format).pageRows(pageRows).pages(400);
        try (KeyValuePool pool = (offHeap ? builder.offHeap() : builder).build()) {
          List<Twin> twins = new ArrayList<>();
          twins.add(new Twin(pool.newCache(), new ArrayList<>()));
          for (int i = 0; i < 400; i++) {
            operate(twins, random);
            if (i % COMPARED_EVERY > 0) {
              continue;
            }
            Twin twin = twins.get(random.nextInt(twins.size()));
            try (KeyValueCache fresh = KeyValueCache.builder(HEADS, DIM).format(format).capacity(1000).build()) {
              for (long row : twin.seeds) {
                append(fresh, row);
              }
              assertSame(twin.cache, fresh, random, "operation " + i + ", seed " + seed + ", " + format + ", pages of " + pageRows);
            }
          }
          twins.forEach(twin -> twin.cache.close());
          assertThat(pool.statistics().usedPages()).isZero();
        }
      }
    }
  }

  /** Appends a row that depends only on its seed; every fifth one is special. */
  private static void append(KeyValueCache cache, long seed) {
    Random random = new Random(seed);
    cache.append(seed % 5 == 0 ? special(1, random) : rows(1, seed), seed % 5 == 0 ? special(1, random) : rows(1, seed + 1));
  }

  private static void operate(List<Twin> twins, Random random) {
    Twin twin = twins.get(random.nextInt(twins.size()));
    switch (random.nextInt(10)) {
      case 0, 1, 2 -> {
        int count = 1 + random.nextInt(12);
        for (int n = 0; n < count && twin.seeds.size() < 150; n++) {
          long seed = random.nextInt(1 << 20);
          seed += random.nextInt(4) > 0 && seed % 5 == 0 ? 1 : 0;
          append(twin.cache, seed);
          twin.seeds.add(seed);
        }
      }
      case 3, 4 -> {
        int left = Math.max(0, twin.seeds.size() - random.nextInt(20));
        twin.cache.truncate(left);
        twin.seeds.subList(left, twin.seeds.size()).clear();
      }
      case 5 -> {
        int count = 1 + random.nextInt(60);
        Heads poison = special(count, random);
        twin.cache.append(poison, poison);
        twin.cache.truncate(twin.seeds.size());
      }
      case 6 -> {
        int from = Math.max(0, twin.seeds.size() - random.nextInt(40));
        List<Integer> kept = new ArrayList<>(IntStream.range(from, twin.seeds.size()).filter(row -> random.nextBoolean()).boxed().toList());
        if (random.nextBoolean()) {
          Collections.shuffle(kept, random);
        }
        twin.cache.keep(from, kept.stream().mapToInt(Integer::intValue).toArray());
        List<Long> later = kept.stream().map(twin.seeds::get).toList();
        twin.seeds.subList(from, twin.seeds.size()).clear();
        twin.seeds.addAll(later);
      }
      case 7 -> {
        int to = random.nextInt(twin.seeds.size() + 1);
        int from = Math.max(0, to - random.nextInt(20));
        twin.cache.remove(from, to);
        twin.seeds.subList(from, to).clear();
      }
      case 8 -> {
        if (twins.size() < 6) {
          twins.add(new Twin(twin.cache.fork(), new ArrayList<>(twin.seeds)));
        }
      }
      default -> {
        if (twins.size() > 1) {
          twin.cache.close();
          twins.remove(twin);
        }
      }
    }
  }

  /** A row that only the other fork has, in the block that both share. */
  @Test
  void anotherForksSpecialRowIsNotRead() {
    try (KeyValuePool pool = KeyValuePool.builder(HEADS, DIM).pages(10).build();
        KeyValueCache parent = pool.newCache();
        KeyValueCache fresh = KeyValueCache.builder(HEADS, DIM).capacity(40).build()) {
      parent.append(rows(5, 1), rows(5, 2));
      fresh.append(rows(5, 1), rows(5, 2));
      Heads poison = rows(3, 3);
      Arrays.fill(poison.data(), Float.NaN);
      parent.append(poison, poison);
      try (KeyValueCache fork = parent.fork()) {
        fork.truncate(5);
        assertThat(pool.statistics().usedPages()).isEqualTo(1);
        assertSame(fork, fresh, new Random(1), "shared");
        assertThat(holdsSpecial(parent)).isTrue();
        try (KeyValueCache third = fork.fork()) {
          assertSame(third, fresh, new Random(1), "fork of a fork");
        }
        fork.append(rows(2, 4), rows(2, 5));
        fresh.append(rows(2, 4), rows(2, 5));
        assertSame(fork, fresh, new Random(1), "copied");
      }
    }
  }

  /**
   * The rows of a fork whose last block is a copy without the special rows of the other fork are moved, before and after that one closes.
   */
  @Test
  void rowsMoveInABlockThatAnotherForkHasGoneOnWriting() {
    for (boolean closed : new boolean[] {false, true}) {
      for (int[] kept : new int[][] {{4, 3}, {3, 4}, {3}, {4, 2, 3}, {}}) {
        try (KeyValuePool pool = KeyValuePool.builder(HEADS, DIM).pages(10).build();
            KeyValueCache fresh = KeyValueCache.builder(HEADS, DIM).capacity(40).build()) {
          KeyValueCache parent = pool.newCache();
          parent.append(rows(5, 1), rows(5, 2));
          Heads poison = rows(3, 3);
          Arrays.fill(poison.data(), Float.NaN);
          parent.append(poison, poison);
          try (KeyValueCache fork = parent.fork()) {
            fork.truncate(5);
            if (closed) {
              parent.close();
            }
            fork.keep(2, kept);
            fresh.append(rows(5, 1).rows(0, 2), rows(5, 2).rows(0, 2));
            for (int row : kept) {
              fresh.append(rows(5, 1).rows(row, row + 1), rows(5, 2).rows(row, row + 1));
            }
            String about = Arrays.toString(kept) + ", closed " + closed;
            assertSame(fork, fresh, new Random(1), about);
            fork.append(rows(2, 4), rows(2, 5));
            fresh.append(rows(2, 4), rows(2, 5));
            assertSame(fork, fresh, new Random(1), about + ", and two more");
            if (!closed) {
              parent.close();
            }
          }
          assertThat(pool.statistics().usedPages()).isZero();
        }
      }
    }
  }
}
