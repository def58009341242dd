package dev.lanewise.text.tokenizer;

import dev.lanewise.text.tokenizer.added.AddedToken;
import dev.lanewise.text.tokenizer.added.AddedTokens;
import dev.lanewise.text.tokenizer.file.TokenizerParts;
import dev.lanewise.text.tokenizer.normaliser.AlignedText;
import dev.lanewise.text.tokenizer.normaliser.TextBudget;
import dev.lanewise.text.tokenizer.pieces.PieceModel;
import dev.lanewise.text.tokenizer.template.TokenList;
import java.util.BitSet;

/**
 * The way from a text to tokens: the text is divided at added tokens, normalised, divided again at added tokens that are searched in
 * normalised text, split into words, and the words into pieces. A long text is processed in parts where that changes nothing, so that text
 * behind the last token that is wanted is not read.
 */
record Pipeline(TokenizerParts parts, PieceModel model, boolean findsSpecials) {
  /** Length of a part, in characters; it ends in front of the next white space. */
  private static final int PART = 1024;

  /** The way that a file describes; special tokens in a text are found, or are text like any other. */
  static Pipeline of(TokenizerParts parts, boolean findsSpecials) {
    BitSet specials = new BitSet();
    for (AddedToken token : parts.added().tokens()) {
      specials.set(token.id(), token.special());
    }
    return new Pipeline(parts, findsSpecials ? parts.model() : parts.model().without(specials), findsSpecials);
  }

  /** Appends the tokens of a text, at least {@code most} of them if there are so many. */
  void encode(String text, int most, TokenList tokens) {
    TextBudget budget = new TextBudget();
    for (AddedTokens.Part part : parts.added().divide(text, false, findsSpecials)) {
      if (tokens.size() >= most) {
        return;
      }
      AddedToken token = part.token();
      if (token != null) {
        tokens.addOriginal(token.id(), part.begin(), part.end());
      } else {
        plain(text, part.begin(), part.end(), most, tokens, budget);
      }
    }
  }

  private void plain(String text, int begin, int end, int most, TokenList tokens, TextBudget budget) {
    boolean divides =
        end - begin > PART
            && parts.normaliser().dividesBeforeSpace()
            && parts.splitter().dividesBeforeSpace()
            && !parts.added().searchesNormalised();
    for (int from = begin; from < end && tokens.size() < most; ) {
      int to = divides ? nextSpace(text, from + PART, end) : end;
      normalised(parts.normaliser().apply(AlignedText.of(text, from, to, budget)), tokens);
      from = to;
    }
  }

  private static int nextSpace(String text, int from, int end) {
    int space = from < end ? text.indexOf(' ', from, end) : end;
    return space < 0 ? end : space;
  }

  private void normalised(AlignedText text, TokenList tokens) {
    if (!parts.added().searchesNormalised()) {
      words(text, tokens);
      return;
    }
    for (AddedTokens.Part part : parts.added().divide(text.text(), true, findsSpecials)) {
      AddedToken token = part.token();
      AlignedText slice = text.slice(part.begin(), part.end());
      if (token == null) {
        words(slice, tokens);
      } else {
        tokens.word(slice);
        tokens.add(token.id(), 0, slice.length());
      }
    }
  }

  private void words(AlignedText text, TokenList tokens) {
    parts
        .splitter()
        .split(
            text,
            word -> {
              if (word.length() > 0) {
                tokens.word(word);
                model.divide(word.text(), tokens);
              }
            });
  }
}
