package dev.lanewise.core;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** The Java of a README, and the Java that compiles. */
final class ReadmeBlocks {
  private ReadmeBlocks() {}

  /** The blocks of Java in a text, without imports. */
  static List<String> shown(String markdown) {
    return between(markdown, "```java\n", "```").stream().map(block -> block.replaceAll("(?m)^import .*;\n+", "")).toList();
  }

  /** The blocks of code in the Javadoc of a class of this package. */
  static List<String> shownInJavadoc(String file) throws IOException {
    String source = Files.readString(Path.of("src/main/java/dev/lanewise/core", file));
    return between(source.replaceAll("(?m)^ +\\* ?", ""), "<pre>{@code\n", "}</pre>");
  }

  /** What lies between the comments {@code begin} and {@code end} in a test source of this package. */
  static List<String> compiled(String file) throws IOException {
    return between(Files.readString(Path.of("src/test/java/dev/lanewise/core", file)), "// begin\n", "// end");
  }

  private static List<String> between(String text, String begin, String end) {
    return Pattern.compile(Pattern.quote(begin) + "(.*?)" + Pattern.quote(end), Pattern.DOTALL)
        .matcher(text)
        .results()
        .map(block -> block.group(1).stripIndent().strip())
        .toList();
  }
}
