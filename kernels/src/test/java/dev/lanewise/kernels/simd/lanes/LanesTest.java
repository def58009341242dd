package dev.lanewise.kernels.simd.lanes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lanewise.kernels.Kernels;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("once")
class LanesTest {
  @BeforeEach
  void lanesNeedTheVectorModule() {
    assumeThat(Kernels.selected().path()).isNotEqualTo("scalar");
  }

  @ParameterizedTest
  @CsvSource({"amd64, 512, 32", "amd64, 256, 16", "x86_64, 128, 16", "aarch64, 128, 32", "riscv64, 128, 32", "arm, 128, 16"})
  void registersFollowFromTheProcessor(String architecture, int bits, int registers) {
    assertThat(Lanes.registers(architecture, bits)).isEqualTo(registers);
  }

  /** A JVM without a vector compiler prefers 64 bits, and SVE has up to 2048. */
  @Test
  void sizesThatTheKernelsDoNotHaveBecomeTheNextOne() {
    assertThat(Lanes.supported(64)).isEqualTo(128);
    assertThat(Lanes.supported(256)).isEqualTo(256);
    assertThat(Lanes.supported(2048)).isEqualTo(512);
  }
}
