package dev.lanewise.text.tokenizer;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every kind of normaliser, splitter and template on small vocabularies, held against Hugging Face's tokenizer. */
class SmallFilesTest {
  private static final int SEED = 22;
  private static final int TEXTS = Depth.texts(300);

  private static List<String> normalisers() {
    return List.of(
        "null",
        SmallFiles.CASED,
        SmallFiles.UNCASED,
        SmallFiles.CASED.replace("null", "true"),
        SmallFiles.UNCASED.replace("null", "false"),
        SmallFiles.UNCASED.replace("\"clean_text\":true", "\"clean_text\":false"),
        SmallFiles.UNCASED.replace("\"handle_chinese_chars\":true", "\"handle_chinese_chars\":false"),
        "{\"type\":\"Lowercase\"}",
        "{\"type\":\"Nmt\"}",
        "{\"type\":\"StripAccents\"}",
        "{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":true}",
        "{\"type\":\"Prepend\",\"prepend\":\"▁x\"}",
        "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"▁\"}",
        "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"\\\\s+|e.\"},\"content\":\"xyz\"}",
        "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"[a-f]{2,}\"},\"content\":\"\"}",
        "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFD\"},{\"type\":\"StripAccents\"},{\"type\":\"Lowercase\"}]}",
        "{\"type\":\"NFD\"}",
        "{\"type\":\"NFC\"}",
        "{\"type\":\"NFKD\"}",
        "{\"type\":\"NFKC\"}");
  }

  @ParameterizedTest
  @MethodSource("normalisers")
  void normalisersAgree(String normaliser) throws IOException {
    agree(SmallFiles.wordPiece(normaliser, SmallFiles.BERT_SPLITTER, SmallFiles.BERT_TEMPLATE, "null"), normaliser);
  }

  @ParameterizedTest
  @MethodSource("normalisers")
  void normalisersAgreeOnEveryCodePoint(String normaliser) throws IOException {
    String json = SmallFiles.wordPiece(normaliser, SmallFiles.BERT_SPLITTER, "null", "null");
    try (Agreement agreement = Agreement.of(normaliser, json)) {
      if (Depth.isWhole()) {
        agreement.onEveryCodePoint(" ", " ", 0x30000);
      }
      agreement.onEveryCodePoint(" a", "\u0301\u0345", 0x30000);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "{\"type\":\"BertPreTokenizer\"}",
        "{\"type\":\"Whitespace\"}",
        "{\"type\":\"WhitespaceSplit\"}",
        "{\"type\":\"Punctuation\",\"behavior\":\"Isolated\"}",
        "{\"type\":\"Punctuation\",\"behavior\":\"Removed\"}",
        "{\"type\":\"Punctuation\",\"behavior\":\"MergedWithPrevious\"}",
        "{\"type\":\"Punctuation\",\"behavior\":\"MergedWithNext\"}",
        "{\"type\":\"Punctuation\",\"behavior\":\"Contiguous\"}",
        "{\"type\":\"Digits\",\"individual_digits\":true}",
        "{\"type\":\"Digits\",\"individual_digits\":false}",
        "{\"type\":\"CharDelimiterSplit\",\"delimiter\":\"e\"}",
        "{\"type\":\"Split\",\"pattern\":{\"String\":\" \"},\"behavior\":\"MergedWithNext\",\"invert\":false}",
        "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"[a-zà-ÿ]+|\\\\d|[^\\\\s.]\"},\"behavior\":\"Removed\",\"invert\":true}",
        "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"\\\\s+\"},\"behavior\":\"Isolated\",\"invert\":false}",
        "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"WhitespaceSplit\"},{\"type\":\"Digits\",\"individual_digits\":true}]}"
      })
  void splittersAgree(String splitter) throws IOException {
    String json = SmallFiles.wordPiece("null", splitter, "null", "{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":false}");
    agree(json, splitter);
    try (Agreement agreement = Agreement.of(splitter, json)) {
      agreement.onEveryCodePoint("a", "b ", 0x30000);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        SmallFiles.BERT_TEMPLATE,
        "{\"type\":\"RobertaProcessing\",\"sep\":[\"[SEP]\",2],\"cls\":[\"[CLS]\",1],\"trim_offsets\":false,\"add_prefix_space\":true}",
        "{\"type\":\"RobertaProcessing\",\"sep\":[\"[SEP]\",2],\"cls\":[\"[CLS]\",1],\"trim_offsets\":true,\"add_prefix_space\":false}",
        """
        {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x","type_id":3}},{"Sequence":{"id":"A","type_id":0}}],
        "pair":[{"Sequence":{"id":"B","type_id":1}},{"SpecialToken":{"id":"x","type_id":0}},{"Sequence":{"id":"A","type_id":2}}],
        "special_tokens":{"x":{"id":"x","ids":[1,2],"tokens":["[CLS]","[SEP]"]}}}
        """
      })
  void templatesAgree(String template) throws IOException {
    agree(SmallFiles.wordPiece(SmallFiles.UNCASED, SmallFiles.BERT_SPLITTER, template, "null"), template);
  }

  @Test
  void decodersAgree() throws IOException {
    for (String cleanup : List.of("true", "false")) {
      String decoder = "{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":" + cleanup + "}";
      agree(SmallFiles.wordPiece(SmallFiles.CASED, SmallFiles.BERT_SPLITTER, SmallFiles.BERT_TEMPLATE, decoder), decoder);
    }
  }

  private static void agree(String json, String name) throws IOException {
    OddTexts texts = new OddTexts(SEED);
    try (Agreement agreement = Agreement.of(name + ", seed " + SEED, json)) {
      agreement.on("");
      agreement.on(" ");
      agreement.on("", "x");
      for (int i = 0; i < TEXTS; i++) {
        agreement.on(texts.sentence());
        if (i % 10 == 0) {
          agreement.on(texts.sentence(), texts.sentence());
        }
      }
    }
  }
}
