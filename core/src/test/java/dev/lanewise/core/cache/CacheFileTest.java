package dev.lanewise.core.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.lanewise.core.cache.page.CacheFile;
import dev.lanewise.core.testing.CacheStates;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.testing.Pipes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Files of cached rows: they keep every bit, and a file that is foreign, damaged or does not fit changes nothing. */
@Tag("once")
class CacheFileTest {
  private static final int HEADS = 2;
  private static final int KEY_DIM = 5;
  private static final int VALUE_DIM = 18;

  @TempDir Path folder;

  private static KeyValueCache.Builder builder(KeyValueFormat format) {
    return KeyValueCache.builder(HEADS, KEY_DIM).valueDim(VALUE_DIM).format(format);
  }

  private static Heads rows(int count, int width, long seed) {
    return Views.random(Views.Layout.DENSE, 1, HEADS, count, width, seed);
  }

  private static void fill(KeyValueCache cache, int count) {
    cache.append(rows(count, KEY_DIM, count), rows(count, VALUE_DIM, count + 1));
  }

  /** The bits of all rows, which are not dropped. */
  private static String bits(KeyValueCache cache) {
    StringBuilder text = new StringBuilder();
    KeyValueCache.Statistics statistics = cache.statistics();
    text.append(statistics.rows()).append(' ').append(statistics.storedRows()).append(' ').append(cache.table().droppedFrom());
    Heads key = Heads.zeros(1, HEADS, 1, KEY_DIM);
    Heads value = Heads.zeros(1, HEADS, 1, VALUE_DIM);
    for (int row = 0; row < cache.rows(); row++) {
      if (row < cache.table().droppedFrom() || row >= cache.table().droppedTo()) {
        cache.copyTo(row, key, value);
        for (float x : key.data()) {
          text.append(' ').append(Float.floatToRawIntBits(x));
        }
        for (float x : value.data()) {
          text.append(' ').append(Float.floatToRawIntBits(x));
        }
        text.append(cache.table().memory(row / 16).isSpecialFrom(cache.table().physicalBlock(row / 16), row % 16));
      }
    }
    return text.toString();
  }

