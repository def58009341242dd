package dev.lanewise.text.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A vocab.txt makes the tokenizer that the tokenizer.json of the same model makes. */
class VocabularyFileTest {
  @Test
  void itEqualsTheTokenizerJson(@TempDir Path folder) throws IOException {
    Tokenizer json = Tokenizer.read(new ByteArrayInputStream(NativeTokenizer.miniLm().getBytes(StandardCharsets.UTF_8)), "tokenizer.json");
    Path file = folder.resolve("vocab.txt");
    Files.writeString(file, IntStream.range(0, json.vocabulary()).mapToObj(json::token).collect(Collectors.joining("\n")));
    assertThatThrownBy(() -> Tokenizer.read(file)).isInstanceOf(IOException.class).hasMessageContaining("no tokenizer_config.json");
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"do_lower_case\": true}");
    Tokenizer vocabulary = Tokenizer.read(file);
    OddTexts texts = new OddTexts(3);
    for (int i = 0; i < 200; i++) {
      String text = texts.sentence();
      assertThat(vocabulary.encode(text).ids()).as(text).isEqualTo(json.withoutTruncation().encode(text).ids());
    }
  }

  @Test
  void theConfigSaysWhatIsDoneWithAccentsAndIdeographs(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("vocab.txt");
    Files.writeString(file, "[UNK]\n[CLS]\n[SEP]\né\ne\n中\n中中\n");
    Path config = folder.resolve("tokenizer_config.json");
    Files.writeString(config, "{\"do_lower_case\": true, \"strip_accents\": false, \"tokenize_chinese_chars\": false}");
    assertThat(Tokenizer.read(file).encode("É 中中").tokens()).containsExactly("[CLS]", "é", "中中", "[SEP]");
    Files.writeString(config, "{\"do_lower_case\": false, \"strip_accents\": true}");
    assertThat(Tokenizer.read(file).encode("é 中中").tokens()).containsExactly("[CLS]", "e", "中", "中", "[SEP]");
    for (String other : List.of("\"word_tokenizer_type\": \"mecab\"", "\"do_basic_tokenize\": false")) {
      Files.writeString(config, "{\"do_lower_case\": false, " + other + "}");
      assertThatThrownBy(() -> Tokenizer.read(file)).isInstanceOf(IOException.class).hasMessageContaining("must be");
    }
  }
}
