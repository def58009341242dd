package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Surefire runs the suite four ways and says which one this is; a run that lost its flag must not pass as another. */
class RunningPathTest {
  @Test
  void thisRunTestsThePathThatItIsMeantFor() {
    String expected = System.getProperty("lanewise.expectedPath");
    String path = Kernels.selected().path();
    if ("preferred".equals(expected)) {
      assertThat(path).startsWith("vector-");
      assertThat(System.getProperty("lanewise.vectorBits")).isNull();
    } else {
      assertThat(path).isEqualTo(expected);
    }
  }
}
