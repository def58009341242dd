package dev.lanewise.bench.consumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A project that depends on a module of Lanewise needs nothing else but what that module requires, and gets no warning: README's programs
 * are compiled with javac against the installed jars, and run. A program that embeds text depends on the model's artifact, too.
 */
@Tag("consumers")
class ConsumersTest {
  private static final String VECTOR = "jdk.incubator.vector";

  @TempDir private Path directory;

  private static List<Published> modules() throws IOException {
    return Published.all();
  }

  @Test
  void kernelsCoreAndTextAreForUsersAndEachProgramOfReadmeNeedsOneOfThem() throws IOException {
    assertThat(modules())
        .extracting(Published::name)
        .containsExactlyInAnyOrder("dev.lanewise.kernels", "dev.lanewise.core", "dev.lanewise.text");
    assertThat(ReadmeProgram.all()).hasSizeGreaterThanOrEqualTo(3);
    for (ReadmeProgram program : ReadmeProgram.all()) {
      assertThat(modules()).anySatisfy(module -> assertThat(module.programs()).contains(program));
    }
  }

  @ParameterizedTest
  @MethodSource("modules")
  void onTheModulePath(Published module) throws Exception {
    module.writePrograms(directory, true);
    Tool.compile(directory, "--module-path", module.pathWith(Published.nullAnnotations()));
    Tool.compile(directory, "--module-path", module.pathWith());
    String path = module.pathWith(directory.resolve("classes"));
    String files = needsModel(module) ? Published.model().toString() : "";
    String java = Tool.ofJdk("java");
    run(module, true, java, "--add-modules", VECTOR, "--module-path", path, "--class-path", files, "--module", "consumer/consumer.All");
    run(module, false, java, "--module-path", path, "--class-path", files, "--module", "consumer/consumer.All");
  }

  @ParameterizedTest
  @MethodSource("modules")
  void onTheClassPath(Published module) throws Exception {
    module.writePrograms(directory, false);
    Tool.compile(directory, "--class-path", module.pathWith(Published.nullAnnotations()));
    Tool.compile(directory, "--class-path", module.pathWith());
    Path classes = directory.resolve("classes");
    String path = needsModel(module) ? module.pathWith(classes, Published.model()) : module.pathWith(classes);
    run(module, true, Tool.ofJdk("java"), "--add-modules", VECTOR, "--class-path", path, "consumer.All");
  }

  /** FlagTest runs the programs of core in an image. */
  @Test
  void jlinkTakesAllButText() throws IOException {
    for (Published module : modules()) {
      assertThat(module.isLinkable())
          .as("%s, which jlink takes unless it is text: protobuf has no descriptor", module)
          .isEqualTo(!module.name().equals("dev.lanewise.text"));
    }
  }

  private static boolean needsModel(Published module) throws IOException {
    return module.programs().stream().anyMatch(ReadmeProgram::needsModel);
  }

  private void run(Published module, boolean vector, String... command) throws Exception {
    assertPrints(module, vector, Tool.run(directory, command));
  }

  /** Checks which kernels the programs of a module ran, and what they printed. */
  static void assertPrints(Published module, boolean vector, String output) throws IOException {
    List<String> lines = output.lines().toList();
    assertThat(lines)
        .filteredOn(line -> line.contains("Lanewise runs "))
        .singleElement()
        .asString()
        .contains(vector ? "SIMD" : "plain Java");
    List<Double> printed = lines.stream().filter(line -> line.matches("-?[0-9.]+")).map(Double::valueOf).toList();
    List<String> expected = module.programs().stream().flatMap(program -> program.prints().stream()).toList();
    assertThat(printed).hasSameSizeAs(expected);
    for (int i = 0; i < printed.size(); i++) {
      assertThat(printed.get(i)).isCloseTo(Double.parseDouble(expected.get(i)), within(0.005));
    }
  }
}
