package dev.lanewise.text.model;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.testing.Pipes;
import dev.lanewise.text.causal.CausalModel;
import dev.lanewise.text.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Archives of endless zeros or with odd names, and pipes in place of files are refused. */
@Timeout(120)
class HostileFolderTest {
  @TempDir private Path folder;

  private Path archive(String name, int megabytes) throws IOException {
    Path zip = folder.resolve("model.zip");
    try (OutputStream out = Files.newOutputStream(zip);
        ZipOutputStream entries = new ZipOutputStream(out)) {
      for (String each : new String[] {"m.onnx", "m-tokenizer.json"}) {
        entries.putNextEntry(new ZipEntry(each));
        entries.write(new byte[each.equals(name) ? megabytes << 20 : 1]);
      }
    }
    return zip;
  }

  /** 64 MB of zeros are 64 KB in an archive. */
  @Test
  void archivesOfZeros() throws IOException {
    Path zip = archive("m-tokenizer.json", 64);
    ModelFiles files = ModelFiles.of(zip);
    assertThatThrownBy(() -> files.open("tokenizer.json").readAllBytes())
        .isInstanceOf(IOException.class)
        .hasMessageContaining(zip + ": m-tokenizer.json has more than")
        .hasMessageContaining("too many for an archive of this size");
    Path other = archive("m.onnx", 64);
    assertThatThrownBy(() -> EncoderModel.load(other)).isInstanceOf(IOException.class).hasMessageContaining("m.onnx");
  }

  /** The name of the only ONNX file of an archive names other files and is in messages. */
  @ParameterizedTest
  @ValueSource(strings = {"\u001b[31m", "a\nb", "a\u2028b", "\u0085"})
  void archivesWithOddNames(String odd) throws IOException {
    assertNameRefused(odd + ".onnx");
    assertNameRefused(odd + "/m.onnx");
    assertNameRefused("x".repeat(300) + ".onnx");
  }

  private void assertNameRefused(String name) throws IOException {
    Path zip = folder.resolve("n.zip");
    try (OutputStream out = Files.newOutputStream(zip);
        ZipOutputStream entries = new ZipOutputStream(out)) {
      entries.putNextEntry(new ZipEntry(name));
    }
    assertThatThrownBy(() -> EncoderModel.load(zip))
        .isInstanceOf(IOException.class)
        .message()
        .startsWith(zip + " has a file ")
        .hasSizeLessThan(zip.toString().length() + 250)
        .matches(message -> message.codePoints().noneMatch(c -> Character.isISOControl(c) || c == 0x2028));
  }

  /** Opening a pipe would wait until somebody writes to it. */
  @Test
  void pipesInPlaceOfFiles() throws IOException, InterruptedException {
    Path zip = folder.resolve("p.zip");
    Pipes.put(zip);
    assertThatThrownBy(() -> ModelFiles.of(zip)).isInstanceOf(IOException.class).hasMessageContaining("not a regular file");
    Path index = folder.resolve("shards/model.safetensors.index.json");
    Pipes.put(index);
    assertThatThrownBy(() -> EncoderModel.load(index.getParent()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("not a regular file");
    Path vocabulary = folder.resolve("words/vocab.txt");
    Pipes.put(vocabulary);
    Files.writeString(vocabulary.resolveSibling("tokenizer_config.json"), "{\"do_lower_case\":true}");
    assertThatThrownBy(() -> Tokenizer.read(vocabulary)).isInstanceOf(IOException.class).hasMessageContaining("not a regular file");
    Path config = folder.resolve("causal/config.json");
    Pipes.put(config);
    assertThatThrownBy(() -> CausalModel.load(config.getParent()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("not a regular file");
  }
}
