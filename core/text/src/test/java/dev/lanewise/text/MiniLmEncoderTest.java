package dev.lanewise.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@link TextEncoder} with all-MiniLM-L6-v2 has the bits of {@link MiniLm}. */
class MiniLmEncoderTest {
  @Test
  void vectorsAreMiniLms() throws IOException {
    TextEncoder encoder = TextEncoder.of(EncoderModel.load(ModelFiles.onClassPath("all-minilm-l6-v2")));
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      texts.add("The law will never be perfect. ".repeat(1 + i % 3) + i);
    }
    float[][] expected = MiniLm.load().embed(texts);
    for (int threads = 1; threads <= 2; threads++) {
      assertThat(encoder.withThreads(threads).embed(texts)).isEqualTo(expected);
    }
    assertThat(encoder.embed(texts.stream())).containsExactly(expected);
    assertThat(Arrays.asList(encoder.dimensions(), encoder.maxTokens())).containsExactly(384, 256);
  }
}
