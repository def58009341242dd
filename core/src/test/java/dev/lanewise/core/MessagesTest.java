package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Messages contain what the caller gave, and where the fault is. */
@Tag("once")
class MessagesTest {
  @Test
  void cachesAreCountedAgainstSequences() {
    try (KeyValueCache cache = KeyValueCache.builder(1, 1).capacity(4).build()) {
      Attention attention = Attention.standard().withPackedSequences(PackedSequences.of(0, 1, 4));
      Heads query = Heads.of(new float[4], 1, 1, 4, 1);
      Heads output = Heads.of(new float[4], 1, 1, 4, 1);
      assertThatThrownBy(() -> attention.compute(query, Collections.nCopies(3, cache), output))
          .hasMessageContaining("caches is 3")
          .hasMessageContaining("the number of sequences is 2");
    }
  }

  private static final NamedTensors TENSORS =
      NamedTensors.builder().add("bert.a.weight", new float[2], 2).add("bert.a.bias", new float[1], 1).add("c", new float[1], 1).build();

  @Test
  void missingNamesUnderAnotherPrefix() {
    Map<String, long[]> expected = Map.of("a.weight", new long[] {2}, "a.bias", new long[] {1});
    for (NamedTensors tensors : List.of(TENSORS, TENSORS.under("model."))) {
      assertThatThrownBy(() -> tensors.check(expected)).hasMessageContaining("2 of 2 names are under \"bert.\"");
      assertThatThrownBy(() -> tensors.floats("a.weight")).hasMessageContaining("there is \"bert.a.weight\"");
      assertThatThrownBy(() -> tensors.floats("a.weight", 2)).hasMessageContaining("there is \"bert.a.weight\"");
    }
    NamedTensors plain = NamedTensors.builder().add("a.weight", new float[2], 2).add("a.bias", new float[1], 1).build();
    assertThatThrownBy(() -> plain.under("bert.").check(expected)).hasMessageContaining("2 of 2 names are under no prefix");
    assertThatThrownBy(() -> plain.under("bert.").shape("a.bias")).hasMessageContaining("there is \"a.bias\"");
  }

  @Test
  void nothingIsFoundElsewhere() {
    assertThatThrownBy(() -> TENSORS.check(Map.of("d", new long[] {1}))).hasMessageNotContaining("found");
  }
}
