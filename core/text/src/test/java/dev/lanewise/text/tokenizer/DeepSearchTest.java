package dev.lanewise.text.tokenizer;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/** A text on which a regular expression needs more stack than a thread has. */
class DeepSearchTest {
  @Test
  void aRegularExpressionThatNeedsTooMuchStackIsNoErrorOfTheVirtualMachine() throws IOException {
    try (Agreement agreement = Agreement.of("groups", SubwordFiles.split("(?:\\p{L}|\\p{M})+|.", false, false))) {
      agreement.on("law e\u0301");
      assertThatThrownBy(() -> agreement.tokenizer().encode("a".repeat(1_000_000)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("text is too long for the regular expression");
    }
  }
}
