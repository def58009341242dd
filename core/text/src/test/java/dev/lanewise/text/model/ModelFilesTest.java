package dev.lanewise.text.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFilesTest {
  @TempDir private Path folder;

  private Path put(String name) throws IOException {
    Path path = folder.resolve(name);
    Files.createDirectories(path.getParent());
    return Files.writeString(path, name);
  }

  private static String read(ModelFiles files, String name) throws IOException {
    try (InputStream in = files.open(name)) {
      return in == null ? "none" : new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void filesLieBesideAnOnnxFileOrOneFolderUp() throws IOException {
    Path onnx = put("hub/onnx/model.onnx");
    put("hub/tokenizer.json");
    put("hub/config.json");
    put("hub/onnx/model-config.json");
    ModelFiles files = ModelFiles.of(onnx);
    assertThat(files.name()).isEqualTo("model");
    assertThat(read(files, "tokenizer.json")).isEqualTo("hub/tokenizer.json");
    assertThat(read(files, "config.json")).isEqualTo("hub/onnx/model-config.json");
    assertThat(read(files, "modules.json")).isEqualTo("none");
    ModelFiles whole = ModelFiles.of(folder.resolve("hub"));
    assertThat(whole.name()).isEqualTo("hub");
    assertThat(whole.tensors()).isNull();
    try (InputStream in = whole.openOnnx()) {
      assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo("hub/onnx/model.onnx");
    }
  }

  @Test
  void checksumsAreThoseOfTheContents() throws IOException {
    put("a/config.json");
    Path onnx = put("a/model.onnx");
    put("a/model-tokenizer.json");
    put("a/not-read.json");
    String sums = ModelFiles.of(onnx).checksums();
    assertThat(sums.lines().map(line -> line.substring(0, line.lastIndexOf(' '))))
        .containsExactly("onnx 12", "config.json 13", "tokenizer.json 22");
    Path jar = folder.resolve("same.jar");
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(jar))) {
      for (String name : List.of("model.onnx", "model-tokenizer.json", "config.json")) {
        out.putNextEntry(new ZipEntry(name));
        out.write(Files.readAllBytes(folder.resolve("a").resolve(name)));
        out.closeEntry();
      }
    }
    assertThat(ModelFiles.of(jar).checksums()).isEqualTo(sums);
    Files.writeString(onnx, "a/model.onnY");
    assertThat(ModelFiles.of(onnx).checksums()).isNotEqualTo(sums);
    Files.delete(folder.resolve("a/config.json"));
    assertThat(ModelFiles.of(onnx).checksums().lines()).hasSize(2);

    put("b/model.safetensors.index.json");
    put("b/2.safetensors");
    put("b/1.safetensors");
    assertThat(ModelFiles.of(folder.resolve("b")).checksums()).matches("1.safetensors 15 [0-9a-f]+\\n2.safetensors 15 [0-9a-f]+\\n");
    put("b/model.safetensors");
    assertThat(ModelFiles.of(folder.resolve("b")).checksums()).matches("model.safetensors 19 [0-9a-f]+\\n");
  }

  @Test
  void anArchiveHasOneOnnxFile() throws IOException {
    Path jar = folder.resolve("artifact.jar");
    zip(jar, "META-INF/MANIFEST.MF", "deep/x.onnx", "deep/x-tokenizer.json", "config.json");
    ModelFiles files = ModelFiles.of(jar);
    assertThat(files.name()).isEqualTo("x");
    assertThat(read(files, "tokenizer.json")).isEqualTo("deep/x-tokenizer.json");
    assertThat(read(files, "config.json")).isEqualTo("none");
    zip(jar, "a.onnx", "b.onnx");
    assertThatThrownBy(() -> ModelFiles.of(jar)).isInstanceOf(IOException.class).hasMessageContaining("has 2 files that end with .onnx");
    Files.writeString(jar, "no archive");
    assertThatThrownBy(() -> ModelFiles.of(jar)).isInstanceOf(IOException.class).hasMessageContaining("is no readable archive");
  }

  private static void zip(Path path, String... names) throws IOException {
    try (OutputStream file = Files.newOutputStream(path);
        ZipOutputStream zip = new ZipOutputStream(file)) {
      for (String name : names) {
        zip.putNextEntry(new ZipEntry(name));
        zip.write(name.getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  @Test
  void pathsWithoutModelAreRefused() throws IOException {
    assertThatThrownBy(() -> ModelFiles.of(folder.resolve("none"))).isInstanceOf(IOException.class).hasMessageContaining("does not exist");
    assertThatThrownBy(() -> ModelFiles.of(folder)).hasMessageContaining("has no model.safetensors, ");
    Path text = put("x.txt");
    assertThatThrownBy(() -> ModelFiles.of(text)).hasMessageContaining("must be a folder, or end with .onnx, .jar or .zip");
    assertThatThrownBy(() -> ModelFiles.onClassPath("no-model")).hasMessageContaining("no-model.onnx is not on the class path");
  }
}
