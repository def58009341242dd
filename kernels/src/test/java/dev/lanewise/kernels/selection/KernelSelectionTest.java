package dev.lanewise.kernels.selection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.testing.SelectionProbe;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("once")
class KernelSelectionTest {
  private static final String FLAG = "--add-modules jdk.incubator.vector";
  private static final String MODULE = "--add-modules=jdk.incubator.vector";

  @Test
  void withoutTheModuleScalarRunsAndOneWarningNamesTheFlag() throws Exception {
    SelectionProbe.Answer answer = SelectionProbe.ask();
    assertThat(answer.outcomes()).containsExactly("scalar lanes 1", "scalar lanes 1");
    assertThat(answer.log()).singleElement().asString().startsWith("WARNING ").contains("plain Java", FLAG);
  }

  @Test
  void forcedVectorWithoutTheModuleThrowsEveryTimeAndNamesTheFlag() throws Exception {
    SelectionProbe.Answer answer = SelectionProbe.ask("-Dlanewise.kernels=vector");
    assertThat(answer.outcomes())
        .hasSize(2)
        .allSatisfy(outcome -> assertThat(outcome).startsWith("IllegalStateException: ").contains("-Dlanewise.kernels=vector", FLAG));
    assertThat(answer.log()).isEmpty();
  }

  @Test
  void withTheModuleVectorRunsAndOneLineSaysSo() throws Exception {
    SelectionProbe.Answer answer = SelectionProbe.ask(MODULE);
    String path = answer.outcomes().getFirst().replaceFirst(" .*", "");
    assertThat(path).startsWith("vector-");
    assertThat(linesOfLanewise(answer)).singleElement().asString().startsWith("INFO ").endsWith(path);
    assertThat(SelectionProbe.ask(MODULE, "-Dlanewise.kernels=vector").outcomes()).isEqualTo(answer.outcomes());
  }

  @ParameterizedTest
  @ValueSource(ints = {128, 256})
  void vectorBitsNarrowTheLanes(int bits) throws Exception {
    SelectionProbe.Answer answer = SelectionProbe.ask(MODULE, "-Dlanewise.vectorBits=" + bits);
    int lanes = Math.min(bits / 32, preferredLanes());
    String expected = "vector-" + lanes * 32 + " lanes " + lanes;
    assertThat(answer.outcomes()).containsExactly(expected, expected);
  }

