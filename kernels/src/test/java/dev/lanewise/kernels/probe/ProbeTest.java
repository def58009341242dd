package dev.lanewise.kernels.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.kernels.Kernels;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("twice")
class ProbeTest {
  static Stream<Probe> probes() {
    return Stream.of(Probe.fastest(), Probe.of(Kernels.scalar()));
  }

  @ParameterizedTest
  @MethodSource("probes")
  void aProbeDoesAsManyOperationsAsItSays(Probe probe) {
    int steps = 1000;
    assertThat(2 * probe.fmaPeak(steps)).isEqualTo((float) steps * probe.flopsPerStep());
    assertThat(probe.fmaPeak(0)).isZero();
  }

  @ParameterizedTest
  @MethodSource("probes")
  void everyElementOfTheRangeIsReadOnce(Probe probe) {
    float[] data = new float[203];
    for (int i = 0; i < data.length; i++) {
      data[i] = i;
    }
    for (int from = 0; from <= data.length; from += 29) {
      for (int to = from; to <= data.length; to++) {
        float expected = (to - from) * (from + to - 1) / 2f;
        assertThat(probe.readBandwidth(data, from, to)).as("from %s to %s", from, to).isEqualTo(expected);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("probes")
  void rangesOutsideTheArrayAreRefused(Probe probe) {
    assertThatThrownBy(() -> probe.fmaPeak(-1)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("steps is -1");
    assertThatThrownBy(() -> probe.readBandwidth(new float[3], 1, 4)).isInstanceOf(IndexOutOfBoundsException.class);
  }
}
