package dev.lanewise.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.TextPooling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** White space at the ends of a text, with a tokenizer that has tokens for it: each byte is one. */
class WhiteSpaceTest {
  private static final String AROUND = " \t\n\u001c\u0085\u00a0\u2007\u2028\u3000";

  @TempDir private static Path folder;
  private static EncoderModel model;
  private static TextEncoder encoder;

  @BeforeAll
  static void load() throws IOException {
    SmallModels.encoder(folder, 31, 1);
    JsonObject vocabulary = new JsonObject();
    // Ġ, ĉ and Ċ stand for a space, a tab and a new line, and the pair Âł for a no-break space
    "abcdefghijklmnopqrstuvwxyz:.ĠĉĊÂł".chars().forEach(c -> vocabulary.addProperty(Character.toString(c), vocabulary.size()));
    Files.writeString(
        folder.resolve("tokenizer.json"),
        """
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,
        "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true},"post_processor":null,
        "decoder":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true},
        "model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":"","end_of_word_suffix":"","fuse_unk":false,
        "byte_fallback":false,"vocab":%s,"merges":[]}}
        """
            .formatted(vocabulary));
    model = EncoderModel.load(folder);
    encoder = TextEncoder.of(model, TextPooling.MEAN);
  }

  @Test
  void theTokenizerHasTokensForWhiteSpace() {
    assertThat(model.tokenizer().encode(" law\u00a0\n").length()).isEqualTo(7);
    assertThat(encoder.tokens("the law")).isEqualTo(7);
  }

  @Test
  void theEndsOfATextAreNotRead() {
    assertThat(encoder.embed(AROUND + "the law" + AROUND)).isEqualTo(encoder.embed("the law"));
    assertThat(encoder.tokens(AROUND)).isEqualTo(encoder.tokens("")).isZero();
    TextEncoder windows = encoder.withMaxTokens(4).withLongTexts(LongTexts.windows(1));
    assertThat(windows.embed(AROUND + "the law" + AROUND)).isEqualTo(windows.embed("the law"));
    assertThat(windows.tokens(" the law ")).isEqualTo(windows.tokens("the law"));
  }

  @Test
  void thePrefixIsPutInFrontBefore() {
    TextEncoder prefixed = encoder.withPrefix(" q: ");
    assertThat(prefixed.prefix()).isEqualTo(" q: ");
    assertThat(prefixed.embed(" law ")).isEqualTo(encoder.embed("q:  law"));
    assertThat(prefixed.tokens("")).isEqualTo(2);
    TextEncoder windows = prefixed.withMaxTokens(7).withLongTexts(LongTexts.windows(0));
    assertThat(windows.embed("theriver\n")).isEqualTo(windows.embed("theriver"));
  }

  @Test
  void theEndsOfAPairsTextsAreNotRead() {
    Reranker reranker = Reranker.of(model);
    assertThat(reranker.score(AROUND + "the law" + AROUND, AROUND + "river" + AROUND)).isEqualTo(reranker.score("the law", "river"));
    assertThat(reranker.score("the law", "the river")).isNotEqualTo(reranker.score("the law", "theriver"));
  }
}
