package dev.lanewise.bench.cli.train.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CorpusTest {
  @TempDir Path folder;

  private static byte[] words(int count) {
    SplittableRandom random = new SplittableRandom(5);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.append("word").append(random.nextInt(50)).append(' ');
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void filesFollowEachOtherAndTheLastTenthIsHeldOut() throws IOException {
    Path one = Files.writeString(folder.resolve("one.md"), "\ufeffabcdefg");
    Path two = Files.writeString(folder.resolve("two.md"), "äbcdefghijklm");
    Corpus corpus = Corpus.read(List.of(one, two), 100);
    assertThat(new String(corpus.bytes(), StandardCharsets.UTF_8)).isEqualTo("abcdefgäbcdefghijklm");
    assertThat(corpus.heldOut()).isEqualTo(2);
    assertThat(corpus.learned()).isEqualTo(19);
  }

  @Test
  void whatIsNoTextOrTooLongIsRefused() throws IOException {
    Path one = Files.writeString(folder.resolve("one.md"), "abcdefg");
    assertThatThrownBy(() -> Corpus.read(List.of(one, one), 13))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("longer than 13 bytes");
    Path zipped = Files.write(folder.resolve("a.gz"), new byte[] {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0});
    assertThatThrownBy(() -> Corpus.read(List.of(zipped), 100)).isInstanceOf(IOException.class).hasMessageContaining("gzip");
  }

  /** Java's own gzip at its usual level is never smaller by much, and the frame is the same. */
  @Test
  void theSizeIsThatOfGzip() throws IOException {
    byte[] text = words(5000);
    ByteArrayOutputStream usual = new ByteArrayOutputStream();
    try (GZIPOutputStream out =
        new GZIPOutputStream(usual) {
          {
            def.setLevel(9);
          }
        }) {
      out.write(text);
    }
    assertThat(Compression.gzip(text, text.length)).isEqualTo(usual.size());
    assertThat(Compression.gzip(text, 0)).isEqualTo(20);
  }

  /** Random bytes take 8 bits each; what repeats the text before it takes next to none. */
  @Test
  void bitsAByteAreThoseOfTheHeldOutPart() {
    byte[] random = new byte[20_000];
    new SplittableRandom(6).nextBytes(random);
    assertThat(Compression.gzipBitsPerByte(Corpus.of(random))).isCloseTo(8, within(0.05));
    System.arraycopy(random, 0, random, 18_000, 2_000);
    assertThat(Compression.gzipBitsPerByte(Corpus.of(random))).isBetween(0.0, 0.4);
  }
}
