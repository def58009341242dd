package dev.lanewise.text.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.testing.Mutations;
import dev.lanewise.text.json.ForeignJson;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A damaged tokenizer.json is refused in one line, or makes a tokenizer whose tokens are all in its vocabulary. */
@Timeout(1200) // against hanging
class TokenizerFuzzTest {
  private static final long SEED = 20261122;
  private static final String NAME = "tokenizer.json";
  private static final int FILES = 4000;
  private static final long ALLOWANCE = 2_000_000;
  private static final String TEXT = "A law, [MASK] lawless [CLS][PAD] \ud83d\ude00 é [[UNK]" + " xx".repeat(20);

  private static final String VALID =
      """
      {"version":"1.0","added_tokens":[
      {"id":0,"special":true,"content":"[PAD]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false},
      {"id":1,"special":true,"content":"[UNK]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false},
      {"id":2,"special":true,"content":"[CLS]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false},
      {"id":3,"special":true,"content":"[SEP]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false},
      {"id":4,"special":true,"content":"[MASK]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false}],
      "normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},
      "pre_tokenizer":{"type":"BertPreTokenizer"},
      "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},
      {"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}}],
      "special_tokens":{"[CLS]":{"id":"[CLS]","ids":[2],"tokens":["[CLS]"]},"[SEP]":{"id":"[SEP]","ids":[3],"tokens":["[SEP]"]}}},
      "decoder":{"type":"WordPiece","prefix":"##","cleanup":true},
      "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,
      "vocab":{"[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3,"[MASK]":4,"a":5,"law":6,"##less":7,",":8,"x":9,"##x":10,"e":11}}}
      """;

  private static boolean refuses(byte[] bytes, String what) {
    return Mutations.refuses(
        () -> {
          Tokenizer tokenizer = Tokenizer.read(new ByteArrayInputStream(bytes), NAME).withoutTruncation();
          Encoding encoding = tokenizer.encode(TEXT);
          for (int i = 0; i < encoding.length(); i++) {
            assertThat(encoding.ids()[i]).as(what).isNotNegative();
            assertThat(encoding.start(i)).as(what).isBetween(0, encoding.end(i));
            assertThat(encoding.end(i)).as(what).isBetween(0, TEXT.length());
          }
          tokenizer.decode(encoding.ids());
        },
        NAME,
        what,
        ALLOWANCE + 100L * bytes.length);
  }

  @Test
  void damagedFilesAreReadOrRefused() {
    byte[] valid = VALID.getBytes(StandardCharsets.UTF_8);
    assertThat(refuses(valid, "the file itself")).isFalse();
    Mutations mutations = new Mutations(SEED);
    int refused = 0;
    for (int i = 0; i < Mutations.count(FILES); i++) {
      refused += refuses(mutations.of(valid), mutations.name()) ? 1 : 0;
    }
    assertThat(refused).isBetween(mutations.files() / 2, mutations.files() - 1);
  }

  @Test
  void largeAndDeepFilesAreRefusedForLittle() {
    int size = 1_000_000;
    List<String> texts =
        List.of(
            "[".repeat(size),
            VALID.replace("null", "[".repeat(size)),
            VALID.replace("null", "{\"a\":".repeat(size / 5)),
            VALID.replace("null", "\"" + "x".repeat(size) + "\""),
            VALID.replace("\"x\":9", "\"x\":" + "9".repeat(size)),
            VALID.replace("\"x\":9", "\"x\":1e999999999"),
            VALID.replace("\"x\":9", "\"" + "y".repeat(size) + "\":90000"),
            VALID.replace(":100,", ":2147483647,"),
            VALID.replace(":100,", ":0,"),
            VALID.replace("\"id\":4", "\"id\":400"),
            VALID.replace("\"content\":\"[MASK]\"", "\"content\":\"[" + "x".repeat(size) + "\""),
            VALID + " ".repeat(ForeignJson.MOST_BYTES + 2000));
    for (int i = 0; i < texts.size(); i++) {
      assertThat(refuses(texts.get(i).getBytes(StandardCharsets.UTF_8), "text " + i)).as("text %s", i).isTrue();
    }
  }
}
