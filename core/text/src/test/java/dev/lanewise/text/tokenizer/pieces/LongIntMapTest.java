package dev.lanewise.text.tokenizer.pieces;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LongIntMapTest {
  @ParameterizedTest
  @ValueSource(ints = {0, 11, 12, 13, 1000})
  void equalsAHashMap(int expected) {
    LongIntMap map = new LongIntMap(expected);
    Map<Long, Integer> plain = new HashMap<>();
    SplittableRandom random = new SplittableRandom(expected);
    for (int i = 0; i < 3000; i++) {
      long key = random.nextBoolean() ? random.nextLong(2000) : random.nextLong(2000) << 40;
      map.put(key, i);
      plain.put(key, i);
    }
    map.put(Long.MAX_VALUE, Integer.MAX_VALUE);
    assertThat(map.get(Long.MAX_VALUE)).isEqualTo(Integer.MAX_VALUE);
    for (long low = 0; low < 2000; low++) {
      assertThat(map.get(low)).isEqualTo(plain.getOrDefault(low, LongIntMap.NONE));
      assertThat(map.get(low << 40)).isEqualTo(plain.getOrDefault(low << 40, LongIntMap.NONE));
    }
  }
}
