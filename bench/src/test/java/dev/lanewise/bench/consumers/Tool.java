package dev.lanewise.bench.consumers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

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

  /** Compiles all of a directory's sources into {@code classes}, where each warning is an error. */
  static void compile(Path sources, String pathOption, String path) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(ofJdk("javac"), "-Xlint:all", "-Werror", "-d", "classes", pathOption, path));
    try (var files = Files.walk(sources)) {
      files.filter(file -> file.toString().endsWith(".java")).map(Path::toString).forEach(command::add);
    }
    assertThat(run(sources, command.toArray(String[]::new))).as("what javac says").isEmpty();
  }
}
