package dev.lanewise.bench.consumers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A program of a consumer: a class {@code consumer.NAME} with a {@code main}.
 *
 * @param packages of Lanewise that it imports
 * @param prints what its comments say that it prints, number by number
 */
record ReadmeProgram(String name, String source, Set<String> packages, List<String> prints) {
  /** A block that is whole: it begins with its imports. */
  private static final Pattern BLOCK = Pattern.compile("```java\n((?:import [^\n]*\n)+)\n(.*?)```", Pattern.DOTALL);

  private static final Pattern IMPORT = Pattern.compile("import (dev\\.lanewise\\.[a-z.]+)\\.[A-Z]");
  private static final Pattern PRINTED = Pattern.compile("println.*// (-?[0-9.]+)");

  /** The programs that README.md shows, and one that says which path runs. */
  static List<ReadmeProgram> all() throws IOException {
    Stream<ReadmeProgram> shown = BLOCK.matcher(Files.readString(Path.of("..", "README.md"))).results().map(ReadmeProgram::of);
    return Stream.concat(Stream.of(path()), shown).toList();
  }

  /** A program that says which path runs. */
  static ReadmeProgram path() {
    String text =
        """
        ```java
        import dev.lanewise.kernels.Kernels;

        System.out.println("Path " + Kernels.selected().path());
        ```
        """;
    return BLOCK.matcher(text).results().map(ReadmeProgram::of).findAny().orElseThrow();
  }

  private static ReadmeProgram of(MatchResult block) {
    String name = "Program" + block.start();
    String source = source(name, block.group(1), block.group(2));
    return new ReadmeProgram(name, source, found(IMPORT, source).collect(Collectors.toSet()), found(PRINTED, source).toList());
  }

  private static String source(String name, String imports, String body) {
    return """
    package consumer;

    %s
    public final class %s {
      private %s() {}

      public static void main(String[] args) throws Exception {
    %s
      }
    }
    """
        .formatted(imports, name, name, body);
  }

  /** The class {@code consumer.All}, which runs these programs one after another: a JVM for each would start many times. */
  static String all(List<ReadmeProgram> programs) {
    return source("All", "", programs.stream().map(program -> program.name() + ".main(args);\n").collect(Collectors.joining()));
  }

  /** Whether the program reads the file of all-MiniLM-L6-v2. */
  boolean needsModel() {
    return packages.contains("dev.lanewise.text");
  }

  private static Stream<String> found(Pattern pattern, String text) {
    return pattern.matcher(text).results().map(result -> result.group(1));
  }
}
