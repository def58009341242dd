package dev.lanewise.bench.cli.embed;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The jars of Spark and of lanewise-spark, which a build with the profile spark puts into a folder beside the other libraries.
 *
 * @param jars the jars
 */
record SparkLibraries(List<Path> jars) {
  private static final List<String> SENT =
      List.of(
          "lanewise-kernels-", "lanewise-core-", "lanewise-text-", "lanewise-spark-", "gson-", "protobuf-java-", "langchain4j-embeddings-");

  private static final Pattern OPENED = Pattern.compile("--add-opens=java\\.base/([\\w.]+)=ALL-UNNAMED");

  SparkLibraries {
    jars = List.copyOf(jars);
  }

  /** The libraries; empty if this build has none. */
  static Optional<SparkLibraries> find() throws IOException {
    Path folder = own().resolveSibling("spark");
    return Files.isDirectory(folder) ? Optional.of(new SparkLibraries(jars(folder))) : Optional.empty();
  }

  /** The jar of this class, or the folder of its classes. */
  private static Path own() {
    CodeSource source = SparkLibraries.class.getProtectionDomain().getCodeSource();
    try {
      return Path.of(source.getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException("the program does not know where it is: " + source.getLocation(), e);
    }
  }

  private static List<Path> jars(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
    }
  }

  /** The class path of a driver. The libraries of this program come first: they are newer than some that Spark brings. */
  String classPath() {
    return System.getProperty("java.class.path") + File.pathSeparator + jars.getFirst().resolveSibling("*");
  }

  /** The flags that Spark's own scripts give to a JVM, without those for packages that this JDK does not have any more. */
  List<String> flags() throws IOException {
    List<URL> urls = new ArrayList<>();
    for (Path jar : jars) {
      urls.add(jar.toUri().toURL());
    }
    try (URLClassLoader loader = new URLClassLoader(urls.toArray(new URL[0]), null)) {
      Object flags = loader.loadClass("org.apache.spark.launcher.JavaModuleOptions").getMethod("defaultModuleOptionArray").invoke(null);
      return Arrays.stream((String[]) flags).filter(flag -> !opensNothing(flag)).toList();
    } catch (ReflectiveOperationException e) {
      throw new IOException("this version of Spark does not tell its flags: " + e, e);
    }
  }

  private static boolean opensNothing(String flag) {
    Matcher opened = OPENED.matcher(flag);
    return opened.matches() && !Object.class.getModule().getPackages().contains(opened.group(1));
  }

  /** The jars that executors on other machines need, as the value of {@code spark.jars}. */
  String sent() throws IOException {
    return Stream.concat(jars.stream(), jars(own().resolveSibling(".")).stream())
        .filter(jar -> SENT.stream().anyMatch(start -> jar.getFileName().toString().startsWith(start)))
        .map(jar -> jar.toUri().toString())
        .collect(Collectors.joining(","));
  }
}
