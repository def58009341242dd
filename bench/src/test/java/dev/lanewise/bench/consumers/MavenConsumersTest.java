package dev.lanewise.bench.consumers;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Maven compiles README's programs and an application of each adapter against the installed artifacts, without a warning. */
@Tag("consumers")
class MavenConsumersTest {
  @TempDir private Path directory;

  @Test
  void programsAndApplicationsCompile() throws Exception {
    List<String> projects = new ArrayList<>();
    List<Published> modules = Published.all();
    for (Published module : modules) {
      for (boolean named : new boolean[] {true, false}) {
        String project = module.artifact() + (named ? "-named" : "-unnamed");
        projects.add(project);
        Path sources = directory.resolve(project).resolve("src/main/java");
        Files.createDirectories(sources);
        module.writePrograms(sources, named);
        Files.writeString(directory.resolve(project).resolve("pom.xml"), MavenProject.of(project, module));
      }
    }
    for (Adapter adapter : Adapter.all()) {
      projects.add(adapter.artifact());
      Path folder = Files.createDirectories(directory.resolve(adapter.artifact()).resolve("src/main/java/consumer"));
      Files.writeString(folder.resolve("Application.java"), adapter.source());
      Files.writeString(directory.resolve(adapter.artifact()).resolve("pom.xml"), MavenProject.of(adapter, modules.getFirst().version()));
    }
    assertThat(MavenProject.compile(directory, projects)).contains("BUILD SUCCESS").doesNotContain("[WARNING]");
    for (String project : projects) {
      assertThat(directory.resolve(project).resolve("target/classes/consumer")).isNotEmptyDirectory();
    }
  }
}
