package dev.lanewise.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The Java code of a README or Javadoc, and the Java code that is compiled. */
public final class ReadmeBlocks {
  private ReadmeBlocks() {}

  /** The blocks of Java code in a text, without imports. */
  public static List<String> shown(String markdown) {
    return between(markdown, "```java\n", "```").stream().map(block -> block.replaceAll("(?m)^import .*;\n+", "")).toList();
  }

  /** The blocks of code in the Javadoc of a class of this module, or in the overview. */
  public static List<String> shownInJavadoc(String file) throws IOException {
    return shownIn(source("src/main", file));
  }

  /** The blocks of code in the Javadoc of a class of kernels. */
  public static List<String> shownInJavadocOfKernels(String file) throws IOException {
    return shownIn(source("../kernels/src/main", file));
  }

  private static List<String> shownIn(String source) {
    return between(source.replaceAll("(?m)^ +\\* ?", ""), "<pre>{@code\n", "}</pre>");
  }

  /** The lines between the comments {@code begin} and {@code end} in a test source of this module. */
  public static List<String> compiled(String file) throws IOException {
    return between(source("src/test/java", file), "// begin\n", "// end");
  }

  /** The text of a source file, in any package. */
  public static String source(String root, String file) throws IOException {
    try (Stream<Path> files = Files.find(Path.of(root), 20, (path, attributes) -> path.endsWith(file))) {
      return Files.readString(files.findFirst().orElseThrow(() -> new NoSuchFileException(root + "/…/" + file)));
    }
  }

  private static List<String> between(String text, String begin, String end) {
    return Pattern.compile(Pattern.quote(begin) + "(.*?)" + Pattern.quote(end), Pattern.DOTALL)
        .matcher(text)
        .results()
        .map(block -> block.group(1).stripIndent().strip())
        .toList();
  }
}
