package dev.lanewise.spark.job.cluster;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The class path of this JVM, divided into a home of Spark and the jars of an application.
 *
 * @param home a folder like an installed Spark, with the folder {@code jars}
 * @param applications jars that a driver sends to its executors
 */
record Jars(Path home, List<Path> applications) {
  /** A folder with the versions of Google's jars that Spark is distributed with; older ones than those of Lanewise. */
  static final String DISTRIBUTION = "lanewise.cluster.jars";

  /** Divides the class path. Folders of classes become jars. */
  static Jars ofClassPath(Path folder) throws IOException {
    Path home = folder.resolve("spark");
    Path jars = Files.createDirectories(home.resolve("jars"));
    List<Path> applications = new ArrayList<>();
    for (String name : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      Path entry = Path.of(name).toAbsolutePath();
      if (Files.isDirectory(entry)) {
        Path jar = folder.resolve("classes-" + applications.size() + ".jar");
        pack(entry, jar);
        applications.add(jar);
      } else if (Files.exists(entry) && isOfApplication(entry)) {
        applications.add(entry);
      } else if (Files.exists(entry)) {
        Files.createSymbolicLink(jars.resolve(entry.getFileName()), entry);
      }
    }
    String distribution = System.getProperty(DISTRIBUTION, "");
    if (!distribution.isEmpty()) {
      for (Path jar : list(Path.of(distribution)).stream().filter(Jars::isOfApplication).toList()) {
        Files.createSymbolicLink(jars.resolve(jar.getFileName()), jar.toAbsolutePath());
      }
    }
    return new Jars(home, List.copyOf(applications));
  }

  private static boolean isOfApplication(Path jar) {
    return Stream.of("lanewise-", "gson-", "protobuf-java-").anyMatch(start -> jar.getFileName().toString().startsWith(start));
  }

  /** The value of {@code spark.jars}. */
  String application() {
    return applications.stream().map(Path::toString).collect(Collectors.joining(","));
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
    }
  }

  private static void pack(Path classes, Path jar) throws IOException {
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream out = new JarOutputStream(file);
        Stream<Path> found = Files.walk(classes)) {
      found
          .filter(Files::isRegularFile)
          .sorted()
          .forEach(
              source -> {
                try {
                  out.putNextEntry(new JarEntry(classes.relativize(source).toString().replace(File.separatorChar, '/')));
                  Files.copy(source, out);
                  out.closeEntry();
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
    }
  }
}
