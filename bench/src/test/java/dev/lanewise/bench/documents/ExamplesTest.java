package dev.lanewise.bench.documents;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Every Java example of every document is code that is compiled with the tests, in a method that a test calls. */
@Tag("once")
class ExamplesTest {
  private static final Pattern EXAMPLE = Pattern.compile("// begin\n(.*?)// end", Pattern.DOTALL);
  private static final Pattern ARTIFACT = Pattern.compile("<artifactId>(lanewise[^<]*)</artifactId>");

  /** A dependency on a module, for Maven or for Gradle. */
  private static final Pattern DEPENDENCY =
      Pattern.compile(
          "<groupId>dev\\.lanewise</groupId>\\s*<artifactId>([^<]+)</artifactId>\\s*<version>([^<]+)</version>"
              + "|dev\\.lanewise:([\\w-]+):([\\w.-]+)");

  private static final Pattern METHOD = Pattern.compile("(?m)^  (?:[\\w<>\\[\\],.@ ]+ )?(\\w+)\\(");

  @Test
  void examplesAreCompiledAndCalled() throws IOException {
    Map<String, Call> compiled = compiled();
    Map<Path, String> tests = new HashMap<>();
    for (Path file : Markdown.files("Test.java")) {
      tests.put(file, Files.readString(file));
    }
    List<String> faults = new ArrayList<>();
    int examples = 0;
    for (Path file : Markdown.all()) {
      for (String block : ReadmeBlocks.shown(Files.readString(file))) {
        examples++;
        Call call = compiled.get(block);
        if (call == null) {
          faults.add(Markdown.ROOT.relativize(file) + ", compiled nowhere:\n" + block);
        } else if (!call.occurs(tests)) {
          faults.add(Markdown.ROOT.relativize(file) + ", no test calls " + call + ":\n" + block);
        }
      }
    }
    assertThat(faults).isEmpty();
    assertThat(examples).isGreaterThan(30);
  }

  @Test
  void blocksTellTheirLanguage() throws IOException {
    List<String> faults = new ArrayList<>();
    for (Path file : Markdown.all()) {
      Markdown.read(file).blocks().stream()
          .filter(block -> block.language().isEmpty())
          .forEach(block -> faults.add(Markdown.ROOT.relativize(file) + ":\n" + block.text()));
    }
    assertThat(faults).isEmpty();
  }

  @Test
  void dependenciesAreModulesInAVersionThatUsersHave() throws IOException {
    String pom = Files.readString(Markdown.ROOT.resolve("pom.xml"));
    Set<String> versions =
        versions(
            first(Pattern.compile("<revision>([^<]+)</revision>"), pom),
            first(Pattern.compile("<last.release>([^<]*)</last.release>"), pom));
    Set<String> artifacts = new HashSet<>();
    for (Path file : Markdown.files("pom.xml")) {
      artifacts.add(first(ARTIFACT, Files.readString(file).replaceFirst("(?s)<parent>.*?</parent>", "")));
    }
    List<String> faults = new ArrayList<>();
    int dependencies = 0;
    for (Path file : Markdown.all()) {
      for (MatchResult found : DEPENDENCY.matcher(Files.readString(file)).results().toList()) {
        dependencies++;
        boolean known = artifacts.contains(found.group(1)) || artifacts.contains(found.group(3));
        String given = found.group(2) == null ? found.group(4) : found.group(2);
        if (!known || !versions.contains(given)) {
          faults.add(Markdown.ROOT.relativize(file) + ": " + found.group() + ", where " + versions + " is right");
        }
      }
    }
    assertThat(faults).isEmpty();
    assertThat(dependencies).isGreaterThan(3);
  }

  @Test
  void documentsNameTheVersionThatUsersHave() {
    assertThat(versions("0.2.0-SNAPSHOT", "")).containsExactlyInAnyOrder("0.2.0-SNAPSHOT", "0.2.0");
    assertThat(versions("0.2.0", "")).containsExactly("0.2.0");
    assertThat(versions("0.3.0-SNAPSHOT", "0.2.0")).containsExactly("0.2.0");
    assertThat(versions("0.3.0", "0.2.0")).containsExactly("0.3.0");
  }

  /** Main names the last release until the next one. A release, and main before the first one, name their own version. */
  private static Set<String> versions(String version, String lastRelease) {
    String released = version.replace("-SNAPSHOT", "");
    if (version.equals(released)) {
      return Set.of(version);
    }
    return lastRelease.isEmpty() ? Set.of(version, released) : Set.of(lastRelease);
  }

  private static String first(Pattern pattern, String text) {
    return pattern.matcher(text).results().findFirst().orElseThrow().group(1);
  }

  /** A method with an example, and the folder of the tests that may call it. */
  private record Call(Path tests, String type, String method) {
    boolean occurs(Map<Path, String> sources) {
      Pattern call = Pattern.compile("\\b" + method + "\\(|::" + method + "\\b");
      return sources.entrySet().stream()
          .filter(source -> source.getKey().startsWith(tests) && source.getValue().contains(type))
          .anyMatch(source -> call.matcher(source.getValue()).find());
    }
  }

  private static Map<String, Call> compiled() throws IOException {
    Map<String, Call> examples = new HashMap<>();
    for (Path file : Markdown.files(".java")) {
      int test = file.toString().replace('\\', '/').indexOf("/src/test/java/");
      String source = test < 0 ? "" : Files.readString(file);
      for (MatchResult found : EXAMPLE.matcher(source).results().toList()) {
        String type = file.getFileName().toString().replace(".java", "");
        String method =
            METHOD.matcher(source.substring(0, found.start())).results().map(name -> name.group(1)).reduce("", (_, last) -> last);
        examples.put(found.group(1).stripIndent().strip(), new Call(Path.of(file.toString().substring(0, test)), type, method));
      }
    }
    return examples;
  }
}
