package dev.lanewise.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.weights.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

/** The golden gradients of core are those that PyTorch gives. */
class GoldenGradientsTest {
  private static final Path FOLDER = Path.of("../core/src/test/resources/golden");

  @Test
  void committedGradientsAreThoseOfPyTorch() throws IOException {
    List<String> lines = Files.readAllLines(FOLDER.resolve("gradients.txt")).stream().filter(line -> !line.startsWith("#")).toList();
    assertThat(lines).hasSameSizeAs(GoldenGradients.CASES);
    try (Safetensors committed = Safetensors.open(FOLDER.resolve("gradients.safetensors"))) {
      for (int c = 0; c < lines.size(); c++) {
        String line = GoldenGradients.CASES.get(c);
        assertThat(lines.get(c)).startsWith("learn " + line + " seed=" + GoldenGradients.SEED + " ");
        String name = line.substring(0, line.indexOf(' '));
        Map<String, double[]> made = new TorchGradients(line, GoldenGradients.SEED, ScalarType.Double).results();
        assertThat(committed.under(name + "/").names()).containsExactlyInAnyOrderElementsOf(made.keySet());
        for (Map.Entry<String, double[]> tensor : made.entrySet()) {
          float[] golden = committed.floats(name + "/" + tensor.getKey());
          for (int i = 0; i < golden.length; i++) {
            double expected = golden[i];
            assertThat(tensor.getValue()[i])
                .as("%s[%d] of %s", tensor.getKey(), i, name)
                .isCloseTo(expected, within(1e-7 * Math.max(1, Math.abs(expected))));
          }
        }
      }
    }
  }
}
