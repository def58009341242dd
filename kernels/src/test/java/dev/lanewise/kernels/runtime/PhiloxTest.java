package dev.lanewise.kernels.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The generator against the known answers that its authors publish with Random123. */
@Tag("once")
class PhiloxTest {
  private static int[] words(int c0, int c1, int c2, int c3, int k0, int k1) {
    int[] words = new int[6];
    Philox.words(c0, c1, c2, c3, k0, k1, words, 1);
    return words;
  }

  @Test
  void knownAnswers() {
    assertThat(words(0, 0, 0, 0, 0, 0)).containsExactly(0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8, 0);
    assertThat(words(-1, -1, -1, -1, -1, -1)).containsExactly(0, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd, 0);
    assertThat(words(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0))
        .containsExactly(0, 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1, 0);
  }
}
