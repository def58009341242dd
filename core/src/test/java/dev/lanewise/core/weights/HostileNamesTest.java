package dev.lanewise.core.weights;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Names of tensors that are made to take endless time. */
@Tag("once")
@Timeout(120)
class HostileNamesTest {
  private static final int NAMES = 60_000;

  /** Each name could be the first one of a model under another prefix; to try all prefixes with all names would take minutes. */
  @Test
  void aPrefixForEachName() {
    NamedTensors.Builder tensors = NamedTensors.builder();
    Map<String, long[]> expected = new LinkedHashMap<>();
    for (int i = 0; i < NAMES; i++) {
      tensors.add(i + ".w0", new float[0], 0);
      expected.put("w" + i, new long[] {0});
    }
    NamedTensors stored = tensors.build();
    assertThatThrownBy(() -> stored.check(expected))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(2 * NAMES + " tensors")
        .hasMessageContaining("found: 1 of " + NAMES);
  }
}
