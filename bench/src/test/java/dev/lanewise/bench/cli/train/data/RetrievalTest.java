package dev.lanewise.bench.cli.train.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RetrievalTest {
  /** Query i scores text j with i·j: its own text has as many texts before it as there are larger numbers. */
  private static float[][] column(IntStream numbers) {
    return numbers.mapToObj(n -> new float[] {n, 0}).toArray(float[][]::new);
  }

  @Test
  void ranksAreCounted() {
    Retrieval found = Retrieval.of(column(IntStream.of(1, 1, 1, 1)), column(IntStream.of(4, 3, 2, 1)));
    assertThat(found.recallAt1()).isEqualTo(0.25);
    assertThat(found.recallAt10()).isEqualTo(1);
    assertThat(found.meanReciprocalRank()).isCloseTo((1 + 1 / 2.0 + 1 / 3.0 + 1 / 4.0) / 4, within(1e-15));
    assertThat(found.line()).isEqualTo("recall@1 0.250, recall@10 1.000, MRR 0.521 of 4 pairs");
  }

  @Test
  void theTenthCountsAndTheEleventhDoesNot() {
    Retrieval found = Retrieval.of(column(IntStream.generate(() -> 1).limit(20)), column(IntStream.range(0, 20)));
    assertThat(found.recallAt1()).isEqualTo(1 / 20.0);
    assertThat(found.recallAt10()).isEqualTo(10 / 20.0);
  }

  /** A model that gives all texts the same vector, or NaN, finds nothing. */
  @Test
  void equalScoresAndNaNAreNotFound() {
    Retrieval same = Retrieval.of(column(IntStream.generate(() -> 1).limit(11)), column(IntStream.generate(() -> 1).limit(11)));
    assertThat(same.recallAt1()).isZero();
    assertThat(same.recallAt10()).isZero();
    float[][] broken = {{Float.NaN, 0}, {Float.NaN, 0}};
    assertThat(Retrieval.of(broken, broken).recallAt1()).isZero();
  }

  @Test
  void asManyTextsAsQueries() {
    assertThatThrownBy(() -> Retrieval.of(new float[2][1], new float[3][1]))
        .hasMessageContaining("queries.length is 2")
        .hasMessageContaining("3");
    assertThatThrownBy(() -> Retrieval.of(new float[0][1], new float[0][1])).hasMessageContaining("0");
  }
}
