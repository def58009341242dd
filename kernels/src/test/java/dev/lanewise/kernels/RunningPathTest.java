package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

/**
 * The tests run on four paths (see the executions of Surefire in the root pom.xml); each run checks that it took the path that it names.
 */
class RunningPathTest {

  @Test
  void thisRunTakesTheExpectedPath() {
    String expected = System.getProperty("lanewise.expectedPath");
    assertThat(expected).as("-Dlanewise.expectedPath").isIn("preferred", "vector-256", "vector-128", "scalar");
    switch (expected) {
      case "scalar" -> {
        assertThat(Kernels.selected().path()).isEqualTo("scalar");
        assertThat(ModuleLayer.boot().findModule("jdk.incubator.vector")).isEmpty();
      }
      case "preferred" -> assertThat(Kernels.selected().path()).isEqualTo("vector-" + hardwareBits());
      default -> {
        int bits = Integer.parseInt(expected.substring("vector-".length()));
        assertThat(Kernels.selected().path()).isEqualTo("vector-" + Math.min(bits, hardwareBits()));
      }
    }
  }

  private static int hardwareBits() {
    return FloatVector.SPECIES_PREFERRED.vectorBitSize();
  }
}
