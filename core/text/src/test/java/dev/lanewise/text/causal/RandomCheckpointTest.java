package dev.lanewise.text.causal;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import dev.lanewise.core.weights.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The checkpoints that other tests read hold what their config says. */
class RandomCheckpointTest {
  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource
  void oneFileHoldsEveryTensor(RandomCheckpoint.Family family) throws IOException {
    RandomCheckpoint checkpoint = RandomCheckpoint.of(family, 1);
    checkpoint.write(folder);
    try (Safetensors file = Safetensors.open(folder.resolve("model.safetensors"))) {
      file.check(checkpoint.shapes());
    }
    assertThat(JsonParser.parseString(Files.readString(folder.resolve("config.json")))).isEqualTo(checkpoint.config());
  }

  @Test
  void shardsHoldTheSameNumbers() throws IOException {
    RandomCheckpoint checkpoint = RandomCheckpoint.of(RandomCheckpoint.Family.QWEN3, 2).withDtype(Safetensors.Dtype.BF16).withShards(3);
    checkpoint.write(folder);
    int tensors = 0;
    for (String name : List.of("model-00001-of-00003", "model-00002-of-00003", "model-00003-of-00003")) {
      try (Safetensors file = Safetensors.open(folder.resolve(name + ".safetensors"))) {
        tensors += file.names().size();
      }
    }
    assertThat(tensors).isEqualTo(checkpoint.shapes().size());
  }

  @Test
  void aPrefixOfGpt2DoesNotChangeNumbers() {
    RandomCheckpoint without = RandomCheckpoint.of(RandomCheckpoint.Family.GPT2, 3);
    RandomCheckpoint with = RandomCheckpoint.of(RandomCheckpoint.Family.GPT2, 3).withPrefix("transformer.");
    assertThat(with.tensors().floats("transformer.h.1.attn.c_attn.weight")).isEqualTo(without.tensors().floats("h.1.attn.c_attn.weight"));
  }
}
