package dev.lanewise.bench.cli.explain;

import dev.lanewise.kernels.data.Heads;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * One token that attends to another.
 *
 * @param query place of the token that attends
 * @param key place of the token that is attended to
 * @param mean the weight, averaged over all heads of all layers
 * @param layer where it is largest, from 0
 * @param head the head of that layer, from 0
 * @param most the weight in that head
 */
public record Link(int query, int key, double mean, int layer, int head, double most) {

  /**
   * The links between different words that are strongest on average, strongest first. If the text has no words, the links are between its
   * other tokens.
   */
  public static List<Link> strongest(Explanation explanation, int count) {
    Tokens tokens = explanation.tokens();
    IntPredicate inside = token -> !tokens.isFrame(token);
    List<Link> links = strongest(explanation, count, inside.and(token -> isWord(tokens.texts().get(token))));
    return links.isEmpty() ? strongest(explanation, count, inside) : links;
  }

  private static List<Link> strongest(Explanation explanation, int count, IntPredicate which) {
    int[] places = IntStream.range(0, explanation.tokens().length()).filter(which).toArray();
    return IntStream.of(places)
        .boxed()
        .flatMap(query -> IntStream.of(places).filter(key -> key != query).mapToObj(key -> of(explanation, query, key)))
        .sorted(Comparator.comparingDouble(Link::mean).reversed())
        .limit(count)
        .toList();
  }

  /** The weights from one token to another in all heads of all layers. */
  public static Link of(Explanation explanation, int query, int key) {
    double sum = 0;
    int mostLayer = 0;
    int mostHead = 0;
    double most = -1;
    for (int layer = 0; layer < explanation.layers().size(); layer++) {
      Heads weights = explanation.layers().get(layer);
      for (int head = 0; head < weights.heads(); head++) {
        double weight = weights.get(0, head, query, key);
        sum += weight;
        if (weight > most) {
          most = weight;
          mostLayer = layer;
          mostHead = head;
        }
      }
    }
    return new Link(query, key, sum / (explanation.layers().size() * explanation.heads()), mostLayer, mostHead, most);
  }

  private static boolean isWord(String token) {
    return token.codePoints().anyMatch(Character::isLetterOrDigit);
  }
}
