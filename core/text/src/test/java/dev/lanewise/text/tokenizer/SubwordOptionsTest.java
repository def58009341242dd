package dev.lanewise.text.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Compares random small vocabularies with random settings with Hugging Face's native tokenizer. */
class SubwordOptionsTest {
  private static final int SEED = 5;
  private static final int FILES = Depth.isWhole() ? 1000 : 150;
  private static final int TEXTS = 40;
  private static final List<String> LETTERS = List.of("a", "b", "c", "é", "漢", "😀", "\u0301", "x");

  @Test
  void agreesOnRandomPairs() throws IOException {
    for (int seed = SEED; seed < SEED + FILES; seed++) {
      Random random = new Random(seed);
      String prefix = random.nextInt(3) == 0 ? "##" : "";
      String suffix = random.nextInt(3) == 0 ? "</w>" : "";
      Set<String> pieces = new LinkedHashSet<>(List.of("<unk>"));
      for (String letter : LETTERS.subList(0, 3 + random.nextInt(LETTERS.size() - 2))) {
        pieces.addAll(List.of(letter, prefix + letter, letter + suffix, prefix + letter + suffix));
      }
      boolean bytes = prefix.isEmpty() && suffix.isEmpty() && random.nextBoolean();
      for (int i = 0; bytes && i < 256; i++) {
        pieces.add(String.format(Locale.ROOT, "<0x%02X>", i));
      }
      List<List<String>> merges = new ArrayList<>();
      for (int i = random.nextInt(40); i > 0; i--) {
        String left = any(pieces, random);
        String right = any(pieces, random);
        boolean fits = !left.startsWith("<") && !right.startsWith("<") && !(left.endsWith("</w>") && !suffix.isEmpty());
        if (fits && right.startsWith(prefix)) {
          merges.add(List.of(left, right));
          pieces.add(left + right.substring(prefix.length()));
        }
      }
      JsonObject model = SubwordVocabularies.bpe(pieces, List.of(), random.nextBoolean());
      JsonArray pairs = new JsonArray();
      merges.forEach(merge -> pairs.add(merge.get(0) + " " + merge.get(1)));
      model.add("merges", pairs);
      boolean unknown = random.nextInt(4) > 0;
      model.addProperty("unk_token", unknown ? "<unk>" : null);
      model.addProperty("fuse_unk", random.nextBoolean());
      model.addProperty("byte_fallback", bytes);
      model.addProperty("ignore_merges", random.nextInt(3) == 0);
      model.addProperty("continuing_subword_prefix", prefix);
      model.addProperty("end_of_word_suffix", suffix);
      // Hugging Face's code forgets the place of characters without a token, and counts the bytes of marks: pairs with bytes have none
      // here.
      assertAgree(seed, file(model, "{\"type\":\"BPEDecoder\",\"suffix\":\"</w>\"}"), random, unknown);
    }
  }

  @Test
  void agreesOnRandomScores() throws IOException {
    for (int seed = SEED; seed < SEED + FILES; seed++) {
      Random random = new Random(seed);
      Set<String> pieces = new LinkedHashSet<>(List.of("<unk>", "▁"));
      pieces.addAll(LETTERS.subList(0, 3 + random.nextInt(LETTERS.size() - 2)));
      boolean bytes = random.nextBoolean();
      for (int i = 0; bytes && i < 256; i++) {
        pieces.add(String.format(Locale.ROOT, "<0x%02X>", i));
      }
      for (int i = random.nextInt(60); i > 0; i--) {
        pieces.add(word(1 + random.nextInt(5), random));
      }
      JsonArray vocabulary = new JsonArray();
      for (String piece : pieces) {
        JsonArray entry = new JsonArray();
        entry.add(piece);
        entry.add(-random.nextInt(8) / (random.nextBoolean() ? 1.0 : 3.0));
        vocabulary.add(entry);
      }
      JsonObject model = new JsonObject();
      model.addProperty("type", "Unigram");
      model.addProperty("unk_id", 0);
      model.addProperty("byte_fallback", bytes);
      model.add("vocab", vocabulary);
      assertAgree(seed, file(model, "{\"type\":\"Metaspace\",\"replacement\":\"▁\"}"), random, true);
    }
  }

  @Test
  void agreesOnWholeWords() throws IOException {
    JsonObject model = new JsonObject();
    model.addProperty("type", "WordLevel");
    model.addProperty("unk_token", "<unk>");
    JsonObject vocabulary = new JsonObject();
    List.of("<unk>", "a", "b", "ab", "é漢", "😀").forEach(word -> vocabulary.addProperty(word, vocabulary.size()));
    model.add("vocab", vocabulary);
    assertAgree(SEED, file(model, "null"), new Random(SEED), true);
  }

  private static String file(JsonObject model, String decoder) {
    return "{\"version\":\"1.0\",\"added_tokens\":[],\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"String\":\""
        + " \"},\"behavior\":\"Removed\",\"invert\":false},\"post_processor\":null,\"decoder\":"
        + decoder
        + ",\"model\":"
        + model
        + "}";
  }

  private static String any(Set<String> pieces, Random random) {
    return pieces.stream().skip(random.nextInt(pieces.size())).findFirst().orElseThrow();
  }

  private static String word(int length, Random random) {
    return random.ints(length, 0, LETTERS.size()).mapToObj(LETTERS::get).reduce("", String::concat);
  }

  private static void assertAgree(int seed, String json, Random random, boolean ranges) throws IOException {
    Tokenizer tokenizer = Tokenizer.read(new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)), "tokenizer.json");
    try (NativeTokenizer expected = NativeTokenizer.of(json)) {
      for (int i = 0; i < TEXTS; i++) {
        String text = word(1 + random.nextInt(12), random) + " " + word(1 + random.nextInt(8), random);
        Encoding actual = tokenizer.encode(text);
        NativeTokenizer.Native wanted = expected.encode(text, true);
        assertThat(actual.ids()).as("seed %d: %s in %s", seed, text, json).isEqualTo(wanted.ids());
        if (ranges) {
          assertThat(IntStream.range(0, actual.length()).map(actual::start).toArray()).as("%d: %s", seed, text).isEqualTo(wanted.starts());
          assertThat(IntStream.range(0, actual.length()).map(actual::end).toArray()).as("%d: %s", seed, text).isEqualTo(wanted.ends());
        }
        if (actual.length() > 0) {
          assertThat(tokenizer.decode(actual.ids())).as("seed %d", seed).isEqualTo(expected.decode(actual.ids(), false));
        }
      }
    }
  }
}