  @ParameterizedTest
  @EnumSource(KeyValueFormat.class)
  void everyKindLoadsWhatAnyKindHasSaved(KeyValueFormat format) throws IOException {
    Path path = folder.resolve("rows");
    try (KeyValuePool pool = KeyValuePool.builder(HEADS, KEY_DIM).valueDim(VALUE_DIM).format(format).pageRows(48).pages(9).build();
        KeyValueCache pooled = pool.newCache();
        KeyValueCache native16 = builder(format).capacity(100).offHeap().build();
        KeyValueCache window = builder(format).window(200, 3).build()) {
      fill(pooled, 83);
      Heads poison = rows(1, VALUE_DIM, 1);
      poison.data()[3] = Float.NaN;
      poison.data()[20] = Float.NEGATIVE_INFINITY;
      pooled.append(rows(1, KEY_DIM, 2), poison);
      fill(pooled, 2);
      pooled.save(path);
      native16.load(path);
      assertThat(bits(native16)).isEqualTo(bits(pooled));
      native16.save(path); // replaces the file
      window.load(path);
      assertThat(bits(window)).isEqualTo(bits(pooled));
      try (KeyValueCache fork = pooled.fork()) {
        assertThatThrownBy(() -> fork.load(path)).isInstanceOf(IllegalStateException.class).hasMessageContaining("86");
        fork.reset();
        fork.load(path);
        assertThat(bits(fork)).isEqualTo(bits(pooled));
      }
      fill(native16, 3);
      fill(pooled, 3);
      assertThat(bits(native16)).isEqualTo(bits(pooled));
    }
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(path);
    }
  }

  @ParameterizedTest
  @EnumSource(KeyValueFormat.class)
  void rowsThatAWindowHasDroppedStayDropped(KeyValueFormat format) throws IOException {
    Path path = folder.resolve("window");
    try (KeyValueCache cache = builder(format).window(20, 3).build();
        KeyValueCache same = builder(format).window(20, 3).offHeap().build();
        KeyValueCache wider = builder(format).window(21, 3).build();
        KeyValueCache all = builder(format).capacity(500).build();
        KeyValuePool pool = KeyValuePool.builder(HEADS, KEY_DIM).valueDim(VALUE_DIM).format(format).pageRows(32).pages(9).build();
        KeyValueCache pages = pool.newCache(20, 3)) {
      for (int i = 0; i < 30; i++) {
        fill(cache, 7);
      }
      assertThat(cache.statistics().storedRows()).isLessThan(210);
      cache.save(path);
      same.load(path);
      assertThat(bits(same)).isEqualTo(bits(cache));
      for (KeyValueCache other : List.of(wider, all, pages)) {
        assertThatThrownBy(() -> other.load(path))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("window of 20 rows with 3 sinks and pages of 16 rows");
        assertThat(other.rows()).isZero();
      }
      for (int i = 0; i < 5; i++) {
        fill(cache, 7);
        fill(same, 7);
      }
      assertThat(bits(same)).isEqualTo(bits(cache));
      assertThat(same.statistics().pages()).isEqualTo(cache.statistics().pages());
    }
  }

  @Test
  void channelsAreSavedAndCompared() throws IOException {
    Path path = folder.resolve("channels");
    float[] channels = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    float[] others = {1, 2, 3, 4, 5, 6, 7, 8, 9, 11};
    try (KeyValueCache cache = builder(KeyValueFormat.INT8).keyChannels(channels).capacity(30).build();
        KeyValueCache same = builder(KeyValueFormat.INT8).keyChannels(channels).capacity(30).build();
        KeyValueCache other = builder(KeyValueFormat.INT8).keyChannels(others).capacity(30).build();
        KeyValueCache none = builder(KeyValueFormat.INT8).capacity(30).build()) {
      fill(cache, 20);
      cache.save(path);
      same.load(path);
      assertThat(bits(same)).isEqualTo(bits(cache));
      assertThatThrownBy(() -> other.load(path)).hasMessageContainingAll("keyChannels[9]", "10.0", "11.0");
      assertThatThrownBy(() -> none.load(path)).hasMessageContainingAll("keyChannels[1]", "2.0", "1.0");
    }
  }

  @Test
  void otherShapesAndFormatsAreRefused() throws IOException {
    Path path = folder.resolve("f16");
    try (KeyValueCache cache = builder(KeyValueFormat.F16).capacity(30).build()) {
      fill(cache, 20);
      cache.save(path);
    }
    assertRefused(path, builder(KeyValueFormat.BF16).capacity(30), "format", "F16", "BF16");
    assertRefused(path, KeyValueCache.builder(3, KEY_DIM).format(KeyValueFormat.F16).capacity(30), "keyValueHeads", "2", "3");
    assertRefused(path, KeyValueCache.builder(HEADS, 6).format(KeyValueFormat.F16).capacity(30), "headDim", "5", "6");
    assertRefused(path, builder(KeyValueFormat.F16).valueDim(17).capacity(30), "valueDim", "18", "17");
    assertRefused(path, builder(KeyValueFormat.F16).capacity(19), "full", "20", "19");
  }

  private static void assertRefused(Path path, KeyValueCache.Builder builder, String... words) {
    try (KeyValueCache cache = builder.build()) {
      String before = cache.statistics().toString();
      assertThatThrownBy(() -> cache.load(path))
          .isInstanceOf(RuntimeException.class)
          .hasMessageContainingAll(words)
          .matches(e -> e instanceof IllegalStateException || e.getMessage().startsWith(path + ": "));
      assertThat(cache.statistics().toString()).isEqualTo(before);
    }
  }

  @ParameterizedTest
  @EnumSource(KeyValueFormat.class)
  void aFileThatIsCutOrChangedAnywhereIsRefused(KeyValueFormat format) throws IOException {
    Path path = folder.resolve("rows");
    try (KeyValuePool pool = KeyValuePool.builder(HEADS, KEY_DIM).valueDim(VALUE_DIM).format(format).pages(2).build();
        KeyValueCache cache = pool.newCache()) {
      fill(cache, 20);
      cache.save(path);
      byte[] bytes = Files.readAllBytes(path);
      cache.reset();
      String before = cache.statistics().toString() + pool.statistics();
      for (int i = 0; i < bytes.length; i += i < 80 ? 1 : 37) {
        byte[] cut = Arrays.copyOf(bytes, i);
        byte[] changed = bytes.clone();
        changed[i] ^= (byte) (1 << i % 8);
        for (byte[] wrong : List.of(cut, changed)) {
          Files.write(path, wrong);
          assertThatThrownBy(() -> cache.load(path)).as(i + "").isInstanceOf(IOException.class).hasMessageContaining("rows: ");
          assertThat(cache.statistics().toString() + pool.statistics()).isEqualTo(before);
        }
      }
      Files.write(path, Arrays.copyOf(bytes, bytes.length + 1));
      assertThatThrownBy(() -> cache.load(path)).hasMessageContaining(bytes.length + "");
      assertThatThrownBy(() -> cache.load(folder.resolve("absent"))).isInstanceOf(IOException.class).hasMessageContaining("absent");
      Files.write(path, bytes);
      cache.load(path);
      assertThat(cache.rows()).isEqualTo(20);
    }
  }

  @Test
  @Timeout(240)
  void pipesAndFoldersAreRefused() throws IOException, InterruptedException {
    Path pipe = folder.resolve("pipe");
    Pipes.put(pipe);
    try (KeyValueCache cache = builder(KeyValueFormat.F32).capacity(100).build()) {
      for (Path path : List.of(folder, pipe)) {
        assertThatThrownBy(() -> cache.load(path)).isInstanceOf(IOException.class).hasMessage(path + " is not a regular file");
      }
    }
  }

  /** A header with a right checksum and numbers that make no sense. */
  @Test
  void numbersThatMakeNoSenseAreRefused() throws IOException {
    Path path = folder.resolve("rows");
    try (KeyValueCache cache = builder(KeyValueFormat.F32).capacity(100).build()) {
      fill(cache, 20);
      cache.save(path);
      cache.reset();
      byte[] bytes = Files.readAllBytes(path);
      int headerBytes = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(8);
      for (int number = 0; number < headerBytes / 4; number++) {
        for (int value : new int[] {-1, 0, 3, 16, 1 << 20, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
          ByteBuffer wrong = ByteBuffer.wrap(bytes.clone()).order(ByteOrder.LITTLE_ENDIAN);
          int at = 12 + 4 * number;
          if (wrong.getInt(at) != value) {
            wrong.putInt(at, value);
            CRC32C crc = new CRC32C();
            crc.update(wrong.array(), 12, headerBytes);
            wrong.putInt(12 + headerBytes, (int) crc.getValue());
            Files.write(path, wrong.array());
            Throwable thrown = catchThrowable(() -> cache.load(path));
            boolean harmless = thrown == null && number >= 8 && number <= 10; // page size and window of a file without dropped rows
            assertThat(harmless || thrown instanceof IOException || thrown instanceof IllegalArgumentException)
                .as("number " + number + " is " + value + ": " + thrown)
                .isTrue();
            cache.reset();
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(KeyValueFormat.class)
  void theCachesOfAStackAreLoadedTogetherOrNotAtAll(KeyValueFormat format) throws IOException {
    Path path = folder.resolve("stack");
    try (KeyValueCache first = builder(format).capacity(100).build();
        KeyValueCache second = KeyValueCache.builder(3, 4).window(8, 1).build();
        KeyValueCache firstLoaded = builder(format).capacity(100).build();
        KeyValueCache secondLoaded = KeyValueCache.builder(3, 4).window(8, 1).build()) {
      fill(first, 40);
      second.append(Heads.zeros(1, 3, 40, 4), Heads.zeros(1, 3, 40, 4));
      CacheFile.save(path, List.of(first, second));
      secondLoaded.append(Heads.zeros(1, 3, 1, 4), Heads.zeros(1, 3, 1, 4));
      assertThatThrownBy(() -> CacheFile.load(path, List.of(firstLoaded, secondLoaded))).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> firstLoaded.load(path)).hasMessageContainingAll("caches is 1", "2");
      assertThat(firstLoaded.rows()).isZero();
      secondLoaded.reset();
      CacheFile.load(path, List.of(firstLoaded, secondLoaded));
      assertThat(bits(firstLoaded)).isEqualTo(bits(first));
      assertThat(secondLoaded.rows()).isEqualTo(40);
    }
  }

  @ParameterizedTest
  @EnumSource(KeyValueFormat.class)
  void savingChangesNothing(KeyValueFormat format) throws IOException {
    for (CacheStates caches : CacheStates.all(format)) {
      String before = caches.describe();
      for (KeyValueCache cache : caches.batch()) {
        cache.save(folder.resolve("state"));
      }
      assertThatThrownBy(() -> caches.batch().get(0).save(folder.resolve("no folder").resolve("state"))).isInstanceOf(IOException.class);
      assertThat(caches.describe()).isEqualTo(before);
      caches.close();
    }
  }
}
