package dev.lanewise.bench.cli.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InputTest {
  private static final String TEXT = "The law is just.\nEin Satz für alle.\n";
  private static final long SEED = 20261129;

  @TempDir private Path folder;

  private byte[] read(byte[] bytes) throws IOException {
    Path file = Files.write(folder.resolve("file.txt"), bytes);
    try (InputStream in = Input.text(file)) {
      return in.readAllBytes();
    }
  }

  private void assertRefused(byte[] bytes, String looksLike) {
    assertThatThrownBy(() -> read(bytes))
        .isInstanceOf(IOException.class)
        .hasMessage(folder.resolve("file.txt") + " is no UTF-8 text: it looks like " + looksLike);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "x", TEXT, "BZh9 is no archive", "PAR1", "a\u0000b is odd, but a text\n", "\u0001\u001b[31m", "漢字\n", "{\"line\":1}"})
  void textIsReadAsItIs(String text) throws IOException {
    assertThat(read(text.getBytes(StandardCharsets.UTF_8))).asString(StandardCharsets.UTF_8).isEqualTo(text);
    assertThat(read(("\ufeff" + text).getBytes(StandardCharsets.UTF_8))).asString(StandardCharsets.UTF_8).isEqualTo(text);
    String longText = text.repeat(10_000);
    assertThat(read(longText.getBytes(StandardCharsets.UTF_8))).asString(StandardCharsets.UTF_8).isEqualTo(longText);
  }

  /** Its lines are named one by one. */
  @Test
  void textInAnotherEncodingIsNoBinaryData() throws IOException {
    byte[] latin = "Ein Satz für alle.\n".getBytes(StandardCharsets.ISO_8859_1);
    assertThat(read(latin)).isEqualTo(latin);
    byte[] cyrillic = "Закон\n".getBytes(Charset.forName("windows-1251"));
    assertThat(read(cyrillic)).isEqualTo(cyrillic);
  }

  @ParameterizedTest
  @CsvSource({
    "UTF-16, UTF-16 text",
    "UTF-16LE, UTF-16 text",
    "UTF-16BE, UTF-16 text",
    "x-UTF-16LE-BOM, UTF-16 text",
    "UTF-32, binary data",
    "X-UTF-32LE-BOM, UTF-32 text",
    "X-UTF-32BE-BOM, UTF-32 text"
  })
  void wideEncodings(String charset, String looksLike) {
    assertRefused(TEXT.getBytes(Charset.forName(charset)), looksLike);
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream gzip = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(gzip)) {
      out.write(bytes);
    }
    return gzip.toByteArray();
  }

  private static byte[] gzip(String text) throws IOException {
    return gzip(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void gzipIsExpanded() throws IOException {
    assertThat(read(gzip(TEXT))).asString(StandardCharsets.UTF_8).isEqualTo(TEXT);
    assertThat(read(gzip("\ufeff" + TEXT))).asString(StandardCharsets.UTF_8).isEqualTo(TEXT);
    assertThat(read(gzip(""))).isEmpty();
    StringBuilder longText = new StringBuilder();
    Random random = new Random(SEED);
    while (longText.length() < 300_000) {
      longText.append(random.nextInt()).append('\n');
    }
    assertThat(read(gzip(longText.toString()))).asString(StandardCharsets.UTF_8).isEqualTo(longText.toString());
  }

  /** As {@code cat one.gz two.gz}, at every place of the seam in the first bytes that are read. */
  @Test
  void gzipFilesOneAfterAnother() throws IOException {
    for (int length = 8100; length < 8220; length++) {
      byte[] noise = new byte[length];
      Arrays.fill(noise, (byte) 'x');
      byte[] stored = stored(noise);
      ByteArrayOutputStream both = new ByteArrayOutputStream();
      both.write(stored);
      both.write(gzip(TEXT));
      assertThat(read(both.toByteArray())).asString(StandardCharsets.UTF_8).isEqualTo("x".repeat(length) + TEXT);
    }
  }

  /** A gzip file that is as long as its content and its frame. */
  private static byte[] stored(byte[] bytes) throws IOException {
    ByteArrayOutputStream gzip = new ByteArrayOutputStream();
    try (OutputStream out =
        new GZIPOutputStream(gzip) {
          {
            def.setLevel(Deflater.NO_COMPRESSION);
          }
        }) {
      out.write(bytes);
    }
    return gzip.toByteArray();
  }

  @Test
  void damagedGzipIsNamed() throws IOException {
    byte[] whole = gzip("The law is just.\n".repeat(1000));
    for (int length = 2; length < whole.length; length += 7) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> read(cut))
          .as("%d bytes", length)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("file.txt is a damaged gzip file");
    }
    whole[whole.length / 2] ^= 64;
    assertThatThrownBy(() -> read(whole)).isInstanceOf(IOException.class).hasMessageContaining("file.txt is a damaged gzip file");
    assertRefused(gzip(gzip(TEXT)), "gzip");
    assertRefused(gzip(new byte[100]), "binary data");
  }

  @Test
  void compressedFiles() throws IOException {
    ByteArrayOutputStream zip = new ByteArrayOutputStream();
    try (ZipOutputStream out = new ZipOutputStream(zip)) {
      out.putNextEntry(new ZipEntry("lines.txt"));
      out.write(TEXT.getBytes(StandardCharsets.UTF_8));
    }
    assertRefused(zip.toByteArray(), "zip");
  }

  @ParameterizedTest
  @CsvSource({
    "28b52ffd2001, zstd",
    "fd377a585a000004, xz",
    "04224d1864, lz4",
    "377abcaf271c00, 7z",
    "425a683931415926535900, bzip2",
    "255044462d312e37, PDF",
    "7f454c460201, a program (ELF)",
    "934e554d505901007600, a NumPy array (.npy)",
    "78000000000000007b22656d, safetensors"
  })
  void signatures(String hex, String looksLike) {
    assertRefused(HexFormat.of().parseHex(hex), looksLike);
  }

  @Test
  void binaryData() {
    for (int i = 0; i < 50; i++) {
      byte[] noise = new byte[2000];
      new Random(SEED + i).nextBytes(noise);
      noise[0] = 'x';
      assertRefused(noise, "binary data");
    }
    assertRefused(new byte[100], "binary data");
  }

  @Test
  void obstacles() {
    assertThat(Input.obstacle(folder)).hasValue(" is a folder, must be a file");
    assertThat(Input.obstacle(folder.resolve("missing"))).hasValue(" is not there");
    assertThat(Input.obstacle(Input.STANDARD)).isEmpty();
  }
}
