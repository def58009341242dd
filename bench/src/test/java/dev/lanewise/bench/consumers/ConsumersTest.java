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
    for (ReadmeProgram program : module.programs()) {
      String path = module.pathWith(directory.resolve("classes"));
      String files = program.needsModel() ? Published.model().toString() : "";
      String java = Tool.ofJdk("java");
      run(program, true, java, "--add-modules", VECTOR, "--module-path", path, "--class-path", files, "--module", inModule(program));
      run(program, false, java, "--module-path", path, "--class-path", files, "--module", inModule(program));
    }
  }

  @ParameterizedTest
  @MethodSource("modules")
  void onTheClassPath(Published module) throws Exception {
    module.writePrograms(directory, false);
    Tool.compile(directory, "--class-path", module.pathWith(Published.nullAnnotations()));
    Tool.compile(directory, "--class-path", module.pathWith());
    for (ReadmeProgram program : module.programs()) {
      Path classes = directory.resolve("classes");
      String path = program.needsModel() ? module.pathWith(classes, Published.model()) : module.pathWith(classes);
      run(program, true, Tool.ofJdk("java"), "--add-modules", VECTOR, "--class-path", path, inPackage(program));
    }
  }

  @Test
  void inAnImage() throws Exception {
    Published core = modules().stream().filter(module -> module.name().equals("dev.lanewise.core")).findAny().orElseThrow();
    for (Published module : modules()) {
      assertThat(module.isLinkable())
          .as("%s, which jlink takes unless it is text: protobuf has no descriptor", module)
          .isEqualTo(!module.name().equals("dev.lanewise.text"));
    }
    core.writePrograms(directory, true);
    Tool.compile(directory, "--module-path", core.pathWith());
    String path = core.pathWith(directory.resolve("classes"));
    Tool.run(directory, Tool.ofJdk("jlink"), "--module-path", path, "--add-modules", "consumer," + VECTOR, "--output", "image");
    String java = directory.resolve("image").resolve("bin").resolve("java").toString();
    for (ReadmeProgram program : core.programs()) {
      run(program, true, java, "--add-modules", VECTOR, "--module", inModule(program));
    }
  }

  private static String inModule(ReadmeProgram program) {
    return "consumer/" + inPackage(program);
  }

  private static String inPackage(ReadmeProgram program) {
    return "consumer." + program.name();
  }

  private void run(ReadmeProgram program, boolean vector, String... command) throws Exception {
    List<String> lines = Tool.run(directory, command).lines().toList();
    assertThat(lines)
        .filteredOn(line -> line.contains("Lanewise runs "))
        .singleElement()
        .asString()
        .contains(vector ? "SIMD" : "plain Java");
    List<Double> printed = lines.stream().filter(line -> line.matches("-?[0-9.]+")).map(Double::valueOf).toList();
    assertThat(printed).hasSameSizeAs(program.prints());
    for (int i = 0; i < printed.size(); i++) {
      assertThat(printed.get(i)).isCloseTo(Double.parseDouble(program.prints().get(i)), within(0.005));
    }
  }
}
