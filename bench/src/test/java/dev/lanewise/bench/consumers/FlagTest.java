package dev.lanewise.bench.consumers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
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

  private static final String MAIN = "consumer/consumer." + ReadmeProgram.path().name();
  private static final String MAIN_THAT_REQUIRES_IT = "requiring/requiring." + ReadmeProgram.path().name();

  @TempDir private static Path directory;

  private static Published core;

  /** Module paths of core's programs in a module that requires core, and of one of them in a module that requires the Vector API, too. */
  private static String path;

  private static String pathThatRequiresIt;

  @BeforeAll
  static void compile() throws Exception {
    core = Published.all().stream().filter(module -> module.name().equals("dev.lanewise.core")).findAny().orElseThrow();
    Path plain = Files.createDirectories(directory.resolve("plain"));
    core.writePrograms(plain, true);
    Tool.compile(plain, "--module-path", core.pathWith());
    path = core.pathWith(plain.resolve("classes"));
    Path requiring = Files.createDirectories(directory.resolve("requiring"));
    ReadmeProgram program = ReadmeProgram.path();
    Files.writeString(
        requiring.resolve("module-info.java"), "module requiring {\n  requires " + core.name() + ";\n  requires " + VECTOR + ";\n}\n");
    Path folder = Files.createDirectories(requiring.resolve("requiring"));
    Files.writeString(folder.resolve(program.name() + ".java"), program.source().replace("package consumer;", "package requiring;"));
    // Not Tool.compile: javac warns of whatever requires a module that is incubating.
    Path classes = requiring.resolve("classes");
    String[] sources = {requiring.resolve("module-info.java").toString(), folder.resolve(program.name() + ".java").toString()};
    Tool.runHere("javac", "-d", classes.toString(), "--module-path", core.pathWith(), sources[0], sources[1]);
    pathThatRequiresIt = core.pathWith(classes);
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
    assertRunsOnLanes(Map.of(), JAVA, "--module-path", pathThatRequiresIt, "--module", MAIN_THAT_REQUIRES_IT);
  }

  @Test
  void imageWithTheOptionInside() throws Exception {
    link("with-option", path, "--add-modules=consumer," + VECTOR, "--add-options=--add-modules=" + VECTOR);
    assertRunsOnLanes(Map.of(), ofImage("with-option", "java"), "--module", MAIN);
  }

  /** The image has the programs of core, too: with the flag on the command line they run on SIMD. */
  @Test
  void launcherOfAnImageWhoseModuleRequiresIt() throws Exception {
    String both = String.join(File.pathSeparator, path, pathThatRequiresIt);
    link("with-launcher", both, "--add-modules=consumer,requiring", "--launcher=run=" + MAIN_THAT_REQUIRES_IT);
    assertRunsOnLanes(Map.of(), ofImage("with-launcher", "run"));
    String java = ofImage("with-launcher", "java");
    String printed = Tool.run(directory, java, "--add-modules", VECTOR, "--module", "consumer/consumer.All");
    ConsumersTest.assertPrints(core, true, printed);
  }

  private static void link(String image, String modulePath, String modules, String option) {
    Tool.runHere("jlink", "--module-path", modulePath, modules, option, "--output", directory.resolve(image).toString());
  }

  private static String ofImage(String image, String command) {
    return directory.resolve(image).resolve("bin").resolve(command).toString();
  }

  private static void assertRunsOnLanes(Map<String, String> variables, String... command) throws Exception {
    assertThat(Tool.run(directory, variables, command)).containsPattern("Path vector-\\d+").contains("SIMD");
  }
}
