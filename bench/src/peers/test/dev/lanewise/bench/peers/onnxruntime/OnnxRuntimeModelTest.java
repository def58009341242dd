package dev.lanewise.bench.peers.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class OnnxRuntimeModelTest {
  private static final double TOLERANCE = 1e-5;

  private static EncoderModel lanewise() throws IOException {
    return EncoderModel.load(ModelFiles.onClassPath("all-minilm-l6-v2"));
  }

  private static List<int[]> ids(EncoderModel model) {
    return Stream.of("The law will never be perfect, but its application should be just.", "", "Königsberg 中文 😀")
        .map(text -> model.tokenizer().encode(text).ids())
        .toList();
  }

  @Test
  void paddingChangesNothing() throws IOException {
    try (OnnxRuntimeModel model = OnnxRuntimeModel.load(2)) {
      assertThat(model.version()).startsWith("1.29.");
      List<int[]> texts = ids(lanewise());
      List<float[]> together = model.lastHiddenStates(texts);
      for (int i = 0; i < texts.size(); i++) {
        assertThat(together.get(i)).hasSize(texts.get(i).length * OnnxRuntimeModel.EMBED_DIM);
        assertClose(together.get(i), model.lastHiddenStates(List.of(texts.get(i))).getFirst());
      }
    }
  }

  @Test
  void everyHiddenStateIsLanewises() throws IOException {
    EncoderModel lanewise = lanewise();
    List<int[]> ids = ids(lanewise);
    try (OnnxRuntimeModel model = OnnxRuntimeModel.loadWithLayers(1);
        OnnxRuntimeModel plain = OnnxRuntimeModel.load(1);
        OnnxRuntimeBatch batch = model.batch(ids)) {
      batch.run();
      List<float[]> last = plain.lastHiddenStates(ids);
      for (int i = 0; i < ids.size(); i++) {
        int length = ids.get(i).length;
        PackedSequences one = PackedSequences.of(0, length);
        SequenceBatch x = SequenceBatch.zeros(1, length, OnnxRuntimeModel.EMBED_DIM);
        lanewise.encoder().embed(ids.get(i), null, one, x);
        assertClose(batch.hiddenState(0, i), x.data());
        for (int layer = 0; layer < 6; layer++) {
          lanewise.encoder().encoder().withPackedSequences(one).layers().get(layer).forward(x, x);
          assertClose(batch.hiddenState(layer + 1, i), x.data());
        }
        assertClose(batch.hiddenState(6, i), last.get(i));
      }
    }
  }

  @Test
  void runsAgainGiveTheSame() throws IOException {
    try (OnnxRuntimeModel model = OnnxRuntimeModel.load(1);
        OnnxRuntimeBatch batch = model.batch(ids(lanewise()))) {
      batch.run();
      float[] first = batch.hiddenState(0, 2);
      batch.run();
      assertThat(Arrays.equals(batch.hiddenState(0, 2), first)).isTrue();
      assertThat(batch.length()).isEqualTo(16);
    }
  }

  @Test
  void emptyBatchesAreRefused() throws IOException {
    try (OnnxRuntimeModel model = OnnxRuntimeModel.load(1)) {
      assertThatThrownBy(() -> model.batch(List.of())).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> model.batch(List.of(new int[] {1}, new int[0]))).isInstanceOf(IllegalArgumentException.class);
    }
  }

  private static void assertClose(float[] actual, float[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.length; i++) {
      assertThat((double) actual[i]).as("element %d", i).isCloseTo(expected[i], org.assertj.core.data.Offset.offset(TOLERANCE));
    }
  }
}
