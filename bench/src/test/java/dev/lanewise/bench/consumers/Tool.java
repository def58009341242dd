package dev.lanewise.bench.consumers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;

/** Runs the commands that a consumer would type. */
final class Tool {
  /** A guard against what never ends; a busy machine takes minutes. */
  private static final long MOST_SECONDS = 1800;

  private Tool() {}

  /** A tool of the JDK that the tests run on. */
  static String ofJdk(String name) {
    return Path.of(System.getProperty("java.home"), "bin", name).toString();
  }

  /** What a command prints, on both streams; fails unless it ends with exit code 0. */
  static String run(Path directory, String... command) throws IOException, InterruptedException {
    return run(directory, Map.of(), command);
  }

  /** The same with variables of the environment. */
  static String run(Path directory, Map<String, String> variables, String... command) throws IOException, InterruptedException {
    Path output = directory.resolve("output");
    ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().putAll(variables);
    Process process = builder.redirectOutput(output.toFile()).start();
    boolean ended = process.waitFor(MOST_SECONDS, TimeUnit.SECONDS);
    process.destroyForcibly();
    String printed = Files.readString(output);
    assertThat(ended).as("ends: %s\n%s", String.join(" ", command), printed).isTrue();
    assertThat(process.exitValue()).as("exit code: %s\n%s", String.join(" ", command), printed).isZero();
    return printed;
  }

  /** The same of a tool of the JDK in this JVM, which is warm after the first call. Its paths must be absolute. */
  static String runHere(String tool, String... arguments) {
    StringWriter said = new StringWriter();
    PrintWriter writer = new PrintWriter(said);
    int code = ToolProvider.findFirst(tool).orElseThrow().run(writer, writer, arguments);
    writer.flush();
    assertThat(code).as("exit code: %s %s\n%s", tool, String.join(" ", arguments), said).isZero();
    return said.toString();
  }

  /** Compiles all of a directory's sources into {@code classes}, where each warning is an error. */
  static void compile(Path sources, String pathOption, String path) throws IOException {
    Path classes = sources.resolve("classes");
    List<String> arguments = new ArrayList<>(List.of("-Xlint:all", "-Werror", "-d", classes.toString(), pathOption, path));
    try (var files = Files.walk(sources)) {
      files.filter(file -> file.toString().endsWith(".java")).map(Path::toString).forEach(arguments::add);
    }
    assertThat(runHere("javac", arguments.toArray(String[]::new))).as("what javac says").isEmpty();
  }
}
