package dev.lanewise.text.tokenizer.pieces;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Random words and vocabularies: the longest piece that fits comes next, or the whole word is unknown. */
class WordPieceTest {
  private static final List<String> LETTERS = List.of("a", "é", "😀");
  private static final int LONGEST = 9;

  @Test
  void piecesAreTheLongestFromLeftToRight() {
    Random random = new Random(3);
    int unknown = 0;
    for (int trial = 0; trial < 2000; trial++) {
      Set<String> pieces = new LinkedHashSet<>(List.of("[UNK]"));
      for (int i = 0; i < 14; i++) {
        pieces.add((random.nextBoolean() ? "##" : "") + letters(random, 1 + random.nextInt(3)));
      }
      List<String> all = List.copyOf(pieces);
      BitSet hidden = new BitSet();
      hidden.set(1 + random.nextInt(all.size() - 1), random.nextBoolean());
      String word = letters(random, random.nextInt(LONGEST + 3));
      PieceModel model = new WordPiece(new Vocabulary(all.toArray(String[]::new)), 0, "##", LONGEST);
      List<String> expected = divided(word, all, hidden);
      assertThat(divided(model.without(hidden), word)).as("trial " + trial + ": " + word + " by " + all).isEqualTo(expected);
      unknown += expected.equals(List.of("0 0-" + word.length())) ? 1 : 0;
    }
    assertThat(unknown).isBetween(400, 1600);
  }

  private static List<String> divided(PieceModel model, String word) {
    List<String> found = new ArrayList<>();
    model.divide(word, (id, begin, end) -> found.add(id + " " + begin + "-" + end));
    return found;
  }

  private static List<String> divided(String word, List<String> pieces, BitSet hidden) {
    List<String> found = new ArrayList<>();
    for (int begin = 0; begin < word.length(); ) {
      String head = begin == 0 ? "" : "##";
      int best = -1;
      int bestEnd = begin;
      for (int id = 0; id < pieces.size(); id++) {
        String piece = pieces.get(id);
        int end = begin + piece.length() - head.length();
        if (!hidden.get(id) && end > bestEnd && (head + word.substring(begin)).startsWith(piece)) {
          best = id;
          bestEnd = end;
        }
      }
      if (best < 0 || word.codePointCount(0, word.length()) > LONGEST) {
        return List.of("0 0-" + word.length());
      }
      found.add(best + " " + begin + "-" + bestEnd);
      begin = bestEnd;
    }
    return found;
  }

  private static String letters(Random random, int count) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.append(LETTERS.get(random.nextInt(LETTERS.size())));
    }
    return text.toString();
  }
}
