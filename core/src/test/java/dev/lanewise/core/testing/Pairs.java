package dev.lanewise.core.testing;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** A small set of combinations of many features, in which every pair of values of different features occurs: a greedy covering array. */
public final class Pairs {
  private final int[] sizes;
  private final Random random;

  /** {@code open[f][v][g][w]}: value v of feature f has not yet occurred with value w of feature g. Both orders are stored. */
  private final boolean[][][][] open;

  private Pairs(Random random, int... sizes) {
    this.sizes = sizes;
    this.random = random;
    this.open = new boolean[sizes.length][][][];
    for (int f = 0; f < sizes.length; f++) {
      open[f] = new boolean[sizes[f]][sizes.length][];
      for (int v = 0; v < sizes[f]; v++) {
        for (int g = 0; g < sizes.length; g++) {
          open[f][v][g] = new boolean[sizes[g]];
          Arrays.fill(open[f][v][g], f != g);
        }
      }
    }
  }

  /** Combinations, each with one value, from 0 on, of each feature; {@code sizes[f]} is the number of values of feature f. */
  public static List<int[]> cover(Random random, int... sizes) {
    Pairs pairs = new Pairs(random, sizes);
    List<int[]> combinations = new ArrayList<>();
    for (int f = 0; f < sizes.length; f++) {
      for (int v = 0; v < sizes[f]; v++) {
        while (pairs.isOpen(f, v)) {
          combinations.add(pairs.next(f, v));
        }
      }
    }
    return combinations;
  }

  private boolean isOpen(int f, int v) {
    for (boolean[] values : open[f][v]) {
      for (boolean value : values) {
        if (value) {
          return true;
        }
      }
    }
    return false;
  }

  /** A combination with this value, and for each other feature the value that adds most new pairs. */
  private int[] next(int first, int value) {
    int[] combination = new int[sizes.length];
    Arrays.fill(combination, -1);
    combination[first] = value;
    for (int f = 0; f < sizes.length; f++) {
      if (f != first) {
        combination[f] = best(f, combination);
      }
    }
    for (int f = 0; f < sizes.length; f++) {
      for (int g = 0; g < sizes.length; g++) {
        open[f][combination[f]][g][combination[g]] = false;
      }
    }
    return combination;
  }

  private int best(int f, int[] combination) {
    int best = 0;
    int most = -1;
    int start = random.nextInt(sizes[f]);
    for (int n = 0; n < sizes[f]; n++) {
      int v = (start + n) % sizes[f];
      int meets = 0;
      for (int g = 0; g < sizes.length; g++) {
        meets += combination[g] >= 0 && open[f][v][g][combination[g]] ? 1 : 0;
      }
      if (meets > most) {
        most = meets;
        best = v;
      }
    }
    return best;
  }
}
