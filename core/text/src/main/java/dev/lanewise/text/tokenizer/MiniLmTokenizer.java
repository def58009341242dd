package dev.lanewise.text.tokenizer;

import com.google.gson.JsonObject;
import dev.lanewise.text.json.ForeignJson;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * The model's tokenizer in plain Java: BERT's words in lower case, divided into WordPieces, with {@code [CLS]} before and {@code [SEP]}
 * after them. Tests compare it with Hugging Face's native tokenizer over all code points and many thousand texts.
 *
 * <p>May be shared between threads.
 *
 * <pre>{@code
 * Tokens tokens = MiniLmArtifact.tokenizer().encode("The law will never be perfect.");
 * int[] ids = tokens.ids(); // rows of the vocabulary, those of [CLS] and [SEP] included
 * }</pre>
 */
public final class MiniLmTokenizer {
  /**
   * The limit of the model's own pipeline: sentence-transformers keeps 256 tokens ({@code max_seq_length} of the model's
   * sentence_bert_config.json), including {@code [CLS]} and {@code [SEP]}, and drops the rest. The tokenizer.json beside the model says
   * 128, the length it was trained with; that pipeline overrides it. The model has positions up to 512.
   */
  public static final int DEFAULT_MAX_TOKENS = 256;

  private static final int FRAME = 2;

  private final SpecialTokens specials;
  private final WordPieces pieces;
  private final int first;
  private final int last;

  private MiniLmTokenizer(JsonObject tokenizer) throws IOException {
    TokenizerJson.check(tokenizer);
    specials = SpecialTokens.of(tokenizer);
    pieces = WordPieces.of(TokenizerJson.object(tokenizer, "model"));
    for (SpecialTokens.SpecialToken special : specials.tokens()) {
      pieces.check(special.text(), special.id());
    }
    first = pieces.id("[CLS]");
    last = pieces.id("[SEP]");
  }

  /**
   * Reads a tokenizer.json.
   *
   * @throws IOException if it does not belong to a lower-case BERT model; the message names what is wrong
   */
  public static MiniLmTokenizer read(InputStream json) throws IOException {
    return new MiniLmTokenizer(ForeignJson.parse(json.readNBytes(ForeignJson.MOST_BYTES + 1), TokenizerJson.NAME));
  }

  /** Divides a whole text into tokens, without a limit. An empty text becomes {@code [CLS] [SEP]}. */
  public Tokens encode(String text) {
    return encode(text, Integer.MAX_VALUE);
  }

  /**
   * Divides a text into tokens as {@link #encode(String)} does, but keeps only the first ones. The text after them is not read.
   *
   * @param maxTokens maximum number of tokens, including {@code [CLS]} and {@code [SEP]}; at least 2
   */
  public Tokens encode(String text, int maxTokens) {
    if (maxTokens < FRAME) {
      throw new IllegalArgumentException("maxTokens is " + maxTokens + ", must be at least " + FRAME);
    }
    List<Integer> found = new ArrayList<>();
    int most = maxTokens - FRAME;
    for (int from = 0; from < text.length() && found.size() < most; ) {
      SpecialTokens.Match special = specials.find(text, from);
      addWords(new BertWords(text, from, special.begin()), most, found);
      if (special.begin() < special.end()) {
        found.add(special.id());
      }
      from = special.end();
    }
    return framed(found.subList(0, Math.min(found.size(), most)));
  }

  private void addWords(BertWords words, int most, List<Integer> found) {
    for (String word = words.next(); word != null && found.size() < most; word = words.next()) {
      pieces.divide(word, found);
    }
  }

  private Tokens framed(List<Integer> between) {
    int[] ids = new int[between.size() + FRAME];
    String[] texts = new String[ids.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = i == 0 ? first : i == ids.length - 1 ? last : between.get(i - 1);
      texts[i] = pieces.text(ids[i]);
    }
    return new Tokens(ids, List.of(texts));
  }
}
