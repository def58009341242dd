package dev.lanewise.text.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.EncodingType;
import dev.lanewise.text.tokenizer.normaliser.AlignedText;
import dev.lanewise.text.tokenizer.normaliser.SearchPattern;
import dev.lanewise.text.tokenizer.normaliser.TextBudget;
import dev.lanewise.text.tokenizer.pieces.Bpe;
import dev.lanewise.text.tokenizer.pieces.ByteAlphabet;
import dev.lanewise.text.tokenizer.pieces.Vocabulary;
import dev.lanewise.text.tokenizer.splitter.ByteLevel;
import dev.lanewise.text.tokenizer.splitter.Delimiters;
import dev.lanewise.text.tokenizer.splitter.PatternSplitter;
import dev.lanewise.text.tokenizer.splitter.Splitter;
import dev.lanewise.text.tokenizer.splitter.SplitterSequence;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Compares with JTokkit, which has the published vocabularies of GPT-2 and GPT-4o, as ranks of pieces. */
class TiktokenRanksTest {
  private static final int SENTENCES = 2_000;

  @Test
  void agreesOnTheVocabularyOfGpt2() throws IOException {
    assertAgree("r50k_base", EncodingType.R50K_BASE, new ByteLevel(false, true));
  }

  @Test
  void agreesOnTheVocabularyOfGpt4() throws IOException {
    // Its expression differs from that of Llama 3 only in how it writes the contractions.
    assertAgree("cl100k_base", EncodingType.CL100K_BASE, split(SubwordFiles.LLAMA_3));
  }

  @Test
  void agreesOnTheVocabularyOfGpt4o() throws IOException {
    assertAgree("o200k_base", EncodingType.O200K_BASE, split(SubwordFiles.GPT_4O));
  }

  private static Splitter split(String regex) {
    return new SplitterSequence(
        List.of(new PatternSplitter(SearchPattern.ofRegex(regex), Delimiters.ISOLATED, false), new ByteLevel(false, false)));
  }

  private static void assertAgree(String name, EncodingType type, Splitter splitter) throws IOException {
    Bpe model = model(name);
    var expected = Encodings.newLazyEncodingRegistry().getEncoding(type);
    OddTexts texts = new OddTexts(type.ordinal());
    for (int i = 0; i < SENTENCES; i++) {
      String text = texts.sentence();
      List<Integer> ids = new ArrayList<>();
      splitter.split(
          AlignedText.of(text, 0, text.length(), new TextBudget()), word -> model.divide(word.text(), (id, _, _) -> ids.add(id)));
      assertThat(ids).as(text).isEqualTo(expected.encodeOrdinary(text).boxed());
    }
  }

  /** Makes merges of ranks: each division of a piece into two pieces is a rule, in the order of the whole pieces. */
  private static Bpe model(String name) throws IOException {
    List<String> pieces = new ArrayList<>();
    var file = Objects.requireNonNull(Encodings.class.getResourceAsStream(name + ".tiktoken"));
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(file, StandardCharsets.US_ASCII))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        int space = line.indexOf(' ');
        StringBuilder piece = new StringBuilder();
        for (byte one : Base64.getDecoder().decode(line.substring(0, space))) {
          piece.append(ByteAlphabet.letter(one & 0xff));
        }
        int rank = Integer.parseInt(line.substring(space + 1));
        while (pieces.size() <= rank) {
          pieces.add("");
        }
        pieces.set(rank, piece.toString());
      }
    }
    Vocabulary vocabulary = new Vocabulary(pieces.stream().map(piece -> piece.isEmpty() ? null : piece).toArray(String[]::new));
    Bpe.Builder builder = Bpe.builder(vocabulary, "").takesWholeWords(true);
    for (String piece : pieces) {
      for (int i = 1; i < piece.length(); i++) {
        if (vocabulary.id(piece.substring(0, i)) != Vocabulary.NONE && vocabulary.id(piece.substring(i)) != Vocabulary.NONE) {
          builder.merge(piece.substring(0, i), piece.substring(i));
        }
      }
    }
    return builder.build();
  }
}
