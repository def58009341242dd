package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lanewise.kernels.testing.AllocationProbe;
import dev.lanewise.kernels.testing.ChildJvm;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A warm kernel allocates no vector objects, whatever ran before in the same JVM. */
class AllocationTest {

  @ParameterizedTest
  @CsvSource({"1, -Dlanewise.vectorBits=512", "2, -Dlanewise.vectorBits=512", "3, -Dlanewise.vectorBits=256", "4, -XX:UseAVX=2"})
  void elementwiseKernelsAllocateNothingThatGrowsInAnyOrder(String seed, String option) throws Exception {
    // the child JVMs choose their own lanes
    assumeThat(System.getProperty("lanewise.expectedPath")).isEqualTo("preferred");
    ChildJvm.Output output =
        ChildJvm.run(
            AllocationProbe.class, List.of(seed), 600, "--add-modules=jdk.incubator.vector", "-XX:+IgnoreUnrecognizedVMOptions", option);
    assertThat(output.out()).as(output.toString()).hasSizeGreaterThan(40);
    assertThat(output.out().getFirst()).startsWith("path vector-");
    assertThat(output.out().stream().skip(1))
        .as("seed %s, %s", seed, option)
        .allSatisfy(line -> assertThat(Long.parseLong(line.substring(0, line.indexOf(' ')))).as(line).isLessThan(AllocationProbe.LIMIT));
  }
}
