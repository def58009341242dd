package dev.lanewise.bench.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageFileTest {
  @TempDir private Path folder;

  @Test
  void replacesWhatWasThereAndLeavesNothingElse() throws IOException {
    Path file = folder.resolve("page.html");
    PageFile.write(file, "first");
    PageFile.write(file, "second – ü");
    assertThat(file).hasContent("second – ü");
    assertThat(folder).isDirectoryContaining(file::equals).isDirectoryNotContaining(other -> !other.equals(file));
  }

  @Test
  void failedWriteLeavesNothing() throws IOException {
    Path folderInTheWay = Files.createDirectories(folder.resolve("page.html").resolve("inside")).getParent();
    assertThatThrownBy(() -> PageFile.write(folderInTheWay, "text")).isInstanceOf(IOException.class);
    assertThat(folder).isDirectoryNotContaining(other -> !other.equals(folderInTheWay));
  }

  @Test
  void obstaclesAreSeenBefore() {
    assertThat(PageFile.obstacle(folder.resolve("page.html"))).isEmpty();
    assertThat(PageFile.obstacle(Path.of("page.html"))).isEmpty();
    assertThat(PageFile.obstacle(folder)).hasValue(" is a folder, must be a file");
    assertThat(PageFile.obstacle(folder.resolve("no").resolve("page.html")).orElseThrow())
        .contains("there is no folder " + folder.resolve("no"));
  }
}
