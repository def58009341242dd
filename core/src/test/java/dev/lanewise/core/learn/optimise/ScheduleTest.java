package dev.lanewise.core.learn.optimise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.testing.Wrong;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Learning rates and orders of items, from their definitions. */
@Tag("once")
class ScheduleTest {
  @Test
  void constant() {
    Schedule schedule = Schedule.constant(0.2);
    assertThat(schedule.rate(0)).isEqualTo(0.2);
    assertThat(schedule.rate(Long.MAX_VALUE)).isEqualTo(0.2);
    Schedule warm = schedule.withWarmUp(4).withMinimum(0.1);
    assertThat(IntStream.range(0, 6).mapToDouble(warm::rate)).containsExactly(0.05, 0.1, 0.15000000000000002, 0.2, 0.2, 0.2);
  }

  @Test
  void cosine() {
    Schedule schedule = Schedule.cosine(1, 110).withWarmUp(10).withMinimum(0.2);
    assertThat(schedule.rate(0)).isEqualTo(0.1);
    assertThat(schedule.rate(9)).isEqualTo(1);
    assertThat(schedule.rate(10)).isEqualTo(1);
    assertThat(schedule.rate(60)).isCloseTo(0.6, within(1e-15));
    assertThat(schedule.rate(35)).isCloseTo(0.6 + 0.4 * Math.sqrt(0.5), within(1e-15));
    assertThat(schedule.rate(110)).isEqualTo(0.2);
    assertThat(schedule.rate(1000)).isEqualTo(0.2);
    for (int step = 10; step < 110; step++) {
      double expected = 0.2 + 0.5 * 0.8 * (1 + Math.cos(Math.PI * (step - 10) / 100));
      assertThat(schedule.rate(step)).isCloseTo(expected, within(1e-15));
    }
    assertThat(Schedule.cosine(0.5, 3).withWarmUp(3).rate(2)).isEqualTo(0.5);
    assertThat(Schedule.cosine(0.5, 3).withWarmUp(3).rate(3)).isZero();
  }

  @Test
  void linear() {
    Schedule schedule = Schedule.linear(2, 8).withWarmUp(4);
    double[] expected = {0.5, 1, 1.5, 2, 2, 1.5, 1, 0.5, 0, 0};
    assertThat(IntStream.range(0, 10).mapToDouble(schedule::rate)).containsExactly(Arrays.stream(expected).boxed().toArray(Double[]::new));
  }

  @Test
  void anOrderHasEachItemOnceInEachEpoch() {
    int items = 97;
    SeededOrder order = SeededOrder.of(5, items);
    Set<List<Integer>> different = new HashSet<>();
    for (int epoch = 0; epoch < 50; epoch++) {
      int[] all = order.epoch(epoch);
      for (int i = 0; i < items; i++) {
        assertThat(SeededOrder.of(5, items).item((long) epoch * items + i)).isEqualTo(all[i]);
      }
      different.add(Arrays.stream(all).boxed().toList());
      Arrays.sort(all);
      assertThat(all).isEqualTo(IntStream.range(0, items).toArray());
    }
    assertThat(different).hasSize(50);
    assertThat(SeededOrder.of(6, items).epoch(0)).isNotEqualTo(order.epoch(0));
    assertThat(order.items()).isEqualTo(items);
    order.epoch(0)[0] = -1;
    assertThat(order.item(0)).isNotNegative();
  }

  /** Each item comes first, and each comes last, as often as chance lets it: five standard deviations. */
  @Test
  void allOrdersAreEquallyLikely() {
    int items = 6;
    int epochs = 36_000;
    SeededOrder order = SeededOrder.of(7, items);
    int[][] counts = new int[items][items];
    for (int epoch = 0; epoch < epochs; epoch++) {
      int[] all = order.epoch(epoch);
      for (int place = 0; place < items; place++) {
        counts[place][all[place]]++;
      }
    }
    double expected = (double) epochs / items;
    double deviation = Math.sqrt(expected * (1 - 1.0 / items));
    for (int[] row : counts) {
      for (int count : row) {
        assertThat((double) count).isCloseTo(expected, within(5 * deviation));
      }
    }
  }

  /** The order is a promise to runs that continue with a later version. */
  @Test
  void theOrderOfASeedStays() {
    assertThat(SeededOrder.of(42, 8).epoch(0)).containsExactly(5, 1, 3, 7, 2, 0, 6, 4);
    assertThat(SeededOrder.of(42, 8).epoch(1)).containsExactly(0, 6, 3, 2, 7, 4, 5, 1);
    assertThat(SeededOrder.of(1, 1).item(Long.MAX_VALUE - 1)).isZero();
  }

  @Test
  void theMinimumIsAnythingUpToTheLargestRate() {
    assertThat(Schedule.linear(1, 5).withMinimum(1).rate(5)).isEqualTo(1);
    assertThat(Schedule.linear(1, 5).withMinimum(0).rate(5)).isZero();
  }

  @Test
  void wrongArguments() {
    List.of(
            Wrong.argument("rate", t -> Schedule.constant(-1), "rate", "-1.0"),
            Wrong.argument("rate", t -> Schedule.cosine(Double.POSITIVE_INFINITY, 5), "rate", "Infinity"),
            Wrong.argument("steps", t -> Schedule.cosine(1, 0), "steps", "0", "1"),
            Wrong.argument("steps", t -> Schedule.linear(1, 0), "steps", "0", "1"),
            Wrong.argument("warmUp", t -> Schedule.linear(1, 5).withWarmUp(6), "warmUp", "6", "steps", "5"),
            Wrong.argument("warmUp", t -> Schedule.linear(1, 5).withWarmUp(-1), "warmUp", "-1", "0"),
            Wrong.argument("minimum", t -> Schedule.linear(1, 5).withMinimum(2), "minimum", "2.0", "1.0"),
            Wrong.argument("step", t -> Schedule.linear(1, 5).rate(-1), "step", "-1", "0"),
            Wrong.argument("items", t -> SeededOrder.of(1, 0), "items", "0", "1"),
            Wrong.argument("position", t -> SeededOrder.of(1, 3).item(-1), "position", "-1", "0"),
            Wrong.argument("epoch", t -> SeededOrder.of(1, 3).epoch(-2), "epoch", "-2", "0"))
        .forEach(Wrong::verify);
  }
}
