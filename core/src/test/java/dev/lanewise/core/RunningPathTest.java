package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.Kernels;
import org.junit.jupiter.api.Test;

/**
 * The tests run on the lanes of the machine and in plain Java, and with {@code -Pthorough} on narrower vectors (see the executions of
 * Surefire in the root pom.xml). Each run proves that attention took the path in its name. Only the test of the same name in {@code
 * kernels} can check the vector width of the hardware; hardware with narrower vectors is allowed here.
 */
class RunningPathTest {

  @Test
  void thisRunTakesTheExpectedPath() {
    String expected = System.getProperty("lanewise.expectedPath");
    assertThat(expected).as("-Dlanewise.expectedPath").isIn("preferred", "vector-256", "vector-128", "scalar");
    String path = Kernels.selected().path();
    switch (expected) {
      case "scalar" -> assertThat(path).isEqualTo("scalar");
      case "preferred" -> assertThat(path).startsWith("vector-");
      default -> {
        assertThat(path).startsWith("vector-");
        assertThat(bits(path)).isBetween(128, bits(expected));
      }
    }
  }

  private static int bits(String path) {
    return Integer.parseInt(path.substring("vector-".length()));
  }
}
