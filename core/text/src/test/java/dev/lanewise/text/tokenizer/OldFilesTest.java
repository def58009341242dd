package dev.lanewise.text.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Old and odd files: models without a type, as those of GPT-2, RoBERTa, BERT and T5, and special tokens that are pieces. */
class OldFilesTest {
  private static final int SEED = 11;

  @Test
  void aModelWithoutATypeIsKnownByItsFields() throws IOException {
    String bert = SmallFiles.wordPiece(SmallFiles.UNCASED, SmallFiles.BERT_SPLITTER, SmallFiles.BERT_TEMPLATE, "null");
    for (String json : List.of(SubwordFiles.gpt2(false, true), SubwordFiles.xlmRoberta(false, "always", true), bert)) {
      JsonObject file = JsonParser.parseString(json).getAsJsonObject();
      JsonObject model = file.getAsJsonObject("model");
      String type = model.remove("type").getAsString();
      if (type.equals("BPE")) {
        model.addProperty("continuing_subword_prefix", "");
        model.addProperty("end_of_word_suffix", "");
      }
      OddTexts texts = new OddTexts(SEED);
      try (Agreement agreement = Agreement.of(type, file.toString())) {
        for (int i = 0; i < 50; i++) {
          agreement.on("law " + texts.sentence());
        }
      }
    }
  }

  @Test
  void theFirstLineOfAListOfMergesIsNoMerge() throws IOException {
    JsonObject file = JsonParser.parseString(SubwordFiles.gpt2(false, true)).getAsJsonObject();
    JsonArray merges = new JsonArray();
    merges.add("#version: 0.2");
    merges.addAll(file.getAsJsonObject("model").getAsJsonArray("merges"));
    file.getAsJsonObject("model").add("merges", merges);
    try (Agreement agreement = Agreement.of("#version", file.toString())) {
      agreement.on("the law will never be perfect");
    }
  }

  @Test
  void noTextBecomesASpecialTokenThatIsAPieceOfTheVocabulary() throws IOException {
    try (Agreement agreement = Agreement.of("XLM-R", SubwordFiles.xlmRoberta(false, "always", true))) {
      Tokenizer plain = agreement.tokenizer().withTemplate(false).withSpecialTokensInText(false);
      assertThat(agreement.tokenizer().withTemplate(false).encode("a </s> b").tokens()).contains("</s>");
      assertThat(plain.encode("a </s> b<s>").tokens()).doesNotContain("</s>", "<s>");
      assertThat(plain.encode("a </s> b").tokens()).hasSizeGreaterThan(3);
    }
  }
}
