package dev.lanewise.bench.consumers;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The ways of core/RUNNING.md to load the Vector API without the flag on the command line: with each of them a program runs on SIMD. */
@Tag("consumers")
class FlagTest {
  private static final String VECTOR = "jdk.incubator.vector";
  private static final String JAVA = Tool.ofJdk("java");

  private static final ReadmeProgram PROGRAM = ReadmeProgram.path();
  private static final String MAIN = "consumer/consumer." + PROGRAM.name();

  @TempDir private static Path directory;

  /** Module paths of the program: as a module that requires core, and as one that requires the Vector API, too. */
  private static String path;

  private static String pathThatRequiresIt;

  @BeforeAll
  static void compile() throws Exception {
    Published core = Published.all().stream().filter(module -> module.name().equals("dev.lanewise.core")).findAny().orElseThrow();
    path = core.pathWith(compiled(core, "plain", ""));
    pathThatRequiresIt = core.pathWith(compiled(core, "requiring", "  requires " + VECTOR + ";\n"));
  }

  private static Path compiled(Published core, String name, String requires) throws Exception {
    Path sources = Files.createDirectories(directory.resolve(name));
    Path descriptor = sources.resolve("module-info.java");
    Path source = sources.resolve(PROGRAM.name() + ".java");
    Files.writeString(descriptor, "module consumer {\n  requires " + core.name() + ";\n" + requires + "}\n");
    Files.writeString(source, PROGRAM.source());
    Path classes = sources.resolve("classes");
    Tool.run(
        directory,
        Tool.ofJdk("javac"),
        "-d",
        classes.toString(),
        "--module-path",
        core.pathWith(),
        descriptor.toString(),
        source.toString());
    return classes;
  }

  @Test
  void withoutAnyOfThemPlainJavaRuns() throws Exception {
    assertThat(Tool.run(directory, JAVA, "--module-path", path, "--module", MAIN)).contains("Path scalar");
  }

  @Test
  void variableOfTheLauncher() throws Exception {
    assertRunsOnLanes(Map.of("JDK_JAVA_OPTIONS", "--add-modules " + VECTOR), JAVA, "--module-path", path, "--module", MAIN);
  }

  @Test
  void variableOfEveryJvm() throws Exception {
    assertRunsOnLanes(Map.of("JAVA_TOOL_OPTIONS", "--add-modules=" + VECTOR), JAVA, "--module-path", path, "--module", MAIN);
  }

  @Test
  void argumentFile() throws Exception {
    Files.writeString(directory.resolve("java.args"), "--add-modules " + VECTOR + "\n");
    assertRunsOnLanes(Map.of(), JAVA, "@java.args", "--module-path", path, "--module", MAIN);
  }

  @Test
  void moduleThatRequiresIt() throws Exception {
    assertRunsOnLanes(Map.of(), JAVA, "--module-path", pathThatRequiresIt, "--module", MAIN);
  }

  @Test
  void imageWithTheOptionInside() throws Exception {
    link("with-option", path, "--add-modules=consumer," + VECTOR, "--add-options=--add-modules=" + VECTOR);
    assertRunsOnLanes(Map.of(), ofImage("with-option", "java"), "--module", MAIN);
  }

  @Test
  void launcherOfAnImageWhoseModuleRequiresIt() throws Exception {
    link("with-launcher", pathThatRequiresIt, "--add-modules=consumer", "--launcher=run=" + MAIN);
    assertRunsOnLanes(Map.of(), ofImage("with-launcher", "run"));
  }

  private static void link(String image, String modulePath, String modules, String option) throws Exception {
    Tool.run(directory, Tool.ofJdk("jlink"), "--module-path", modulePath, modules, option, "--output", image);
  }

  private static String ofImage(String image, String command) {
    return directory.resolve(image).resolve("bin").resolve(command).toString();
  }

  private static void assertRunsOnLanes(Map<String, String> variables, String... command) throws Exception {
    assertThat(Tool.run(directory, variables, command)).containsPattern("Path vector-\\d+").contains("SIMD");
  }
}
