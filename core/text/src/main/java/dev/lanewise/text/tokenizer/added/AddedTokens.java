package dev.lanewise.text.tokenizer.added;

import dev.lanewise.text.tokenizer.normaliser.AlignedText;
import dev.lanewise.text.tokenizer.normaliser.Normaliser;
import dev.lanewise.text.tokenizer.normaliser.Spaces;
import dev.lanewise.text.tokenizer.normaliser.TextBudget;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All tokens that a file adds, and the search for them. Immutable and thread-safe. */
public final class AddedTokens {
  private final List<AddedToken> tokens;
  private final Map<Integer, AddedToken> byId = new HashMap<>();
  private final Map<String, AddedToken> byContent = new HashMap<>();

  /** Tokens that are searched in the text as it is given. */
  private final Trie asGiven = new Trie();

  /** Tokens that are searched in the normalised text. */
  private final Trie normalised = new Trie();

  /**
   * Takes the tokens; none has an empty content.
   *
   * @throws IllegalArgumentException if the rules of the normaliser take too long for all tokens together
   */
  public AddedTokens(List<AddedToken> tokens, Normaliser normaliser) {
    this.tokens = List.copyOf(tokens);
    TextBudget budget = new TextBudget();
    for (AddedToken token : tokens) {
      byId.put(token.id(), token);
      byContent.put(token.content(), token);
      if (token.normalized()) {
        String content = normaliser.apply(AlignedText.of(token.content(), 0, token.content().length(), budget)).text();
        if (!content.isEmpty()) {
          normalised.put(content, token);
        }
      } else {
        asGiven.put(token.content(), token);
      }
    }
  }

  /** All tokens. */
  public List<AddedToken> tokens() {
    return tokens;
  }

  /** The token with this id, or null. */
  public @Nullable AddedToken token(int id) {
    return byId.get(id);
  }

  /** The token with this content, or null. */
  public @Nullable AddedToken token(String content) {
    return byContent.get(content);
  }

  /** Tells whether a normalised text is searched. */
  public boolean searchesNormalised() {
    return !normalised.isEmpty();
  }

  /**
   * A part of a text: a token, or text between tokens.
   *
   * @param token the token; null for text
   */
  public record Part(@Nullable AddedToken token, int begin, int end) {}

  /**
   * Divides a text at the tokens that are searched in the given or in the normalised text.
   *
   * @param specials whether special tokens are found
   */
  public List<Part> divide(String text, boolean isNormalised, boolean specials) {
    Trie trie = isNormalised ? normalised : asGiven;
    List<Part> parts = new ArrayList<>();
    int done = 0;
    for (Trie.Match match = trie.find(text, 0); match != null; match = trie.find(text, match.end())) {
      AddedToken token = match.token();
      if ((token.special() && !specials) || (token.singleWord() && !isAlone(text, match))) {
        continue;
      }
      int begin = token.lstrip() ? beginBefore(text, match.begin(), done) : match.begin();
      int end = token.rstrip() ? endAfter(text, match.end()) : match.end();
      if (done < begin) {
        parts.add(new Part(null, done, begin));
      }
      parts.add(new Part(token, begin, end));
      done = end;
    }
    if (done != text.length()) {
      parts.add(new Part(null, done, text.length()));
    }
    return parts;
  }

  private static boolean isAlone(String text, Trie.Match match) {
    return (match.begin() == 0 || !Spaces.isWord(text.codePointBefore(match.begin())))
        && (match.end() == text.length() || !Spaces.isWord(text.codePointAt(match.end())));
  }

  /** The index at which the white space in front of an index begins, at least {@code least}. */
  private static int beginBefore(String text, int index, int least) {
    int begin = Math.max(index, least);
    while (begin > least && Spaces.isSpace(text.charAt(begin - 1))) {
      begin--;
    }
    return begin;
  }

  /** The index at which the white space behind an index ends. */
  private static int endAfter(String text, int index) {
    int end = index;
    while (end < text.length() && Spaces.isSpace(text.charAt(end))) {
      end++;
    }
    return end;
  }
}
