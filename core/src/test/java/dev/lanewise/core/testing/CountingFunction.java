package dev.lanewise.core.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.lanewise.kernels.data.RowFunction;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A score function with state: counts the positive scores of a row and subtracts a thousandth of the count from each score. It records the
 * keys that it was given.
 */
public final class CountingFunction implements RowFunction {
  private final Map<List<Integer>, Row> rows = new ConcurrentHashMap<>();

  private static final class Row {
    private final List<Integer> keys = new ArrayList<>();
    private final Thread thread = Thread.currentThread();
    private boolean strayed;
    private int positive;
  }

  @Override
  public void apply(float[] row, int offset, int length, int b, int head, int query, int firstKey) {
    Row state = rows.computeIfAbsent(List.of(b, head, query), ignored -> new Row());
    state.strayed |= state.thread != Thread.currentThread();
    for (int i = 0; i < length; i++) {
      state.keys.add(firstKey + i);
      state.positive += row[offset + i] > 0 ? 1 : 0;
      row[offset + i] -= 1e-3f * state.positive;
    }
  }

  /** Checks that each row has been given exactly the keys that it sees, in order and on one thread. */
  public void assertGiven(FunctionCall call, String as) {
    for (int b = 0; b < call.queries().length; b++) {
      for (int head = 0; head < FunctionCall.HEADS; head++) {
        for (int i = 0; i < call.queries()[b]; i++) {
          List<Integer> expected = call.seen(b, head, i);
          Row row = rows.get(List.of(b, head, i));
          List<Integer> actual = row == null ? List.of() : row.keys;
          if (!actual.equals(expected)) {
            int same = 0;
            while (same < Math.min(actual.size(), expected.size()) && actual.get(same).equals(expected.get(same))) {
              same++;
            }
            fail("%s, row %s %s %s: %s keys for %s, %s alike", as, b, head, i, actual.size(), expected.size(), same);
          }
          assertThat(row != null && row.strayed).as("%s, row %s %s %s: other threads", as, b, head, i).isFalse();
        }
      }
    }
  }
}
