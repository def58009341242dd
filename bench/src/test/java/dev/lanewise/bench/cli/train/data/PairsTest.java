package dev.lanewise.bench.cli.train.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.bench.cli.train.data.PairFile.Pair;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PairsTest {
  @Test
  void aPairIsALine(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("pairs.tsv"), "one\t 1 \r\n\n ä b\tc\n");
    assertThat(PairFile.read(file)).containsExactly(new Pair("one", "1"), new Pair("ä b", "c"));
  }

  @ParameterizedTest
  @CsvSource({
    "'a\tb\nc', line 2 of , has 0 tabs",
    "'a\tb\tc', line 1 of , has 2 tabs",
    "'a\tb\nc\t ', line 2 of , has an empty text",
  })
  void aWrongLineIsNamed(String text, String line, String message, @TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("pairs.tsv"), text);
    assertThatThrownBy(() -> PairFile.read(file)).isInstanceOf(IOException.class).hasMessageContaining(line).hasMessageContaining(message);
  }

  @Test
  void madeUpPairsFollowFromTheSeedAndAreAllDifferent() {
    List<Pair> pairs = MadeUpPairs.of(7, 3000);
    assertThat(MadeUpPairs.of(7, 3000)).isEqualTo(pairs);
    assertThat(MadeUpPairs.of(8, 100)).isNotEqualTo(pairs.subList(0, 100));
    assertThat(pairs.stream().map(Pair::query)).doesNotHaveDuplicates();
    assertThat(MadeUpPairs.of(1, MadeUpPairs.most())).hasSize(12 * 12 * 12 * 8);
    assertThatThrownBy(() -> MadeUpPairs.of(1, MadeUpPairs.most() + 1)).hasMessageContaining("count is 13825, must be from 0 to 13824");
  }

  /** The same syllable always stands for the same word, which is what can be learned. */
  @Test
  void aSyllableStandsForAWord() {
    Map<String, String> kinds = new HashMap<>();
    for (Pair pair : MadeUpPairs.of(3, 2000)) {
      String first = pair.query().split("-", -1)[0];
      String kind =
          List.of("valve", "pump", "hinge", "filter", "bearing", "lever", "spring", "nozzle", "cable", "lamp", "wheel", "bell").stream()
              .filter(word -> pair.text().matches(".*\\b" + word + "\\b.*"))
              .findFirst()
              .orElseThrow();
      assertThat(kinds.merge(first, kind, (old, same) -> old)).isEqualTo(kind);
    }
    assertThat(kinds).hasSize(12);
  }
}
