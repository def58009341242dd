package dev.lanewise.text.causal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.testing.Mutations;
import dev.lanewise.text.json.Config;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A damaged config is read, or refused with one short line that names the file, for little memory. */
@Timeout(1200)
class ConfigFuzzTest {
  private static final long SEED = 20261129;
  private static final int FILES = 2000;
  private static final long MOST_BYTES = 8_000_000;

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource
  void damagedConfigsAreReadOrRefused(RandomCheckpoint.Family family) throws IOException {
    Path file = folder.resolve("config.json");
    byte[] valid = RandomCheckpoint.of(family, SEED).config().toString().getBytes(StandardCharsets.UTF_8);
    Mutations mutations = new Mutations(SEED + family.name().hashCode());
    int refused = 0;
    for (int i = 0; i < Mutations.count(FILES); i++) {
      Mutations.write(file, mutations.of(valid));
      refused += Mutations.refuses(() -> Architecture.read(Config.read(file)), file.toString(), mutations.name(), MOST_BYTES) ? 1 : 0;
    }
    assertThat(refused).isBetween(mutations.files() / 2, mutations.files() - 1);
  }
}
