package dev.lanewise.bench.verify.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.Stage;
import org.junit.jupiter.api.Test;

/** The oracle compared with numbers worked out by hand. */
class PlainRowTest {
  private static Model model() {
    Model model = new Model(new Model.Extent(1, new int[] {1}, new int[] {3}, 1, 3), 1, 2, 1);
    model.query[0] = new float[] {1, 2};
    model.key[0] = new float[] {0, 0, (float) Math.log(2), 0, 5, 5};
    model.value[0] = new float[] {3, 6, Float.NaN};
    model.rule = (b, head, i, j, queries, keys) -> j < 2;
    return model;
  }

  private static ScoreChange addends(float... ofKeys) {
    return new ScoreChange.Sum((b, head, i, j) -> ofKeys[j]);
  }

  @Test
  void softmaxCountsTheKeysThatAreSeen() {
    PlainRow row = new PlainRow(model(), 0, 0, 0, false);
    assertThat(row.weights[0]).isCloseTo(1 / 3.0, within(1e-7));
    assertThat(row.weights[2]).isZero();
    assertThat(row.output[0]).isCloseTo(5, within(1e-6));
    assertThat(row.logSumExp).isCloseTo(Math.log(3), within(1e-7));
  }

  @Test
  void aQueryWithoutKeysGivesZero() {
    Model model = model();
    model.rule = (b, head, i, j, queries, keys) -> false;
    PlainRow row = new PlainRow(model, 0, 0, 0, false);
    assertThat(row.output).containsOnly(0);
    assertThat(row.weights).containsOnly(0);
    assertThat(row.logSumExp).isEqualTo(Double.NEGATIVE_INFINITY);
  }

  @Test
  void aQueryWithoutKeysHasItsSinkAsLogSumExp() {
    Model model = model();
    model.normaliser = Normaliser.softmaxWithSinks(1.5f);
    model.rule = (b, head, i, j, queries, keys) -> false;
    assertThat(new PlainRow(model, 0, 0, 0, false).logSumExp).isEqualTo(1.5);
    model.rule = (b, head, i, j, queries, keys) -> true;
    model.add(addends(-1f / 0, -1f / 0, -1f / 0));
    PlainRow row = new PlainRow(model, 0, 0, 0, false);
    assertThat(row.logSumExp).isEqualTo(1.5);
    assertThat(row.output).containsOnly(0);
  }

  /** Keys that a bias hides are not counted, like those that a mask hides. */
  @Test
  void theDivisorCountsTheKeysThatAreSeen() {
    Model model = model();
    model.normaliser = Normaliser.linear().dividedByKeys();
    model.add(addends(-1f / 0, 2, 0));
    PlainRow row = new PlainRow(model, 0, 0, 0, false);
    assertThat(row.divisor()).isEqualTo(1);
    assertThat(row.weights[1]).isCloseTo(2 + Math.log(2), within(1e-6));
  }

  @Test
  void scaleComesBeforeSoftcap() {
    Model model = model();
    model.scale = 2;
    model.add(new ScoreChange.Softcap(3));
    model.key[0][2] = 4;
    PlainRow row = new PlainRow(model, 0, 0, 0, false);
    assertThat(row.at(Stage.RAW)[1]).isEqualTo(8);
    assertThat(row.at(Stage.CAPPED)[1]).isCloseTo(3 * Math.tanh(8 / 3.0), within(1e-12));
  }
}
