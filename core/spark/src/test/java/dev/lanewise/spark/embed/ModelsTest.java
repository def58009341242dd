package dev.lanewise.spark.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.spark.testing.TestTexts;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelsTest {
  private static EmbedSettings settings(String model, String prefix) {
    return new EmbedSettings(model, null, null, null, prefix, null, null, null, OnFailure.FAIL);
  }

  @Test
  void oneModelForAllThreadsAndSettings(@TempDir Path folder) throws Exception {
    String model = EncoderModel.export(ModelFiles.onClassPath(TestTexts.NAME), folder).toString();
    List<EncoderModel> found = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<EncoderModel>> all = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        String prefix = "prefix " + i;
        all.add(threads.submit(() -> Models.encoder(settings(model, prefix)).model()));
      }
      for (Future<EncoderModel> each : all) {
        found.add(each.get());
      }
    }
    assertThat(found).allSatisfy(each -> assertThat(each).isSameAs(found.getFirst()));
    Files.writeString(folder.resolve("vocab.txt"), "changed");
    assertThat(Models.get(model).model()).isNotSameAs(found.getFirst());
  }

  @Test
  void failureIsForgotten(@TempDir Path folder) throws IOException, InterruptedException {
    Path copy = folder.resolve("model");
    assertThatThrownBy(() -> Models.get(copy.toString())).isInstanceOf(IOException.class).hasMessageContaining("there is no model at");
    Files.createDirectories(copy);
    assertThatThrownBy(() -> Models.get(copy.toString()))
        .hasMessageContaining("cannot be loaded")
        .hasMessageContaining("has no model.safetensors");
    EncoderModel.export(ModelFiles.onClassPath(TestTexts.NAME), copy);
    assertThat(Models.get("file:" + copy).fingerprint().dimensions()).isEqualTo(384);
  }

  /** An interrupted task stops to wait; the model is loaded for the others. */
  @Test
  void interruptEndsWaiting(@TempDir Path folder) throws IOException, InterruptedException {
    String model = EncoderModel.export(ModelFiles.onClassPath(TestTexts.NAME), folder).toString();
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> Models.get(model)).isInstanceOf(InterruptedException.class);
    assertThat(Models.get(model).model().name()).isEqualTo(folder.getFileName().toString());
  }
}
