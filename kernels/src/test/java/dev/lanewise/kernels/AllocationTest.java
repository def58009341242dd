package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lanewise.kernels.testing.AllocationProbe;
import dev.lanewise.kernels.testing.ChildJvm;
import dev.lanewise.testing.Sample;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A warm kernel allocates no vector objects, whatever ran before in the same JVM. */
@Tag("once")
class AllocationTest {

  /** A seed and an option of the JVM: the lanes of the machine and, where these have 512 bits, narrower ones and 16 registers. */
  static Stream<Arguments> orders() {
    Stream<Arguments> widest = Stream.of(Arguments.of("1", "-Dlanewise.vectorBits=512"));
    Stream<Arguments> narrower =
        Kernels.selected().path().equals("vector-512")
            ? Stream.of(Arguments.of("3", "-Dlanewise.vectorBits=256"), Arguments.of("4", "-XX:UseAVX=2"))
            : Stream.empty();
    boolean more = Sample.extent() == Sample.Extent.THOROUGH;
    Stream<Arguments> anotherOrder = more ? Stream.of(Arguments.of("2", "-Dlanewise.vectorBits=512")) : Stream.empty();
    return Stream.of(widest, narrower, anotherOrder).flatMap(each -> each);
  }

  @ParameterizedTest
  @MethodSource("orders")
  void elementwiseKernelsAllocateNothingThatGrowsInAnyOrder(String seed, String option) throws Exception {
    // the child JVMs choose their own lanes
    assumeThat(System.getProperty("lanewise.expectedPath")).isEqualTo("preferred");
    ChildJvm.Output output =
        ChildJvm.run(
            AllocationProbe.class, List.of(seed), 1200, "--add-modules=jdk.incubator.vector", "-XX:+IgnoreUnrecognizedVMOptions", option);
    assertThat(output.out()).as(output.toString()).hasSizeGreaterThan(40);
    assertThat(output.out().getFirst()).startsWith("path vector-");
    assertThat(output.out().stream().skip(1))
        .as("seed %s, %s", seed, option)
        .allSatisfy(line -> assertThat(Long.parseLong(line.substring(0, line.indexOf(' ')))).as(line).isLessThan(AllocationProbe.LIMIT));
  }
}
