package dev.lanewise.text.tokenizer;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.lanewise.text.json.ForeignJson;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Tokens that occur in a text literally, such as {@code [MASK]}. They are found before the text is processed in any other way, even inside
 * words. No special token begins with another one.
 */
record SpecialTokens(List<SpecialToken> tokens) {
  private static final char FIRST = '[';

  /** Limit for the number of special tokens, since all of them are tried at every bracket; the model has five. */
  private static final int MOST = 100;

  /** Switches that must be false: such a token is found exactly as it is written, and nowhere else. */
  private static final List<String> SWITCHES = List.of("single_word", "lstrip", "rstrip", "normalized");

  record SpecialToken(String text, int id) {}

  /** A special token that was found in a text. */
  record Match(int begin, int end, int id) {}

  /**
   * Reads the tokens from {@code added_tokens} of a tokenizer.json.
   *
   * @throws IOException if a token requires more than a literal match
   */
  static SpecialTokens of(JsonObject tokenizer) throws IOException {
    List<SpecialToken> tokens = new ArrayList<>();
    for (JsonElement element : ForeignJson.array(TokenizerJson.field(tokenizer, "added_tokens"), TokenizerJson.named("added_tokens"))) {
      JsonObject token = ForeignJson.object(element, TokenizerJson.named("an added token"));
      String text = ForeignJson.text(TokenizerJson.field(token, "content"), TokenizerJson.named("content"));
      for (String name : SWITCHES) {
        if (ForeignJson.truth(TokenizerJson.field(token, name), TokenizerJson.named(name))) {
          throw new IOException(TokenizerJson.named(name) + " of " + ForeignJson.shown(text) + " is true, must be false");
        }
      }
      if (text.isEmpty() || text.charAt(0) != FIRST || tokens.stream().anyMatch(other -> overlap(text, other.text()))) {
        throw new IOException(TokenizerJson.named(text) + " does not begin with " + FIRST + ", or as another special token does");
      }
      if (tokens.size() == MOST) {
        throw new IOException(TokenizerJson.named("added_tokens") + " has more than " + MOST + " elements");
      }
      tokens.add(new SpecialToken(text, ForeignJson.whole(TokenizerJson.field(token, "id"), TokenizerJson.named("id"))));
    }
    return new SpecialTokens(List.copyOf(tokens));
  }

  private static boolean overlap(String one, String other) {
    return one.startsWith(other) || other.startsWith(one);
  }

  /** The first special token from an index on; an empty match at the end of the text if there is none. */
  Match find(String text, int from) {
    for (int bracket = text.indexOf(FIRST, from); bracket >= 0; bracket = text.indexOf(FIRST, bracket + 1)) {
      for (SpecialToken token : tokens) {
        if (text.startsWith(token.text(), bracket)) {
          return new Match(bracket, bracket + token.text().length(), token.id());
        }
      }
    }
    return new Match(text.length(), text.length(), -1);
  }
}
