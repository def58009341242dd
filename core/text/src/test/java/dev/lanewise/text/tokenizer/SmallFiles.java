package dev.lanewise.text.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/** Small tokenizer.json files of the project's own making. */
final class SmallFiles {
  /** Normaliser of the cased models. */
  static final String CASED =
      """
      {"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":false}\
      """;

  /** Normaliser of the uncased models. */
  static final String UNCASED = CASED.replace("\"lowercase\":false", "\"lowercase\":true");

  static final String BERT_SPLITTER = "{\"type\":\"BertPreTokenizer\"}";

  static final String BERT_TEMPLATE = "{\"type\":\"BertProcessing\",\"sep\":[\"[SEP]\",2],\"cls\":[\"[CLS]\",1]}";

  private SmallFiles() {}

  /** A WordPiece file with these sections. Each is JSON text, or "null". */
  static String wordPiece(String normaliser, String splitter, String template, String decoder) {
    return wordPiece(normaliser, splitter, template, decoder, "null", "");
  }

  /**
   * A WordPiece file with these sections.
   *
   * @param moreAdded further added tokens, each followed by a comma; ids from 5000 on
   */
  static String wordPiece(String normaliser, String splitter, String template, String decoder, String truncation, String moreAdded) {
    StringBuilder vocabulary = new StringBuilder();
    List<String> pieces = pieces();
    for (int i = 0; i < pieces.size(); i++) {
      vocabulary.append(i == 0 ? "" : ",").append(quoted(pieces.get(i))).append(':').append(i);
    }
    return """
    {"version":"1.0","truncation":%s,"padding":null,"added_tokens":[%s
    {"id":3,"special":true,"content":"[MASK]","single_word":false,"lstrip":true,"rstrip":false,"normalized":false},
    {"id":2,"special":true,"content":"[SEP]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false}],
    "normalizer":%s,"pre_tokenizer":%s,"post_processor":%s,"decoder":%s,
    "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":20,"vocab":{%s}}}
    """
        .formatted(truncation, moreAdded, normaliser, splitter, template, decoder, vocabulary);
  }

  /** Single letters of many scripts, alone and continuing, and some longer pieces. */
  private static List<String> pieces() {
    List<String> pieces = new ArrayList<>(List.of("[UNK]", "[CLS]", "[SEP]", "[MASK]"));
    TreeSet<String> found = new TreeSet<>();
    OddTexts texts = new OddTexts(5);
    for (int i = 0; i < 60; i++) {
      String text = texts.sentence();
      for (String variant : List.of(text, text.toLowerCase(Locale.ROOT))) {
        variant.codePoints().filter(c -> c > ' ').limit(60).forEach(c -> found.add(Character.toString(c)));
      }
    }
    for (int c = 0x300; c < 0x330; c++) {
      found.add(Character.toString(c));
    }
    for (char c = '!'; c < 0x100; c++) {
      found.add(Character.toString(c));
    }
    found.forEach(piece -> pieces.addAll(List.of(piece, "##" + piece)));
    pieces.addAll(List.of("the", "law", "##ing", "will", "WILL", "##ec", "don", "can", "n't", "'s", "do not", "embed", "##dings", "中文"));
    return pieces;
  }

  /** A JSON string. */
  static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < ' ' || c == '"' || c == '\\' || c >= 0x7f) {
        quoted.append(String.format("\\u%04x", (int) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append('"').toString();
  }
}
