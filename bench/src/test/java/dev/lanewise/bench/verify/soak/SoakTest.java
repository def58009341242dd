package dev.lanewise.bench.verify.soak;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.verify.soak.Samples.Sample;
import dev.lanewise.text.TextEncoder;
import dev.lanewise.text.model.ModelFiles;
import java.util.Random;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

class SoakTest {
  private static final long MEGABYTE = 1 << 20;

  private static Samples samples(IntFunction<Sample> sample) {
    Samples samples = new Samples();
    for (int i = 0; i < 40; i++) {
      samples.add(sample.apply(i));
    }
    return samples;
  }

  @Test
  void constantMemoryIsNoGrowth() {
    assertThat(samples(i -> new Sample(i, i, (100L + i % 3) * MEGABYTE, (500L + i % 7) * MEGABYTE, 20 + i % 5)).growth()).isEmpty();
  }

  @Test
  void growthInTheFirstQuarterIsNoGrowth() {
    assertThat(samples(i -> new Sample(i, i, Math.min(i, 9) * (10 * MEGABYTE), 0, Math.min(i, 9))).growth()).isEmpty();
  }

  @Test
  void growthIsNamed() {
    assertThat(samples(i -> new Sample(i, i, (100L + i) * MEGABYTE, 0, 20)).growth()).singleElement().asString().contains("heap");
    assertThat(samples(i -> new Sample(i, i, 0, (500 + 6L * i) * MEGABYTE, 20)).growth()).singleElement().asString().contains("process");
    assertThat(samples(i -> new Sample(i, i, 0, 0, 20 + i)).growth()).singleElement().asString().contains("threads");
  }

  @Test
  void randomCallsLeaveNoPagesInUse() throws Exception {
    Samples samples = new Samples();
    MixedLoad load = new MixedLoad(1);
    Soak soak = new Soak(load, 1);
    try (soak) {
      while (soak.cancelled() < 3 && soak.failure() == null) {
        Thread.sleep(20);
      }
      assertThat(soak.sample(samples, 1).calls()).isPositive();
    }
    assertThat(soak.failure()).isNull();
    assertThat(load.leaks()).isEmpty();
    load.close();
  }

  @Test
  void textsOfAnyBatchHaveTheBitsOfALoneCall() throws Exception {
    EmbedLoad load = new EmbedLoad(TextEncoder.load(ModelFiles.onClassPath("all-minilm-l6-v2")), 12, 1);
    Random random = new Random(2);
    for (int call = 0; call < 10; call++) {
      load.call(call, random);
    }
    assertThat(load.leaks()).isEmpty();
    load.close();
  }
}
