package dev.lanewise.bench.cli.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.kernels.data.Heads;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExplanationTest {
  private static final Tokens TOKENS = new Tokens(new int[3], List.of("[CLS]", "law", "[SEP]"));

  /** Layers × heads of 3 × 3 weights: everything on the token itself, or spread evenly. */
  private static Explanation evenAndSelf() {
    float third = 1f / 3;
    float[] self = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    float[] even = {third, third, third, third, third, third, third, third, third};
    float[] both = new float[18];
    System.arraycopy(even, 0, both, 9, 9);
    System.arraycopy(self, 0, both, 0, 9);
    float[] evenTwice = new float[18];
    System.arraycopy(even, 0, evenTwice, 0, 9);
    System.arraycopy(even, 0, evenTwice, 9, 9);
    return Explanation.of(TOKENS, List.of(Heads.of(both, 1, 2, 3, 3), Heads.of(evenTwice, 1, 2, 3, 3)));
  }

  @Test
  void entropyIsTheMeanOverTokens() {
    double[][] entropies = evenAndSelf().entropies();
    assertThat(entropies[0][0]).isZero();
    assertThat(entropies[0][1]).isCloseTo(Math.log(3), within(1e-6));
    assertThat(entropies[1]).contains(new double[] {Math.log(3), Math.log(3)}, within(1e-6));
  }

  @Test
  void rolloutGrowsLayerByLayer() {
    Explanation explanation = evenAndSelf();
    // Layer 1: the mean of both heads is 2/3 on itself and 1/6 elsewhere; half of that, and half of what was there.
    assertThat(explanation.rollouts().get(0).split(1).get(0, 0, 1, 1)).isCloseTo(5f / 6, within(1e-6f));
    assertThat(explanation.rollouts().get(0).split(1).get(0, 0, 1, 0)).isCloseTo(1f / 12, within(1e-6f));
    // Layer 2: half even, half as before.
    assertThat(explanation.rollouts().get(1).split(1).get(0, 0, 1, 1)).isCloseTo(1f / 6 + 5f / 12, within(1e-6f));
    assertThat(explanation.rollouts().get(1).split(1).get(0, 0, 1, 0)).isCloseTo(1f / 6 + 1f / 24, within(1e-6f));
  }

  @Test
  void theStrongestLinksAreBetweenWordsAndSayWhichHead() {
    Explanation explanation = Explanations.seeded(2, 3, "a", ",", "b", "##c");
    List<Link> links = Link.strongest(explanation, 100);
    assertThat(links).hasSize(6).isSortedAccordingTo((one, other) -> Double.compare(other.mean(), one.mean()));
    assertThat(links).allSatisfy(link -> assertThat(List.of(1, 3, 4)).contains(link.query(), link.key()));
    assertThat(links).noneMatch(link -> link.query() == link.key());
    for (Link link : links) {
      double sum = 0;
      double most = 0;
      for (Heads layer : explanation.layers()) {
        for (int head = 0; head < 3; head++) {
          sum += layer.get(0, head, link.query(), link.key());
          most = Math.max(most, layer.get(0, head, link.query(), link.key()));
        }
      }
      assertThat(link.mean()).isCloseTo(sum / 6, within(1e-7));
      assertThat(link.most()).isEqualTo(most);
      assertThat((double) explanation.layers().get(link.layer()).get(0, link.head(), link.query(), link.key())).isEqualTo(most);
    }
    assertThat(Link.strongest(explanation, 2)).isEqualTo(links.subList(0, 2));
  }

  @Test
  void withoutWordsSignsCount() {
    assertThat(Link.strongest(Explanations.seeded(1, 1, "!", "?"), 9)).hasSize(2);
    assertThat(Link.strongest(Explanations.seeded(1, 1, "law"), 9)).isEmpty();
  }
}
