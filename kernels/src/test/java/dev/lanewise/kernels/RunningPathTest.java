package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lanewise.kernels.simd.lanes.Tiles;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

/**
 * The tests run on the lanes of the machine and in plain Java, and with {@code -Pevery-path} on narrower vectors (see the executions of
 * Surefire in the root pom.xml). Each run checks that it took the path that it names. Some tests of this module run with the tiles of
 * another processor, too.
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

  /** The tiles follow from the number of registers: what the property says, or what the processor has. */
  @Test
  void thisRunTakesTheTilesOfItsRegisters() {
    assumeThat(Kernels.selected().path()).isNotEqualTo("scalar");
    boolean many = Kernels.selected().lanes() == 16 || System.getProperty("os.arch").equals("aarch64");
    assertThat(Tiles.MANY_REGISTERS).isEqualTo(Integer.getInteger("lanewise.vectorRegisters", many ? 32 : 16) == 32);
  }

  private static int hardwareBits() {
    return Math.clamp(FloatVector.SPECIES_PREFERRED.vectorBitSize(), 128, 512);
  }
}
