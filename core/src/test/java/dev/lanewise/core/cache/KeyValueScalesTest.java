package dev.lanewise.core.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.testing.CachedRows;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The error of int8 is at most half the scale of a row. */
@Tag("once")
class KeyValueScalesTest {
  private static final int HEADS = 3;
  private static final int WIDTH = 64;

  /** Normal rows with this number of different magnitudes around 1, each with an outlier in one channel. */
  private static Heads rows(int count, double outlier, int exponents) {
    Random random = new Random(Problem.SEED);
    float[] x = new float[count * HEADS * WIDTH];
    for (int i = 0; i < x.length; i++) {
      double magnitude = Math.pow(10, i / (HEADS * WIDTH) % exponents - exponents / 2);
      x[i] = (float) (random.nextGaussian() * magnitude * (i % WIDTH == 7 ? outlier : 1));
    }
    return Heads.ofRows(x, 1, count, HEADS, WIDTH);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void elementsAreOffByHalfAScaleAtMost(boolean offHeap) {
    Heads key = rows(200, 30, 61);
    Heads value = rows(200, 1, 61);
    var builder = KeyValueCache.builder(HEADS, WIDTH).format(KeyValueFormat.INT8).capacity(200);
    try (KeyValueCache cache = (offHeap ? builder.offHeap() : builder).build()) {
      cache.append(key, value);
      assertThat(largestError(cache, key, true, null)).isBetween(0.49, 0.5001);
      assertThat(largestError(cache, value, false, null)).isBetween(0.49, 0.5001);
    }
  }

  @Test
  void channelsHaveScalesOfTheirOwn() {
    Heads key = rows(200, 30, 9);
    float[] channels = KeyValueCache.channelScales(key);
    try (KeyValueCache cache =
        KeyValueCache.builder(HEADS, WIDTH).format(KeyValueFormat.INT8).keyChannels(channels).capacity(200).build()) {
      cache.append(key, key);
      assertThat(largestError(cache, key, true, channels)).isBetween(0.49, 0.5001);
    }
  }

  /** The largest |x − stored| in scales (times channels), computed here in double. */
  private static double largestError(KeyValueCache cache, Heads rows, boolean key, float[] channels) {
    double largest = 0;
    for (int row = 0; row < rows.rows(); row++) {
      for (int head = 0; head < HEADS; head++) {
        double max = 0;
        for (int d = 0; d < WIDTH; d++) {
          max = Math.max(max, Math.abs(rows.get(0, head, row, d)) / channel(channels, head, d));
        }
        for (int d = 0; d < WIDTH; d++) {
          double error = Math.abs((double) rows.get(0, head, row, d) - CachedRows.read(cache, row, key, head, d));
          largest = Math.max(largest, error / (max / 127 * channel(channels, head, d)));
        }
      }
    }
    return largest;
  }

  private static double channel(float[] channels, int head, int d) {
    return channels == null ? 1 : channels[head * WIDTH + d];
  }

  /** One channel of large numbers reduces the precision of the others, unless each channel has a scale. */
  @Test
  void channelScalesHelpWhereOneChannelIsLarge() {
    Random random = new Random(Problem.SEED);
    float[] x = new float[100 * WIDTH];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian() * (i % WIDTH == 3 ? 50 : 1);
    }
    Heads key = Heads.of(x, 1, 1, 100, WIDTH);
    double plain = meanError(key, null);
    double scaled = meanError(key, KeyValueCache.channelScales(key));
    assertThat(scaled).isLessThan(plain / 5);
  }

  private static double meanError(Heads key, float[] channels) {
    var builder = KeyValueCache.builder(1, WIDTH).format(KeyValueFormat.INT8).capacity(key.rows());
    try (KeyValueCache cache = (channels == null ? builder : builder.keyChannels(channels)).build()) {
      cache.append(key, key);
      double sum = 0;
      for (int i = 0; i < key.rows() * WIDTH; i++) {
        if (i % WIDTH != 3) {
          sum += Math.abs(key.get(0, 0, i / WIDTH, i % WIDTH) - CachedRows.read(cache, i / WIDTH, true, 0, i % WIDTH));
        }
      }
      return sum / (key.rows() * (WIDTH - 1));
    }
  }

  @Test
  void channelScalesAreTheLargestNumbersAndNeverZero() {
    float[] x = {1, -3, 0, 0, /* next row */ -2, 0.5f, 0, 0, /* second head */ 0, 0, 0, 0, 0, 0, 0, 0};
    assertThat(KeyValueCache.channelScales(Heads.of(x, 1, 2, 2, 4))).containsExactly(2, 3, 3, 3, 1, 1, 1, 1);
    assertThat(KeyValueCache.channelScales(Heads.zeros(0, 1, 1, 2))).containsExactly(1, 1);
    assertThat(KeyValueCache.channelScales(Heads.of(x, 2, 1, 2, 4))).containsExactly(2, 3, 3, 3);
  }

  @Test
  void rowsThatAreNotFiniteBecomeNaN() {
    try (KeyValueCache cache = KeyValueCache.builder(1, 3).format(KeyValueFormat.INT8).capacity(4).build()) {
      Heads rows = Heads.of(new float[] {1, Float.NaN, 3, 0, 0, 0, Float.MIN_VALUE, 0, -Float.MIN_VALUE, 3e38f, -3e38f, 1}, 1, 1, 4, 3);
      cache.append(rows, rows);
      assertThat(CachedRows.read(cache, 0, true, 0, 2)).isNaN();
      assertThat(CachedRows.read(cache, 0, false, 0, 0)).isNaN();
      assertThat(CachedRows.read(cache, 1, false, 0, 0)).isZero();
      assertThat(Math.abs(CachedRows.read(cache, 2, true, 0, 0))).isLessThan(1e-36f);
      assertThat(CachedRows.read(cache, 3, false, 0, 1)).isCloseTo(-3e38f, org.assertj.core.data.Percentage.withPercentage(0.001));
    }
  }
}