  @Test
  void forcedScalarRunsScalarAndSaysWhy() throws Exception {
    SelectionProbe.Answer answer = SelectionProbe.ask(MODULE, "-Dlanewise.kernels=scalar");
    assertThat(answer.outcomes()).containsExactly("scalar lanes 1", "scalar lanes 1");
    assertThat(linesOfLanewise(answer)).singleElement().asString().startsWith("INFO ").contains("-Dlanewise.kernels=scalar");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-Xint", "-XX:TieredStopAtLevel=1"})
  void withoutTheOptimisingCompilerPlainJavaRunsAndSaysWhy(String option) throws Exception {
    SelectionProbe.Answer answer = SelectionProbe.ask(MODULE, option);
    assertThat(answer.outcomes()).containsExactly("scalar lanes 1", "scalar lanes 1");
    String named = option.replaceFirst("=.*", "");
    assertThat(linesOfLanewise(answer)).singleElement().asString().startsWith("WARNING ").contains(named);
    assertThat(SelectionProbe.ask(MODULE, option, "-Dlanewise.kernels=vector").outcomes().getFirst()).startsWith("vector-");
  }

  /** Without the instruction, a lane of a vector is a thousand times slower than plain Java. */
  @Test
  void withoutFusedMultiplyAddPlainJavaRunsAndSaysWhy() throws Exception {
    SelectionProbe.Answer answer = SelectionProbe.ask(MODULE, "-XX:-UseFMA");
    assertThat(answer.outcomes()).containsExactly("scalar lanes 1", "scalar lanes 1");
    assertThat(linesOfLanewise(answer)).singleElement().asString().startsWith("WARNING ").contains("-XX:-UseFMA");
    assertThat(SelectionProbe.ask(MODULE, "-XX:-UseFMA", "-Dlanewise.kernels=vector").outcomes().getFirst()).startsWith("vector-");
  }

  /** C2 makes an object of each vector here, as compilers of other JVMs do. Nothing but the time tells. */
  @Test
  void whereVectorsAreObjectsTimingSelectsPlainJavaAndSaysWhy() throws Exception {
    String[] options = {MODULE, "-XX:+UnlockExperimentalVMOptions", "-XX:-EnableVectorSupport", "-Dlanewise.kernels=timed"};
    SelectionProbe.Answer answer = SelectionProbe.ask(options);
    assertThat(answer.outcomes()).containsExactly("scalar lanes 1", "scalar lanes 1");
    assertThat(linesOfLanewise(answer)).singleElement().asString().startsWith("WARNING ").contains("an object of each vector", "=scalar");
  }

  /** With the interface for compilers in Java, nothing says that C2 compiles. */
  @Test
  void anUnknownCompilerIsTimed() throws Exception {
    SelectionProbe.Answer answer = SelectionProbe.ask(MODULE, "-XX:+UnlockExperimentalVMOptions", "-XX:+EnableJVMCI");
    assertThat(answer.outcomes().getFirst()).startsWith("vector-");
    assertThat(linesOfLanewise(answer)).singleElement().asString().startsWith("INFO ").endsWith("faster than plain Java as measured");
  }

  /** A native image says so in a property of this name. */
  @Test
  void aNativeImageRunsPlainJava() throws Exception {
    SelectionProbe.Answer answer = SelectionProbe.ask(MODULE, "-Dorg.graalvm.nativeimage.imagecode=runtime");
    assertThat(answer.outcomes().getFirst()).isEqualTo("scalar lanes 1");
    assertThat(linesOfLanewise(answer)).singleElement().asString().contains("native image");
  }

  /** A logger finds its caller on the stack; each path logs from the method whose name readers of the log know. */
  @ParameterizedTest
  @ValueSource(strings = {"", MODULE, MODULE + " -Dlanewise.kernels=scalar", MODULE + " -Dlanewise.kernels=vector", MODULE + " -Xint"})
  void theLogLineNamesTheMethodThatSelects(String options) throws Exception {
    String format = "-Djava.util.logging.SimpleFormatter.format=%2$s: %5$s%n";
    List<String> all = Stream.concat(Stream.of(format), Stream.of(options.split(" "))).filter(option -> !option.isEmpty()).toList();
    assertThat(linesOfLanewise(SelectionProbe.ask(all.toArray(String[]::new))))
        .singleElement()
        .asString()
        .startsWith("dev.lanewise.kernels.Kernels selected: Lanewise runs ");
  }

  @Test
  void anUnknownPathThrowsAndNamesTheChoices() throws Exception {
    assertThat(SelectionProbe.ask(MODULE, "-Dlanewise.kernels=bogus").outcomes())
        .hasSize(2)
        .allSatisfy(
            outcome ->
                assertThat(outcome).isEqualTo("IllegalStateException: -Dlanewise.kernels=bogus, must be auto, timed, vector or scalar"));
  }

  /** A width or number of registers that does not exist is refused if SIMD is forced, and otherwise causes a warning. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "-Dlanewise.vectorBits=77; , must be 128, 256 or 512",
        "-Dlanewise.vectorRegisters=24; , must be 16 or 32",
        "-Dlanewise.vectorRegisters=many; , must be 16 or 32",
        "-Dlanewise.vectorRegisters=; , must be 16 or 32",
      })
  void anUnknownNumberIsNamedWithTheChoices(String option, String choices) throws Exception {
    String complaint = option + choices;
    assertThat(SelectionProbe.ask(MODULE, option, "-Dlanewise.kernels=vector").outcomes())
        .hasSize(2)
        .allSatisfy(outcome -> assertThat(outcome).startsWith("IllegalStateException: ").contains(complaint));
    SelectionProbe.Answer answer = SelectionProbe.ask(MODULE, option);
    assertThat(answer.outcomes()).containsExactly("scalar lanes 1", "scalar lanes 1");
    assertThat(linesOfLanewise(answer)).singleElement().asString().startsWith("WARNING ").contains(complaint);
  }

  @Test
  void vectorKernelsExistOrTheMessageNamesWhatIsMissing() {
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
      assertThat(Kernels.vector().lanes()).isIn(4, 8, 16);
    } else {
      assertThatThrownBy(Kernels::vector).isInstanceOf(IllegalStateException.class).hasMessageContaining(FLAG);
    }
  }

  /** Number of lanes of this machine without a property that narrows them. */
  private static int preferredLanes() throws Exception {
    String outcome = SelectionProbe.ask(MODULE).outcomes().getFirst();
    return Integer.parseInt(outcome.substring(outcome.lastIndexOf(' ') + 1));
  }

  /** The log without the warning that the JVM itself prints for an incubator module. */
  private static List<String> linesOfLanewise(SelectionProbe.Answer answer) {
    return answer.log().stream().filter(line -> line.contains("Lanewise") || line.contains("lanewise")).toList();
  }
}
