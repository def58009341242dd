package dev.lanewise.bench.documents;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The packages that pom.xml leaves out of the Javadoc and of japicmp are those that no descriptor exports to all. */
@Tag("once")
class PackageListsTest {
  @Test
  void javadocShowsWhatIsExported() throws IOException {
    List<String> names = List.of(found("<excludePackageNames>([^<]+)<", pom()).getFirst().split(","));
    assertThat(leftOut(names, PackageListsTest::isNameOrBelowItsStar)).isEqualTo(notExported());
    assertThat(names).allSatisfy(name -> assertThat(notExported()).anyMatch(hidden -> isNameOrBelowItsStar(name, hidden)));
  }

  @Test
  void japicmpComparesWhatIsExported() throws IOException {
    List<String> names = found("<exclude>(dev\\.lanewise[\\w.]*)</exclude>", pom());
    assertThat(leftOut(names, PackageListsTest::isNameOrBelow)).isEqualTo(notExported());
    assertThat(notExported()).containsAll(names);
  }

  private static boolean isNameOrBelowItsStar(String name, String found) {
    return name.endsWith(".*") ? found.startsWith(name.substring(0, name.length() - 1)) : found.equals(name);
  }

  private static boolean isNameOrBelow(String name, String found) {
    return found.equals(name) || found.startsWith(name + ".");
  }

  private static Set<String> leftOut(List<String> names, BiPredicate<String, String> means) throws IOException {
    Set<String> packages = new TreeSet<>(packages());
    packages.removeIf(found -> names.stream().noneMatch(name -> means.test(name, found)));
    return packages;
  }

  private static Set<String> notExported() throws IOException {
    Set<String> packages = new TreeSet<>(packages());
    for (Path sources : modules()) {
      found("exports ([\\w.]+);", Files.readString(sources.resolve("module-info.java"))).forEach(packages::remove);
    }
    assertThat(packages).hasSizeGreaterThan(10);
    return packages;
  }

  /** All packages of the modules for users that have a descriptor. */
  private static Set<String> packages() throws IOException {
    Set<String> packages = new TreeSet<>();
    for (Path sources : modules()) {
      try (Stream<Path> files = Files.walk(sources)) {
        files
            .filter(file -> file.endsWith("package-info.java"))
            .map(file -> sources.relativize(file).getParent().toString().replaceAll("[/\\\\]", "."))
            .forEach(packages::add);
      }
    }
    return packages;
  }

  private static List<Path> modules() {
    return Stream.of("kernels", "core", "core/text").map(module -> Markdown.ROOT.resolve(module).resolve("src/main/java")).toList();
  }

  private static String pom() throws IOException {
    return Files.readString(Markdown.ROOT.resolve("pom.xml"));
  }

  private static List<String> found(String pattern, String text) {
    return Pattern.compile(pattern).matcher(text).results().map(match -> match.group(1)).toList();
  }
}
