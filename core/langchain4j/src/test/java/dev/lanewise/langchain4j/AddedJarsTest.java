package dev.lanewise.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;

/** What an application of LangChain4j gets with this module is small, and none of it is native. */
class AddedJarsTest {
  private static final long MOST_BYTES = 4_000_000;
  private static final List<String> NATIVE = List.of(".so", ".dll", ".dylib", ".jnilib", ".a");

  @Test
  void addedJarsAreSmallAndHaveNoNativeCode() throws IOException {
    List<Path> added = Stream.concat(Stream.of(Path.of("target/classes")), dependencies()).toList();
    assertThat(added).hasSizeBetween(6, 9).anySatisfy(jar -> assertThat(jar.getFileName().toString()).startsWith("protobuf-java"));
    long bytes = 0;
    for (Path jar : added) {
      bytes += Files.isDirectory(jar) ? deflated(jar) : Files.size(jar);
      assertThat(names(jar))
          .as("%s", jar)
          .isNotEmpty()
          .noneMatch(name -> NATIVE.stream().anyMatch(name.toLowerCase(Locale.ROOT)::endsWith));
    }
    assertThat(bytes).as("bytes of %s", added).isBetween(1_000_000L, MOST_BYTES);
  }

  /** The class path of an application that depends on this module; Maven writes it before the tests. */
  private static Stream<Path> dependencies() throws IOException {
    try (InputStream list = Objects.requireNonNull(AddedJarsTest.class.getResourceAsStream("/added-jars.txt"), "added-jars.txt")) {
      return Stream.of(new String(list.readAllBytes(), StandardCharsets.UTF_8).strip().split(File.pathSeparator)).map(Path::of);
    }
  }

  private static List<String> names(Path jar) throws IOException {
    if (Files.isDirectory(jar)) {
      return files(jar).stream().map(Path::toString).toList();
    }
    try (JarFile file = new JarFile(jar.toFile())) {
      return file.stream().map(ZipEntry::getName).toList();
    }
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }

  /** The size of the jar that will be made of these classes. */
  private static long deflated(Path folder) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Path file : files(folder)) {
        zip.putNextEntry(new ZipEntry(folder.relativize(file).toString()));
        Files.copy(file, zip);
      }
    }
    return bytes.size();
  }
}
