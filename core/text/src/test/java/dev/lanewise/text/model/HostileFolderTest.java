package dev.lanewise.text.model;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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

/** Archives of endless zeros and pipes in place of files are refused. */
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

  private static void pipe(Path path) throws IOException, InterruptedException {
    Files.createDirectories(path.getParent());
    Files.deleteIfExists(path);
    boolean made;
    try {
      made = new ProcessBuilder("mkfifo", path.toString()).start().waitFor() == 0;
    } catch (IOException e) {
      made = false;
    }
    assumeTrue(made, "this system has no mkfifo");
  }

  /** Opening a pipe would wait until somebody writes to it. */
  @Test
  void pipesInPlaceOfFiles() throws IOException, InterruptedException {
    Path zip = folder.resolve("p.zip");
    pipe(zip);
    assertThatThrownBy(() -> ModelFiles.of(zip)).isInstanceOf(IOException.class).hasMessageContaining("not a regular file");
    Path index = folder.resolve("shards/model.safetensors.index.json");
    pipe(index);
    assertThatThrownBy(() -> EncoderModel.load(index.getParent()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("not a regular file");
    Path vocabulary = folder.resolve("words/vocab.txt");
    pipe(vocabulary);
    Files.writeString(vocabulary.resolveSibling("tokenizer_config.json"), "{\"do_lower_case\":true}");
    assertThatThrownBy(() -> Tokenizer.read(vocabulary)).isInstanceOf(IOException.class).hasMessageContaining("not a regular file");
    Path config = folder.resolve("causal/config.json");
    pipe(config);
    assertThatThrownBy(() -> CausalModel.load(config.getParent()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("not a regular file");
  }
}
