package dev.lanewise.text.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.lanewise.text.tokenizer.pieces.ByteAlphabet;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** Vocabularies that are made of made-up texts by a seeded generator. */
final class SubwordVocabularies {
  private static final int SEED = 20261130;
  private static final int SENTENCES = 300;
  private static final int MERGES = 900;

  private SubwordVocabularies() {}

  /** Pieces with scores. */
  static JsonArray scored(boolean fallsBackToBytes) {
    JsonArray vocabulary = new JsonArray();
    Random random = new Random(SEED + 1);
    Set<String> pieces = new LinkedHashSet<>(List.of("<s>", "<pad>", "</s>", "<unk>"));
    if (fallsBackToBytes) {
      bytePieces(pieces);
    }
    for (String word : words()) {
      List<String> symbols = symbols("▁" + word);
      for (int i = 0; i < 4 && !symbols.isEmpty(); i++) {
        int begin = random.nextInt(symbols.size());
        int end = begin + 1 + random.nextInt(Math.min(6, symbols.size() - begin));
        pieces.add(String.join("", symbols.subList(begin, end)));
      }
    }
    pieces.add("▁");
    pieces.forEach(
        piece -> {
          JsonArray entry = new JsonArray();
          entry.add(piece);
          // Few different scores, so that sums are equal now and then.
          entry.add(piece.startsWith("<") ? 0 : -random.nextInt(12) - (random.nextBoolean() ? 0 : random.nextDouble()));
          vocabulary.add(entry);
        });
    return vocabulary;
  }

  /** What the table replaces: keys of one and of several code points, some of which begin like others. */
  static Map<String, String> replacements() {
    Map<String, String> replacements = new LinkedHashMap<>();
    for (int c = 1; c < ' '; c++) {
      replacements.put(Character.toString(c), c == '\t' || c == '\n' || c == '\r' ? " " : "");
    }
    for (int c = 0xff01; c < 0xff5f; c++) {
      replacements.put(Character.toString(c), Character.toString(c - 0xff01 + '!'));
    }
    String[] others = {
      "ﬁ",
      "fi",
      "½",
      "1⁄2",
      "㎏",
      "kg",
      "…",
      "...",
      "ǆ",
      "dž",
      "\u00a0",
      " ",
      "\u3000",
      " ",
      "\u2003",
      " ",
      "\u200b",
      " ",
      "\u00ad",
      "",
      "\ufeff",
      "",
      "e\u0301",
      "é",
      "o\u0323\u0302",
      "ộ",
      "か\u3099",
      "が",
      "Ⅷ",
      "VIII",
      "ŉ",
      "ʼn",
      "Å",
      "Å",
      "🇩",
      "D",
      "A\u030a",
      "Å",
      "क",
      "क़",
      "\u0958",
      "क\u093c",
      "😀",
      ":)",
      "ﷺ",
      "صلى الله عليه وسلم",
      "x\u0302\u0301",
      "z",
      "y\u0301",
      "",
      "\ud834\udd5e",
      "\ud834\udd57\ud834\udd65"
    };
    for (int i = 0; i < others.length; i += 2) {
      replacements.put(others[i], others[i + 1]);
    }
    return replacements;
  }

  /** Byte-level pairs. */
  static JsonObject byteBpe(boolean spaced) {
    Set<String> pieces = new LinkedHashSet<>(List.of("<|endoftext|>", "<|im_start|>"));
    for (int i = 0; i < 256; i++) {
      pieces.add(Character.toString(ByteAlphabet.letter(i)));
    }
    BpeTrainer trainer = new BpeTrainer();
    for (String word : words()) {
      StringBuilder letters = new StringBuilder();
      for (byte one : (" " + word).getBytes(StandardCharsets.UTF_8)) {
        letters.append(ByteAlphabet.letter(one & 0xff));
      }
      trainer.count(symbols(letters.toString()));
    }
    pieces.add("Ġwhole");
    pieces.add("never");
    return bpe(pieces, trainer.train(MERGES), spaced);
  }

  /** Pairs, and pieces for bytes. */
  static JsonObject fallbackBpe() {
    Set<String> pieces = new LinkedHashSet<>(List.of("<unk>", "<s>", "</s>"));
    bytePieces(pieces);
    BpeTrainer trainer = new BpeTrainer();
    List<String> words = words();
    for (String word : words.subList(0, words.size() / 2)) {
      trainer.count(symbols("▁" + word));
      pieces.addAll(symbols("▁" + word));
    }
    trainer.count(List.of("▁", "▁", "▁", "▁", "▁"));
    JsonObject model = bpe(pieces, trainer.train(MERGES), true);
    model.addProperty("unk_token", "<unk>");
    model.addProperty("fuse_unk", true);
    model.addProperty("byte_fallback", true);
    return model;
  }

  private static void bytePieces(Set<String> pieces) {
    for (int i = 0; i < 256; i++) {
      pieces.add(String.format("<0x%02X>", i));
    }
  }

  /** A model of pairs. Its merges contain no piece with a space. */
  static JsonObject bpe(Set<String> letters, List<List<String>> merges, boolean spaced) {
    JsonObject model = new JsonObject();
    model.addProperty("type", "BPE");
    Set<String> pieces = new LinkedHashSet<>(letters);
    JsonArray pairs = new JsonArray();
    for (List<String> merge : merges) {
      pieces.add(merge.get(0) + merge.get(1));
      if (spaced) {
        pairs.add(merge.get(0) + " " + merge.get(1));
      } else {
        JsonArray pair = new JsonArray();
        merge.forEach(pair::add);
        pairs.add(pair);
      }
    }
    JsonObject vocabulary = new JsonObject();
    for (String piece : pieces) {
      vocabulary.addProperty(piece, vocabulary.size());
    }
    model.add("vocab", vocabulary);
    model.add("merges", pairs);
    return model;
  }

  /** The code points of a word. */
  static List<String> symbols(String word) {
    return word.codePoints().mapToObj(Character::toString).toList();
  }

  /** Words of seeded sentences. */
  static List<String> words() {
    OddTexts texts = new OddTexts(SEED);
    List<String> words = new ArrayList<>();
    for (int i = 0; i < SENTENCES; i++) {
      words.addAll(Arrays.stream(texts.sentence().split(" ")).filter(word -> !word.isEmpty()).toList());
    }
    return words;
  }
}
